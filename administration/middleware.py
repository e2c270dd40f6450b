"""What every request gets: a sane address, the person's language, an answer to every refusal."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import render
from django.utils import translation

from administration.models import User
from justdriving.kernel.policy import Refused
from justdriving.kernel.transactions import busy, is_passing

Handler = Callable[[HttpRequest], HttpResponse]
LONGEST_QUERY = 4096
"""Characters; what people search for and type is far shorter."""


def plain_addresses(get_response: Handler) -> Handler:
    """Turn away addresses that nobody types: Postgres keeps no NUL, and 4 kB are an attack."""

    def respond(request: HttpRequest) -> HttpResponse:
        query = request.META.get("QUERY_STRING", "")
        if len(query) > LONGEST_QUERY or "%00" in query or "\0" in query:
            return HttpResponseBadRequest()
        return get_response(request)

    return respond


def language_of_the_person(get_response: Handler) -> Handler:
    """Signed-in people read the language they chose, whatever the browser says."""

    def respond(request: HttpRequest) -> HttpResponse:
        if isinstance(request.user, User):
            translation.activate(request.user.language)
        return get_response(request)

    return respond


class RefusalsAreAnswers:
    """A refusal that no form caught is a page with its reason, never an error of ours.

    409, or 503 when the database was too busy and the same request may well work in a moment.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        error = busy() if is_passing(error) else error
        if not isinstance(error, Refused):
            return None
        is_busy = error.refusal.code == "busy"
        answer = render(
            request, "409.html", {"refusals": error.refusals}, status=503 if is_busy else 409
        )
        if is_busy:
            answer["Retry-After"] = "5"
        return answer

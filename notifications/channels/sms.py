"""Text messages through Twilio. Whether it took one in doubt is asked, never guessed."""

from datetime import timedelta
from typing import Any

import requests
from django.conf import settings
from django.urls import reverse
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from notifications.enums import Outcome
from notifications.models import Message
from notifications.parcels import Handed, Parcel
from notifications.policies import Answer

TWILIO = "https://api.twilio.com"
TIMEOUT = 10.0
CLOCKS_DIFFER = timedelta(minutes=1)
RECENT = 50
OUR_OWN_FAULT = (401, 403)
DELIVERED = "delivered"
LOST = ("failed", "undelivered")


class Line(TwilioHttpClient):  # type: ignore[misc]  # the SDK carries no types
    """Twilio's own client; knows where the API is, and how long the last answer asks to wait."""

    def __init__(self) -> None:
        super().__init__(timeout=TIMEOUT)
        self.retry_after: timedelta | None = None

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Response:
        if settings.TWILIO_API_BASE:
            url = url.replace(TWILIO, settings.TWILIO_API_BASE, 1)
        response = super().request(method, url, *args, **kwargs)
        wish = str((response.headers or {}).get("Retry-After", ""))
        self.retry_after = timedelta(seconds=int(wish)) if wish.isdigit() else None
        return response


class Sms:
    name = "twilio"

    def __init__(self) -> None:
        self._line = Line()
        self._client = Client(
            settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN, http_client=self._line
        )

    def open(self) -> None:
        """Each message is a request of its own."""

    def send(self, parcel: Parcel) -> Answer:
        try:
            sent = self._client.messages.create(
                to=parcel.address,
                **_sender(),
                body=parcel.text,
                status_callback=callback_url(parcel.key),
            )
        except TwilioRestException as error:
            return self._answer(error)
        except requests.exceptions.ConnectTimeout as error:
            return Answer(Outcome.NOT_TAKEN, error=str(error))
        except (requests.exceptions.RequestException, TwilioException, ValueError) as error:
            return Answer(Outcome.UNKNOWN, error=f"{type(error).__name__}: {error}")
        return Answer(Outcome.TAKEN, provider_id=str(sent.sid))

    def find(self, handed: Handed) -> Answer:
        """Among the latest to this number: one with these words, from then on, not yet ours."""
        if handed.provider_id:
            return Answer(Outcome.TAKEN, provider_id=handed.provider_id)
        try:
            candidates = self._client.messages.list(to=handed.address, limit=RECENT)
        except (requests.exceptions.RequestException, TwilioException, ValueError) as error:
            return Answer(Outcome.UNKNOWN, error=f"{type(error).__name__}: {error}")
        earliest = handed.handed_over_at - CLOCKS_DIFFER
        sids = [
            str(found.sid)
            for found in candidates
            if str(found.body).endswith(handed.text)
            and found.date_created
            and found.date_created >= earliest
        ]
        known = Message.across_schools.filter(provider=self.name, provider_id__in=sids)
        taken = set(known.values_list("provider_id", flat=True))
        unclaimed = [sid for sid in reversed(sids) if sid not in taken]
        if unclaimed:
            return Answer(Outcome.TAKEN, provider_id=unclaimed[0])
        return Answer(Outcome.NOT_TAKEN)

    def close(self) -> None:
        if self._line.session is not None:
            self._line.session.close()

    def _answer(self, error: TwilioRestException) -> Answer:
        """429 and 503-with-Retry-After: not taken. Other 5xx: nobody knows. Other 4xx: never."""
        wait = self._line.retry_after
        text = f"{error.status} {error.code or ''} {error.msg}"
        if error.status in (*OUR_OWN_FAULT, 429) or (error.status == 503 and wait):  # noqa: PLR2004 -- HTTP
            return Answer(Outcome.NOT_TAKEN, error=text, retry_after=wait)
        if error.status >= 500:  # noqa: PLR2004 -- HTTP
            return Answer(Outcome.UNKNOWN, error=text)
        return Answer(Outcome.REFUSED, error=text)


def _sender() -> dict[str, str]:
    """A number, or a messaging service (``MG…``) that picks one."""
    is_service = settings.TWILIO_FROM.startswith("MG")
    return {"messaging_service_sid" if is_service else "from_": settings.TWILIO_FROM}


def callback_url(key: int) -> str:
    """Where Twilio tells what became of our message ``key``."""
    return f"{settings.SITE_URL}{reverse('twilio_status', args=[key])}"

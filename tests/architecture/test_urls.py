"""Every address names the permission it needs, or stands in the list of those that need none."""

from collections.abc import Iterator

from django.http import HttpResponse
from django.urls import URLPattern, get_resolver, path

from administration.access import public

# Django's and allauth's own pages guard themselves: the account pages are for everyone or for the
# signed-in person alone, the admin site asks for platform staff.
FOREIGN = ("accounts/", "admin/")

PUBLIC = {
    "": "the front door",
    "home/": "leads the signed-in person to their school",
    "language/": "the switch that visitors use too",
    "healthz": "asked by the load balancer",
    "readyz": "asked by the load balancer",
    "calendar/<str:token>.ics": "calendar programs read it; the address is the secret",
    "webhooks/stripe/": "called by Stripe, which signs what it says",
    "webhooks/twilio/<int:key>": "called by Twilio, which signs what it says",
    "schools/<slug:school>/theme.css": "the colours of the public pages",
    "schools/<slug:school>/": "a school's front page",
    "schools/<slug:school>/register/": "visitors register here",
    "schools/<slug:school>/register/done/": "what every visitor is told afterwards",
    "schools/<slug:school>/terms/": "what a visitor is asked to accept",
    "schools/<slug:school>/bookings/offers/<str:token>/": "an offer; the address is the secret",
    "schools/<slug:school>/join/": "a signed-in person who is not at this school yet",
    "schools/<slug:school>/accept/": "an invited person, signed in, before they are let in",
}


def every_view(patterns, prefix="") -> Iterator[tuple[str, object]]:
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            yield prefix + str(pattern.pattern), pattern.callback
        else:
            yield from every_view(pattern.url_patterns, prefix + str(pattern.pattern))


def unguarded(patterns) -> set[str]:
    return {
        url
        for url, view in every_view(patterns)
        if not hasattr(view, "required_permission") and not url.startswith(FOREIGN)
    }


def test_every_view_names_the_permission_it_needs_or_is_listed_as_public():
    assert unguarded(get_resolver().url_patterns) == set(PUBLIC)


def test_every_public_view_says_so_itself():
    silent = {
        url
        for url, view in every_view(get_resolver().url_patterns)
        if url in PUBLIC and not getattr(view, "is_public", False)
    }
    assert silent == set()


def test_a_view_without_a_permission_is_found():
    def careless(request):
        return HttpResponse()

    assert unguarded([path("secret/", careless)]) == {"secret/"}


def test_declaring_a_view_public_does_not_hide_it_from_the_list():
    @public
    def generous(request):
        return HttpResponse()

    assert unguarded([path("generous/", generous)]) == {"generous/"}

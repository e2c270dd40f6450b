"""What an offer from the waiting list says, and the link that answers it without signing in."""

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from bookings.enums import OfferStatus
from bookings.links import offer_token
from bookings.models import WaitingListOffer
from bookings.queries.waiting import OFFER_RELATED
from justdriving.templatetags.formats import hours, long_day
from notifications.content.facts import Facts, NoLongerTrue
from notifications.enums import Untrue
from notifications.models import Message


def offer_facts(message: Message) -> Facts:
    """Raises NoLongerTrue once the offer was answered, withdrawn, or has run out."""
    offer = WaitingListOffer.objects.select_related(*OFFER_RELATED).get(pk=message.context["offer"])
    if offer.status != OfferStatus.OPEN:
        raise NoLongerTrue(Untrue.ANSWERED)
    if offer.expires_at <= timezone.now():
        raise NoLongerTrue(Untrue.RAN_OUT)
    booking = offer.booking
    with timezone.override(booking.timezone):
        rows = (
            (_("Lesson"), booking.lesson_type.name),
            (_("Day"), long_day(booking.period.lower)),
            (_("Time"), hours(booking.period)),
            (_("Teacher"), str(booking.teacher)),
            (_("Where"), booking.place),
        )
        path = reverse("bookings:offer", args=[booking.school.slug, offer_token(offer)])
        url = f"{settings.SITE_URL}{path}"
        return Facts(
            values={
                "lesson": booking.lesson_type.name,
                "period": booking.period,
                "expires_at": offer.expires_at,
                "is_seat": offer.is_seat,
            },
            rows=tuple((label, value) for label, value in rows if value),
            url=url,
            secrets=(url,),
        )

"""Somebody else's tracks and rooms: whose they are, and the numbers they confirm bookings with."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from administration.models import Membership
from administration.services.noting import set_and_note
from bookings.enums import OCCUPYING, VenueChange
from bookings.models import Booking, BookingResource, Resource, VenueConfirmation
from bookings.policies import party_of
from bookings.queries.proposals import found, not_found
from bookings.queries.venues import GivenUp, given_up
from bookings.services.history import Doing
from bookings.services.holding import changeable_by, hold, in_order, keys_of
from justdriving.kernel.locks import take_sorted
from justdriving.kernel.policy import Refusal, enforce
from justdriving.kernel.rows import insert
from justdriving.kernel.transactions import use_case
from justdriving.templatetags.formats import when

QUOTA_FIELDS = ("max_bookings_per_day", "max_bookings_per_week")
VENUE_FIELDS = (
    "owner", "contact_name", "contact_email", "contact_phone", "directions", *QUOTA_FIELDS,
)  # fmt: skip


@use_case
def set_venue(
    *, resource_id: int, values: Mapping[str, Any], by: Membership, at: datetime
) -> Resource:
    """Say whose a resource is, with a value for each of VENUE_FIELDS; no owner: the school's own.

    ``at`` is now, UTC. Lessons that are booked stay, even beyond a quota that is lower now.
    """
    take_sorted(keys_of((), [resource_id]))
    resource = Resource.objects.select_for_update(no_key=True).get(pk=resource_id)
    wanted = {field: values[field] for field in VENUE_FIELDS}
    if any(getattr(resource, field) != wanted[field] for field in QUOTA_FIELDS):
        resource.quota_since = at
    set_and_note(resource, wanted, by=by, at=at)
    return resource


@use_case
def write_venue_number(
    *,
    booking_id: int,
    resource_id: int,
    number: str,
    starts_at: datetime,
    by: Membership,
    at: datetime,
) -> BookingResource:
    """Write down the number with which a venue confirmed a booking; none takes it back.

    ``starts_at`` (UTC) is the time the venue confirmed: it must be the one the lesson still has.
    ``at`` is now, UTC. The same number again changes nothing. Raises Refused: ``not-found``,
    ``lesson-moved``, ``illegal-move``. Source: J04, external venue confirmation number.
    """
    booking = hold(booking_id, changeable_by(by))
    rows = in_order(booking).exclude(resource__owner="").select_related("resource")
    row = found(rows.filter(resource=resource_id))
    enforce(_may_confirm(booking, starts_at))
    number = number.strip()
    if number == row.standing_number:
        return row
    change = VenueChange.CONFIRMED if number else VenueChange.WITHDRAWN
    said = Standing(row.pk, row.resource_id, number or row.venue_number, booking.period)
    insert([_noted(booking, said, change, Doing(by.user, party_of(by), at))])
    _hold_by(row, number)
    return row


@use_case
def note_venue_told(
    *,
    booking_id: int,
    resource_id: int,
    number: str,
    starts_at: datetime,
    by: Membership,
    at: datetime,
) -> GivenUp:
    """Note that a venue was told: the time it confirmed with ``number`` is not needed any more.

    ``starts_at`` (UTC) is when that time begins, ``at`` is now. Noted twice, the first one stays.
    Raises Refused ``not-found`` when there is nothing to tell.
    """
    booking = hold(booking_id, changeable_by(by))
    key = (resource_id, number, starts_at)
    known = given_up(Booking.objects.filter(pk=booking.pk), at=at)
    news = next((one for one in known if one.key == key), None)
    if news is None:
        raise not_found()
    if news.told is None:
        said = Standing(0, resource_id, number, news.period)
        insert([_noted(booking, said, VenueChange.TOLD, Doing(by.user, party_of(by), at))])
    return news


def _may_confirm(booking: Booking, starts_at: datetime) -> Refusal | None:
    if booking.status not in OCCUPYING:
        return Refusal("illegal-move", _("The lesson is not booked: no venue can confirm it."))
    if booking.starts_at != starts_at:
        message = _("The lesson was moved to %(when)s. Ask the venue again.")
        return Refusal("lesson-moved", message % {"when": when(booking.period)})
    return None


class Standing(NamedTuple):
    """A number that holds, and what it was given for."""

    row_id: int
    resource_id: int
    number: str
    period: Any


def _noted(
    booking: Booking, said: Standing, change: VenueChange, doing: Doing
) -> VenueConfirmation:
    return VenueConfirmation(
        school_id=booking.school_id,
        booking=booking,
        resource_id=said.resource_id,
        period=said.period,
        change=change,
        number=said.number,
        happened_at=doing.at,
        made_by=doing.by,
    )


def _hold_by(row: BookingResource, number: str) -> None:
    row.venue_number, row.is_number_lapsed = number, False
    row.save(update_fields=["venue_number", "is_number_lapsed"])


def standing_numbers(booking: Booking) -> list[Standing]:
    """The numbers that hold for a booking as it stands."""
    rows = BookingResource.objects.filter(booking=booking, is_number_lapsed=False)
    numbered = rows.exclude(venue_number="").order_by("pk")
    found_rows = numbered.values_list("pk", "resource", "venue_number")
    return [Standing(*row, booking.period) for row in found_rows]


def lapse_numbers(booking: Booking, stood: list[Standing], doing: Doing) -> None:
    """A booking was rewritten: a number for another time or another venue holds no more."""
    if not stood:
        return
    rows = BookingResource.objects.filter(pk__in=[one.row_id for one in stood])
    now = dict(rows.values_list("pk", "resource"))
    gone = [
        one
        for one in stood
        if one.period != booking.period or now.get(one.row_id) != one.resource_id
    ]
    insert([_noted(booking, one, VenueChange.LAPSED, doing) for one in gone])
    rows.filter(pk__in=[one.row_id for one in gone]).update(is_number_lapsed=True)


def restore_numbers(booking: Booking, doing: Doing) -> None:
    """A change was taken back: a number holds again if nothing was said about it in between."""
    last = VenueConfirmation.objects.filter(booking=booking).order_by("resource", "-pk")
    lapsed = {
        one.resource_id: one.number
        for one in last.distinct("resource")
        if one.change == VenueChange.LAPSED and one.period == booking.period
    }
    _confirm(booking, lapsed, doing)


def carry_numbers(old: Booking, new: Booking, doing: Doing) -> None:
    """A cancelled booking is booked again as it was: so are the numbers nobody gave back."""
    stood = standing_numbers(old)
    if not stood:
        return
    told = VenueConfirmation.objects.filter(booking=old, change=VenueChange.TOLD)
    gone = set(told.values_list("resource", flat=True))
    kept = {one.resource_id: one.number for one in stood if one.resource_id not in gone}
    _confirm(new, kept, doing)


def _confirm(booking: Booking, numbers: Mapping[int, str], doing: Doing) -> None:
    """Let these numbers (by resource) hold for a booking, where it has none that does."""
    if not numbers or doing.by is None:
        return
    for row in in_order(booking).filter(resource__in=numbers).select_related("resource"):
        if row.awaits_venue:
            number = numbers[row.resource_id]
            said = Standing(row.pk, row.resource_id, number, booking.period)
            insert([_noted(booking, said, VenueChange.CONFIRMED, doing)])
            _hold_by(row, number)

"""Take a booking in hand: everyone's locks in one order, then the row as it is now."""

from collections.abc import Collection, Iterable, Sequence

from django.db.models import QuerySet

from administration.models import Membership
from bookings.buffers import buffers_of
from bookings.enums import BookingChange, BookingResourceStatus, ParticipationStatus
from bookings.models import (
    Booking,
    BookingResource,
    BookingTransition,
    Occupancy,
    Participation,
)
from bookings.queries.proposals import Parties, found
from bookings.services.occupancy import Claim
from justdriving.kernel.locks import LockKey, take_sorted


def keys_of(user_ids: Iterable[int], resource_ids: Iterable[int]) -> list[LockKey]:
    """The locks of these people and things."""
    return [
        *(("user", user_id) for user_id in user_ids),
        *(("resource", resource_id) for resource_id in resource_ids),
    ]


def booking_keys(booking_ids: Iterable[int]) -> list[LockKey]:
    """The locks of these bookings: whoever has them alone changes who is in them."""
    return [("booking", booking_id) for booking_id in booking_ids]


def hold(booking_id: int, seen: QuerySet[Booking], also: Iterable[LockKey] = ()) -> Booking:
    """Lock everyone in a booking (and ``also``) until the transaction ends, then its row.

    The booking's own lock comes first, so that who is in it cannot change while everyone's locks
    are taken. It sorts before every other key: whoever needs several bookings takes all of theirs
    (``booking_keys``) before the first ``hold``. ``seen`` are the bookings this person may change;
    any other is refused as ``not-found``.
    """
    take_sorted(booking_keys([booking_id]))
    taken = Occupancy.objects.filter(booking=booking_id).values_list("user_id", "resource_id")
    pairs = list(taken) or _named_in(booking_id)
    take_sorted(
        [
            *keys_of(
                (user_id for user_id, _ in pairs if user_id),
                (resource_id for _, resource_id in pairs if resource_id),
            ),
            *also,
        ]
    )
    everything = seen.select_for_update(of=("self",)).select_related(
        "lesson_type", "teacher__membership__user", "cancellation_terms"
    )
    return found(everything.filter(pk=booking_id))


def hold_all(
    booking_ids: Collection[int], seen: QuerySet[Booking], also: Iterable[LockKey] = ()
) -> list[Booking]:
    """Lock everyone in these bookings (and ``also``), then the rows, in the order of their ids.

    Like ``hold`` for each of them, without its refusal: what is not among ``seen`` is left out.
    """
    take_sorted(booking_keys(booking_ids))
    taken = Occupancy.objects.filter(booking__in=booking_ids)
    pairs = list(taken.values_list("user_id", "resource_id"))
    take_sorted(
        [
            *keys_of(
                (user_id for user_id, _ in pairs if user_id),
                (resource_id for _, resource_id in pairs if resource_id),
            ),
            *also,
        ]
    )
    everything = seen.select_for_update(of=("self",)).select_related(
        "lesson_type", "teacher__membership__user", "cancellation_terms"
    )
    return list(everything.filter(pk__in=booking_ids).order_by("pk"))


def _named_in(booking_id: int) -> list[tuple[int | None, int | None]]:
    """Whose time a booking would take that takes nobody's, such as a draft: users and resources."""
    teacher = Booking.objects.filter(pk=booking_id).values_list("teacher__membership__user")
    students = Participation.objects.filter(booking=booking_id)
    users = {*teacher, *students.values_list("student__membership__user")}
    things = BookingResource.objects.filter(booking=booking_id).values_list("resource", flat=True)
    return [*((user, None) for (user,) in users), *((None, thing) for thing in things)]


def changeable_by(member: Membership) -> QuerySet[Booking]:
    """The bookings this person may change: staff what they manage or teach, others their own."""
    bookings: QuerySet[Booking] = (
        Booking.objects.taught_by_or_managed_by(member)
        if member.is_staff_role
        else Booking.objects.visible_to(member)
    )
    return bookings


def live_places(booking: Booking) -> list[Participation]:
    """The places that are still taken, oldest first; each knows its booking and its student."""
    places = list(
        Participation.objects.filter(booking=booking)
        .exclude(status=ParticipationStatus.CANCELLED)
        .select_related("student__membership__user")
        .order_by("pk")
    )
    for place in places:
        place.booking = booking
    return places


def parties_in(booking: Booking, places: Sequence[Participation], by: Membership) -> Parties:
    """Who and what a booking concerns as it stands."""
    rows = in_order(booking).select_related("resource").order_by("pk")
    held = tuple(row.resource for row in rows)
    return Parties(
        by=by,
        lesson_type=booking.lesson_type,
        teacher=booking.teacher,
        students=tuple(place.student for place in places),
        resources=held,
        picks=False,
        department_id=booking.department_id,
        current=held,
        places=frozenset(row.resource_id for row in rows if row.is_place),
        own_minutes={one.student_id: one.planned_minutes for one in places if one.planned_minutes},
    )


def in_order(booking: Booking) -> QuerySet[BookingResource]:
    """What a booking has and can use: a place out of service takes nobody's time."""
    rows: QuerySet[BookingResource] = BookingResource.objects.filter(booking=booking)
    return rows.exclude(status=BookingResourceStatus.OUT_OF_SERVICE)


def out_of_order(bookings: Iterable[Booking]) -> dict[int, frozenset[int]]:
    """By booking (id) its places out of service: nobody picks them for it again. One query."""
    broken: dict[int, frozenset[int]] = {one.pk: frozenset() for one in bookings}
    rows = BookingResource.objects.filter(
        booking__in=broken, status=BookingResourceStatus.OUT_OF_SERVICE
    )
    for booking_id, thing_id in rows.values_list("booking", "resource"):
        broken[booking_id] |= {thing_id}
    return broken


def granted_to(booking: Booking) -> frozenset[str]:
    """The codes of the rules that were overruled for a booking at the time it has now."""
    return granted_in([booking.pk])[booking.pk]


def granted_in(booking_ids: Iterable[int]) -> dict[int, frozenset[str]]:
    """By booking, what ``granted_to`` says of it. One query."""
    granted: dict[int, frozenset[str]] = dict.fromkeys(booking_ids, frozenset())
    history = BookingTransition.objects.filter(booking__in=granted).order_by("sequence")
    for booking_id, change, overridden in history.values_list(
        "booking", "change", "overridden_rules"
    ):
        kept = frozenset() if change == BookingChange.MOVED else granted[booking_id]
        granted[booking_id] = kept | {rule["code"] for rule in overridden}
    return granted


def standing_claim(booking: Booking, places: Sequence[Participation]) -> Claim:
    """What a booking takes with these places; who was allowed to overlap still is."""
    overlapping = Occupancy.objects.filter(booking=booking, is_exclusive=False)
    return Claim(
        teacher_user_id=booking.teacher.membership.user_id,
        student_user_ids=[place.student.membership.user_id for place in places],
        things={row.resource_id: buffers_of(row) for row in in_order(booking)},
        overlapping=frozenset(overlapping.values_list("user_id", flat=True)),
    )

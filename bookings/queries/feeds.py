"""A member's lessons as a calendar feed: what they teach, what they attend, or their child's."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Max, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from administration.enums import Role
from administration.models import Membership
from bookings.calendar_files import FeedEvent, Standing, feed_file
from bookings.enums import BookingStatus, ParticipationStatus
from bookings.models import Booking, Participation

KEPT_BACK = timedelta(days=90)
KEPT_CANCELLED = timedelta(days=30)
"""A cancelled lesson stays in the feed this long: many calendars look rarely."""
REFRESH = timedelta(minutes=30)


def feed_of(member: Membership, at: datetime) -> bytes:
    """The .ics file of one member: lessons of the last 90 days and all to come. Three queries.

    Runs in the school's scope; ``at`` is now, UTC. The same lessons give the same bytes.
    """
    places = _places(member)
    lessons = _lessons(member, places, at)
    gone = _given_up(places)
    events = (_event(member, lesson, is_gone=lesson.pk in gone) for lesson in lessons)
    name = _("%(school)s: lessons") % {"school": member.school}
    return feed_file(name, events, refresh=REFRESH)


def _places(member: Membership) -> dict[int, list[str]]:
    """The statuses of this member's places (or their child's), by booking."""
    if member.is_staff_role:
        return {}
    own = Participation.objects.filter(student__membership=member)
    if member.role == Role.GUARDIAN:
        own = Participation.objects.filter(student__guardians__user=member.user_id)
    places: dict[int, list[str]] = {}
    for booking_id, status in own.values_list("booking", "status"):
        places.setdefault(booking_id, []).append(status)
    return places


def _given_up(places: dict[int, list[str]]) -> set[int]:
    return {
        booking
        for booking, statuses in places.items()
        if all(status == ParticipationStatus.CANCELLED for status in statuses)
    }


def _lessons(member: Membership, places: dict[int, list[str]], at: datetime) -> list[Booking]:
    mine = Q(teacher__membership=member) if member.is_staff_role else Q(pk__in=places)
    recent = Q(period__endswith__gt=at - KEPT_BACK)
    is_off = Q(status=BookingStatus.CANCELLED, period__endswith__lt=at - KEPT_CANCELLED)
    return list(
        Booking.objects.filter(mine, recent)
        .exclude(is_off)
        .exclude(status=BookingStatus.DRAFT)
        .select_related("lesson_type", "teacher__membership__user", "school")
        .prefetch_related("participations__student__membership__user")
        .annotate(sequence=Max("transitions__sequence"), changed_at=Max("transitions__happened_at"))
        .order_by("period", "pk")
    )


def _event(member: Membership, lesson: Booking, *, is_gone: bool) -> FeedEvent:
    url = settings.SITE_URL + reverse("bookings:detail", args=[member.school.slug, lesson.pk])
    return FeedEvent(
        uid=lesson.uid,
        sequence=lesson.sequence,  # type: ignore[attr-defined]  # annotated in _lessons
        standing=_standing(lesson, is_gone=is_gone),
        starts_at=lesson.starts_at,
        ends_at=lesson.ends_at,
        summary=_summary(member, lesson),
        description=_("With %(teacher)s. %(url)s") % {"teacher": lesson.teacher, "url": url},
        place=lesson.place,
        url=url,
        changed_at=lesson.changed_at,  # type: ignore[attr-defined]  # annotated in _lessons
    )


def _standing(lesson: Booking, *, is_gone: bool) -> Standing:
    if is_gone or lesson.status == BookingStatus.CANCELLED:
        return Standing.CANCELLED
    is_asked = lesson.status == BookingStatus.PENDING
    return Standing.TENTATIVE if is_asked else Standing.CONFIRMED


def _summary(member: Membership, lesson: Booking) -> str:
    """Who a teacher meets; where a student learns."""
    if not member.is_staff_role:
        return f"{lesson.lesson_type.name} · {member.school.name}"
    here = [
        str(place.student)
        for place in lesson.participations.all()
        if place.status != ParticipationStatus.CANCELLED
    ]
    return f"{lesson.lesson_type.name} · {here[0]}" if len(here) == 1 else str(lesson.lesson_type)

"""Who is told what about a lesson."""

from collections.abc import Iterator, Sequence

from django.db.models import QuerySet

from administration.models import Student, Teacher
from bookings.enums import (
    BookingChange,
    BookingStatus,
    ParticipationStatus,
    Party,
    ReasonCategory,
)
from bookings.models import Booking, BookingTransition, Participation
from bookings.queries.grounds import is_declined
from notifications.enums import Event
from notifications.services.queueing import BOTH, ONLY_EMAIL, News, queue, reader_of
from notifications.services.recipients import guardians_of

BY_TEXT = frozenset(
    {
        Event.BOOKING_CONFIRMED,
        Event.BOOKING_MOVED,
        Event.BOOKING_CANCELLED,
        Event.BOOKING_DECLINED,
    }
)


def queue_booking_news(
    transition: BookingTransition, touched: Sequence[Participation] | None = None
) -> None:
    """Tell students, the guardians of minors, and the teacher about a lesson.

    Nothing when the change was muted. A teacher hears nothing of what they did themselves; a
    student always gets it in writing, but no text message about their own move or cancellation.
    Who joins or leaves a class is told; the others in it are not. ``touched`` are the places that
    this change gave or took, None reads them.
    """
    if transition.is_muted:
        return
    if touched is None:
        touched = _touched_by(transition)
    news = [*_for_students(transition, touched), *_for_teacher(transition, touched)]
    queue(news, school_id=transition.school_id, at=transition.happened_at)


def _for_students(
    transition: BookingTransition, touched: Sequence[Participation]
) -> Iterator[News]:
    for place in touched or _staying(transition.booking):
        event = _event_for(transition, place, is_touched=place in touched)
        if event is not None:
            yield from _for_student(event, transition, place)


def _touched_by(transition: BookingTransition) -> list[Participation]:
    places = _places(transition.booking).filter(transitions__booking_transition=transition)
    return list(places.order_by("pk"))


def _staying(booking: Booking) -> list[Participation]:
    places = _places(booking).exclude(status=ParticipationStatus.CANCELLED)
    return list(places.order_by("pk"))


def _places(booking: Booking) -> QuerySet[Participation]:
    return Participation.objects.filter(booking=booking).select_related("student__membership__user")


def _event_for(
    transition: BookingTransition, place: Participation, *, is_touched: bool
) -> Event | None:
    """Joining and leaving a class are a confirmation and a cancellation to the one who does it."""
    event = _event_of(transition)
    if event != Event.BOOKING_CHANGED or not is_touched:
        return event
    if place.status == ParticipationStatus.CANCELLED:
        return Event.BOOKING_CANCELLED
    is_sure = transition.to_status == BookingStatus.CONFIRMED
    return Event.BOOKING_CONFIRMED if is_sure else Event.BOOKING_REQUESTED


def _event_of(transition: BookingTransition) -> Event | None:
    match transition.change, transition.to_status:
        case BookingChange.MOVED, _:
            return Event.BOOKING_MOVED
        case BookingChange.CHANGED, _:
            return Event.BOOKING_CHANGED
        case _, BookingStatus.PENDING:
            return Event.BOOKING_REQUESTED
        case _, BookingStatus.CONFIRMED:
            return Event.BOOKING_CONFIRMED
        case _:
            return _event_of_end(transition)


def _event_of_end(transition: BookingTransition) -> Event | None:
    """A draft ends in silence; a lesson to which the teacher did not come is called off."""
    match transition.to_status:
        case BookingStatus.CANCELLED if transition.from_status != BookingStatus.DRAFT:
            if transition.reason_category == ReasonCategory.EXPIRED:
                return Event.BOOKING_EXPIRED
            return Event.BOOKING_DECLINED if is_declined(transition) else Event.BOOKING_CANCELLED
        case BookingStatus.NO_SHOW if transition.booking.no_show_by == Party.TEACHER:
            return Event.BOOKING_CANCELLED
        case _:
            return None


def _for_student(
    event: Event, transition: BookingTransition, place: Participation
) -> Iterator[News]:
    student, user = place.student, place.student.membership.user
    own_doing = transition.made_by_id == user.pk and event != Event.BOOKING_CONFIRMED
    channels = BOTH if event in BY_TEXT and not own_doing else ONLY_EMAIL
    about = _about(transition)
    context = {"transition": transition.pk, "place": place.pk, "student": str(student)}
    yield News(event, about, reader_of(user), channels, context | {"audience": "student"})
    for reader in guardians_of(student, transition.booking.school, transition.happened_at):
        copy = context | {"audience": "guardian"}
        yield News(event, f"{about}:{student.pk}", reader, context=copy)


def _for_teacher(transition: BookingTransition, touched: Sequence[Participation]) -> Iterator[News]:
    """The teacher, and after a change of teacher whoever gave the lesson until then."""
    event = _event_of(transition)
    if event is None:
        return
    told = Event.BOOKING_TO_ANSWER if event == Event.BOOKING_REQUESTED else event
    names = ", ".join(str(student) for student in _taking_part(transition, touched))
    for audience, teacher in _teachers(transition):
        user = teacher.membership.user
        if transition.made_by_id != user.pk:
            context = {"transition": transition.pk, "audience": audience, "student": names}
            yield News(told, _about(transition), reader_of(user), context=context)


def _teachers(transition: BookingTransition) -> Iterator[tuple[str, Teacher]]:
    former, now = transition.from_teacher_id, transition.booking.teacher
    if former is None or transition.from_teacher is None or former == now.pk:
        yield "teacher", now
    else:
        yield "new_teacher", now
        yield "former_teacher", transition.from_teacher


def _taking_part(transition: BookingTransition, touched: Sequence[Participation]) -> list[Student]:
    """Who is in the lesson; once it is off, who was."""
    is_off = transition.to_status in {BookingStatus.CANCELLED, BookingStatus.NO_SHOW}
    is_new = transition.change == BookingChange.CREATED
    places = touched if is_off or is_new else _staying(transition.booking)
    return [place.student for place in places]


def _about(transition: BookingTransition) -> str:
    return f"booking:{transition.booking_id}:t{transition.sequence}"

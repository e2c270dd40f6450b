"""What somebody is told when a teacher is ill: each of their lessons, and what became of it."""

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from administration.models import Student
from bookings.calendar_files import Method, invitation_file
from bookings.enums import BookingStatus, ParticipationStatus, SickDayOutcome
from bookings.models import Booking, ParticipationTransition, SickDay, SickDayLesson
from bookings.queries import free_times
from justdriving.templatetags.formats import clock, day, when
from notifications.content.bookings import invitation_of, url_of
from notifications.content.facts import Facts, NoLongerTrue
from notifications.enums import Channel, Untrue
from notifications.models import Message
from notifications.parcels import Attachment

OFFERED = 3
LOOKAHEAD = 14  # days
OPEN = (BookingStatus.PENDING, BookingStatus.CONFIRMED)


def sick_day_facts(message: Message) -> Facts:
    """Raises NoLongerTrue when every one of the lessons has become something else since."""
    sick_day = SickDay.objects.select_related("teacher__membership__user", "school").get(
        pk=message.context["sick_day"]
    )
    is_teacher = message.context["audience"] == "teacher"
    rows = _of_teacher(message) if is_teacher else _of_student(message)
    lessons = [one for one in rows if _still_true(one)]
    if not lessons:
        raise NoLongerTrue(Untrue.LESSON_DIFFERS)
    cancelled = [one for one in lessons if one.outcome == SickDayOutcome.CANCELLED]
    with timezone.override(sick_day.school.zone):
        return Facts(
            values=_values(message, sick_day, lessons, cancelled),
            rows=(*(_row(message, one) for one in lessons), *_new_times(message, cancelled)),
            url=_where(message, lessons, cancelled),
            attachments=_files(message, lessons),
        )


def _lessons(message: Message) -> QuerySet[SickDayLesson]:
    rows = SickDayLesson.objects.filter(sick_day=message.context["sick_day"]).select_related(
        "booking__lesson_type", "booking__school", "booking__teacher__membership__user",
        "transition__to_teacher__membership__user",
    )  # fmt: skip
    return rows.order_by("transition__to_period", "pk")


def _of_teacher(message: Message) -> list[SickDayLesson]:
    mine = _lessons(message).filter(transition__to_teacher=message.context["teacher_id"])
    taken = mine.filter(outcome=SickDayOutcome.REASSIGNED)
    return list(taken.prefetch_related("booking__participations__student__membership__user"))


def _of_student(message: Message) -> list[SickDayLesson]:
    """Where the student lost the place that day, or has one still."""
    student = message.context["student_id"]
    lost = ParticipationTransition.objects.filter(
        booking_transition=OuterRef("transition"), participation__student=student
    )
    held = Q(booking__participations__student=student) & ~Q(
        booking__participations__status=ParticipationStatus.CANCELLED
    )
    return list(_lessons(message).filter(Exists(lost) | held).distinct())


def _still_true(lesson: SickDayLesson) -> bool:
    if lesson.outcome == SickDayOutcome.CANCELLED:
        return True
    booking, then = lesson.booking, lesson.transition
    return (
        booking.status in OPEN
        and booking.teacher_id == then.to_teacher_id
        and booking.period == then.to_period
    )


def _values(
    message: Message,
    sick_day: SickDay,
    lessons: Sequence[SickDayLesson],
    cancelled: Sequence[SickDayLesson],
) -> dict[str, object]:
    audience, student = message.context["audience"], message.context.get("student", "")
    first = lessons[0].transition
    return {
        "audience": audience,
        "copy_of": student if audience == "guardian" else "",
        "ill": str(sick_day.teacher),
        "count": len(lessons),
        "cancelled": len(cancelled),
        "given": len(lessons) - len(cancelled),
        "first": first.to_period.lower,
        "substitute": str(first.to_teacher),
    }


def _row(message: Message, lesson: SickDayLesson) -> tuple[str, str]:
    period, booking = lesson.transition.to_period, lesson.booking
    if message.context["audience"] == "teacher":
        names = [
            str(place.student)
            for place in booking.participations.all()
            if place.status != ParticipationStatus.CANCELLED
        ]
        return when(period), ", ".join((*names, booking.lesson_type.name, *_place(booking)))
    if lesson.outcome == SickDayOutcome.CANCELLED:
        return when(period), _("Cancelled, costs nothing")
    return when(period), _("%(teacher)s instead") % {"teacher": lesson.transition.to_teacher}


def _place(booking: Booking) -> list[str]:
    return [booking.place] if booking.place else []


def _new_times(message: Message, cancelled: Sequence[SickDayLesson]) -> tuple[tuple[str, str], ...]:
    """The first free times of the first cancelled lesson, for a student who books themselves."""
    if not cancelled or message.channel != Channel.EMAIL:
        return ()
    now = timezone.now()
    student = Student.objects.select_related("membership__user", "membership__school").get(
        pk=message.context["student_id"]
    )
    found = free_times(
        lesson_type=cancelled[0].booking.lesson_type,
        students=[student],
        by=student.membership,
        at=now,
        teacher=None,
        first_day=timezone.localdate(now),
        days=LOOKAHEAD,
    )
    times = ", ".join(_time(slot.starts_at) for slot in found[:OFFERED])
    return ((_("Free times"), times),) if times else ()


def _time(starts_at: datetime) -> str:
    return f"{day(starts_at)} {clock(starts_at)}"


def _where(
    message: Message, lessons: Sequence[SickDayLesson], cancelled: Sequence[SickDayLesson]
) -> str:
    slug = lessons[0].booking.school.slug
    if message.context["audience"] == "teacher":
        return url_of(lessons[0].booking)
    if cancelled:
        path = reverse("bookings:book", args=[slug])
        return f"{settings.SITE_URL}{path}?type={cancelled[0].booking.lesson_type_id}"
    return f"{settings.SITE_URL}{reverse('bookings:list', args=[slug])}"


def _files(message: Message, lessons: Sequence[SickDayLesson]) -> tuple[Attachment, ...]:
    """The calendar files of what was confirmed: taken back, or with the new teacher."""
    if message.channel != Channel.EMAIL:
        return ()
    return tuple(
        _file(message, one)
        for one in lessons
        if one.transition.from_status == BookingStatus.CONFIRMED
    )


def _file(message: Message, lesson: SickDayLesson) -> Attachment:
    is_off = lesson.outcome == SickDayOutcome.CANCELLED
    method = Method.CANCEL if is_off else Method.REQUEST
    stamp = lesson.transition.happened_at
    file = invitation_file(invitation_of(message, lesson.booking, method, stamp))
    name = "cancel" if is_off else "invite"
    return Attachment(f"{name}-{lesson.booking_id}.ics", f"text/calendar; method={method}", file)

import contextlib
import datetime as dt
import uuid

from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bookings import services
from bookings.invariants import INVARIANTS
from bookings.models import Booking, LessonType
from bookings.services import Attendance
from justdriving.doctor import examine
from justdriving.kernel.policy import Refused
from justdriving.kernel.tenancy import school_scope
from tests.cast import make_cast


def soon(step: int) -> dt.datetime:
    """Steps of half an hour, from nine in the morning a week from now."""
    day = timezone.localdate() + dt.timedelta(days=7)
    nine = timezone.make_aware(dt.datetime.combine(day, dt.time(9))).astimezone(dt.UTC)
    return nine + step * dt.timedelta(minutes=30)


ACTIONS = st.tuples(
    st.sampled_from(("book", "book", "book", "move", "join", "leave", "cancel", "complete")),
    st.integers(0, 8),
    st.booleans(),
    st.booleans(),
)


def act(people, action, step, other_teacher, other_student) -> None:
    """Try one thing; a refusal is as good as a deed."""
    now = timezone.now()
    teacher = people.other_teacher if other_teacher else people.teacher
    student = people.other_student if other_student else people.student
    chosen = Booking.objects.order_by("pk")[step % 3 : step % 3 + 1].first()
    if chosen is None or action == "book":
        wanted = services.LessonRequest(
            lesson_type_id=people.lesson_type.pk,
            teacher_id=teacher.pk,
            student_ids=(student.pk,),
            resource_ids=None,
            starts_at=soon(step),
        )
        services.book_lesson(
            wanted=wanted,
            by=people.office,
            at=now,
            request_key=uuid.uuid4(),
            overrides={"student-booked": "They insist"} if step % 2 else {},
        )
        return
    who = {"booking_id": chosen.pk, "by": people.office}
    match action:
        case "move":
            services.move_booking(**who, at=now, starts_at=soon(step), teacher_id=teacher.pk)
        case "join":
            services.join_booking(**who, at=now, student_id=student.pk)
        case "leave":
            services.cancel_booking(booking_id=chosen.pk, by=student.membership, at=now)
        case "cancel":
            services.cancel_booking(**who, at=now)
        case "complete":
            came = {
                place.pk: Attendance(attended=other_student)
                for place in chosen.participations.exclude(status="cancelled")
            }
            services.complete_booking(**who, at=chosen.ends_at, attendance=came)


@given(story=st.lists(ACTIONS, min_size=3, max_size=12))
@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_happens_the_calendar_stays_sound(db, story):
    people = make_cast()
    with school_scope(people.school.pk):
        LessonType.objects.update(capacity=2, buffer_before_minutes=5, buffer_after_minutes=10)
        for action in story:
            with contextlib.suppress(Refused):
                act(people, *action)

    assert examine(INVARIANTS) == []

"""One message to everybody whom a sick day concerns, whatever number of lessons it is about."""

from collections.abc import Iterator

from administration.models import Student, Teacher
from bookings.enums import ParticipationStatus, SickDayOutcome
from bookings.models import Participation, ParticipationTransition, SickDay, SickDayLesson
from notifications.enums import Event
from notifications.services.queueing import BOTH, News, queue, reader_of
from notifications.services.recipients import guardians_of


def queue_sick_day(sick_day: SickDay) -> None:
    """Tell the students, the guardians of minors, and those who step in; each once, at once."""
    news = [*_for_students(sick_day), *_for_teachers(sick_day)]
    at = sick_day.announced_at or sick_day.undo_until
    queue(news, school_id=sick_day.school_id, at=at)


def _for_students(sick_day: SickDay) -> Iterator[News]:
    lessons = SickDayLesson.objects.filter(sick_day=sick_day)
    gone = ParticipationTransition.objects.filter(
        booking_transition__in=lessons.values("transition")
    )
    going_on = lessons.filter(outcome=SickDayOutcome.REASSIGNED).values("booking")
    staying = Participation.objects.filter(booking__in=going_on).exclude(
        status=ParticipationStatus.CANCELLED
    )
    ids = gone.values_list("participation__student", flat=True).union(
        staying.values_list("student", flat=True)
    )
    students = Student.objects.filter(pk__in=list(ids)).select_related("membership__user")
    for student in students.order_by("pk"):
        yield from _for_student(sick_day, student)


def _for_student(sick_day: SickDay, student: Student) -> Iterator[News]:
    about = f"sick_day:{sick_day.pk}"
    context = {"sick_day": sick_day.pk, "student_id": student.pk, "student": str(student)}
    reader = reader_of(student.membership.user)
    yield News(Event.SICK_DAY, about, reader, BOTH, context | {"audience": "student"})
    at = sick_day.announced_at or sick_day.undo_until
    for guardian in guardians_of(student, sick_day.school, at):
        copy = context | {"audience": "guardian"}
        yield News(Event.SICK_DAY, f"{about}:{student.pk}", guardian, context=copy)


def _for_teachers(sick_day: SickDay) -> Iterator[News]:
    """Those who step in; who did it themselves knows already."""
    lessons = SickDayLesson.objects.filter(sick_day=sick_day, outcome=SickDayOutcome.REASSIGNED)
    stepping_in = Teacher.objects.filter(pk__in=lessons.values("transition__to_teacher"))
    others = stepping_in.exclude(membership__user=sick_day.reported_by_id)
    for teacher in others.select_related("membership__user").order_by("pk"):
        context = {"sick_day": sick_day.pk, "teacher_id": teacher.pk, "audience": "teacher"}
        reader = reader_of(teacher.membership.user)
        yield News(Event.SICK_DAY, f"sick_day:{sick_day.pk}", reader, context=context)

"""Who must hear of a student's matters besides the student."""

from collections.abc import Iterator
from datetime import datetime

from administration.models import School, Student
from administration.policies.people import needs_guardian
from notifications.services.queueing import Reader, reader_of_guardian


def guardians_of(student: Student, school: School, at: datetime) -> Iterator[Reader]:
    """The guardians of a student who is under age on that day in the school's zone."""
    if needs_guardian(student.born_on, at.astimezone(school.zone).date()):
        for guardian in student.guardians.select_related("user").order_by("pk"):
            yield reader_of_guardian(guardian, school)

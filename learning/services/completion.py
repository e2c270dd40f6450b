"""The teacher's last act of a lesson: who came, what was taught, and the signature."""

from collections.abc import Mapping
from datetime import datetime

from administration.models import Membership
from bookings.services import Attendance, complete_booking
from justdriving.kernel.locks import take_sorted
from justdriving.kernel.transactions import use_case
from learning.models import LessonRecord
from learning.services.records import Taught, record_teaching
from learning.services.signing import sign_as_teacher


@use_case
def complete_lesson(  # noqa: PLR0913 -- one screen, one POST, one transaction
    *,
    booking_id: int,
    attendance: Mapping[int, Attendance],
    teaching: Mapping[int, Taught],
    sign: bool,
    by: Membership,
    at: datetime,
    ip: str | None = None,
) -> list[LessonRecord]:
    """Complete a lesson, write down what was taught, and sign it, all or nothing.

    ``attendance`` and ``teaching`` are keyed by participation; what is said about the teaching of
    somebody who was absent is ignored. Returns the records of those who came. Raises Refused: what
    complete_booking, record_teaching and sign_as_teacher refuse.
    """
    complete_booking(booking_id=booking_id, by=by, at=at, attendance=attendance)
    found = LessonRecord.objects.live().filter(participation__booking=booking_id)
    records = list(found.order_by("student", "pk"))
    take_sorted(("signatures", record.student_id) for record in records)
    for record in records:
        if (taught := teaching.get(record.participation_id)) is not None:
            record_teaching(record_id=record.pk, taught=taught, by=by, at=at)
        if sign:
            sign_as_teacher(record_id=record.pk, by=by, at=at, ip=ip)
    return list(found.order_by("student", "pk"))


@use_case
def write_up(
    *,
    record_id: int,
    taught: Taught,
    sign: bool,
    by: Membership,
    at: datetime,
    ip: str | None = None,
) -> LessonRecord:
    """Write down what was taught in a lesson that is completed already and, if asked, sign it.

    Raises Refused: what record_teaching and sign_as_teacher refuse.
    """
    record = record_teaching(record_id=record_id, taught=taught, by=by, at=at)
    if sign:
        sign_as_teacher(record_id=record_id, by=by, at=at, ip=ip)
    return record

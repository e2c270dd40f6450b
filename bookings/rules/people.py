"""Who can be there: the teacher teaches this, works then, and nobody is in two places."""

from collections.abc import Iterable
from typing import ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from administration.models import Student
from bookings.buffers import buffers_of
from bookings.enums import Party
from bookings.ports import Overridable, Overrides, Proposal, Search
from bookings.queries.diary import NOTHING, Diary, Taken, diary_of
from bookings.rules import wording
from justdriving.kernel.policy import Refusal


class TeacherTeachesThis:
    """The teacher is active and approved for the licence category. Nobody may overrule the law."""

    code = "teacher-does-not-teach-this"
    overridable: ClassVar[Overrides] = {}

    def load(self, search: Search) -> str | None:
        category = search.lesson_type.licence_category
        can = (one.is_active and category in one.licence_categories for one in search.teachers)
        return None if all(can) else category

    def refuse(self, proposal: Proposal, facts: str) -> Iterable[Refusal]:
        teacher = proposal.teacher
        if not teacher.is_active:
            message = _("%(teacher)s does not teach at the moment.") % {"teacher": teacher}
            yield Refusal(self.code, message, {"teacher_id": teacher.pk})
        elif facts not in teacher.licence_categories:
            message = _("%(teacher)s does not teach category %(category)s.")
            words = {"teacher": teacher, "category": facts}
            yield Refusal(self.code, message % words, {"teacher_id": teacher.pk})


class TeacherIsAvailable:
    """The lesson lies within the teacher's hours (wall time) there, and outside absences.

    The hours of a day with exceptions are those alone; hours at another department do not count.
    ``facts["is_away"]`` is there for an absence.
    """

    code = "teacher-not-available"
    overridable: ClassVar[Overrides] = {code: Overridable(gettext_lazy("The teacher's hours"))}

    def load(self, search: Search) -> Diary | None:
        return None if search.subtracted else diary_of(search)

    def refuse(self, proposal: Proposal, facts: Diary) -> Iterable[Refusal]:
        lower, upper, teacher = proposal.starts_at, proposal.ends_at, proposal.teacher
        about = {"teacher_id": teacher.pk}
        if facts.absences.get(teacher.pk, NOTHING).first_overlap(lower, upper):
            message = _("%(teacher)s is away at that time.") % {"teacher": teacher}
            yield Refusal(self.code, message, about | {"is_away": True}, overridable=True)
        elif not facts.works(teacher.pk, lower, upper):
            times = wording.hours(lower, upper, facts.zone)
            message = _("%(teacher)s does not work %(day)s %(hours)s.") % {
                "teacher": teacher,
                "day": wording.day(lower, facts.zone),
                "hours": times,
            }
            yield Refusal(self.code, message, about, overridable=True)


class TeacherIsFree:
    """A teacher gives one lesson at a time, buffers included, whichever school it is for."""

    code = "teacher-booked"
    overridable: ClassVar[Overrides] = {}

    def load(self, search: Search) -> Diary | None:
        return None if search.subtracted else diary_of(search)

    def refuse(self, proposal: Proposal, facts: Diary) -> Iterable[Refusal]:
        before, after = buffers = buffers_of(proposal.lesson_type, proposal.teacher)
        timeline = facts.people.get(proposal.teacher.membership.user_id, NOTHING)
        taken = timeline.first_overlap(proposal.starts_at - before, proposal.ends_at + after)
        if taken:
            name = str(proposal.teacher)
            message = wording.booked_around(name, taken, proposal, buffers, facts.zone)
            yield Refusal(self.code, message, {"shown": taken.shown})


class StudentIsFree:
    """A student is in one lesson at a time; an authorised person may allow two.

    ``facts["user_ids"]`` are the users who would be in two places. A student is told about their
    own lessons only, as nobody else is in what they propose.
    """

    code = "student-booked"
    overridable: ClassVar[Overrides] = {
        code: Overridable(gettext_lazy("Two lessons at once"), is_personal=True)
    }

    def load(self, search: Search) -> Diary | None:
        return None if search.subtracted else diary_of(search)

    def refuse(self, proposal: Proposal, facts: Diary) -> Iterable[Refusal]:
        clashes = [
            (student, taken)
            for student in proposal.students
            if (taken := self._clash(student, proposal, facts))
        ]
        if not clashes:
            return
        user_ids = frozenset(student.membership.user_id for student, _taken in clashes)
        message = " ".join(
            self._message(student, taken, proposal, facts) for student, taken in clashes
        )
        yield Refusal(self.code, message, {"user_ids": user_ids}, overridable=True)

    def _clash(self, student: Student, proposal: Proposal, facts: Diary) -> Taken | None:
        timeline = facts.people.get(student.membership.user_id, NOTHING)
        return timeline.first_overlap(proposal.starts_at, proposal.ends_at)

    def _message(self, student: Student, taken: Taken, proposal: Proposal, facts: Diary) -> str:
        if proposal.party != Party.STUDENT:
            return wording.booked(str(student), taken, facts.zone)
        if taken.shown is None:
            return _("You are busy at that time.")
        times = wording.hours(*taken.shown, facts.zone)
        return _("You already have a lesson %(hours)s.") % {"hours": times}

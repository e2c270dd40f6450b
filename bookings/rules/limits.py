"""How much is enough: for a teacher in a day, for a student at all, in a day and in a week."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from administration.models import Student
from bookings.enums import Party
from bookings.ports import Overridable, Overrides, Proposal, Search
from bookings.queries.diary import Attended, Diary, diary_of
from bookings.rules import wording
from justdriving.kernel.policy import Refusal


class TeacherDayNotFull:
    """A teacher teaches at most so many minutes on a day of the school's clock, pauses not counted.

    A change that adds no minutes to a day is never refused for it.
    """

    code = "teacher-day-full"
    overridable: ClassVar[Overrides] = {
        code: Overridable(gettext_lazy("Minutes a teacher teaches in a day"))
    }

    def load(self, search: Search) -> Diary | None:
        diary = diary_of(search)
        return None if diary.limits.max_teacher_minutes_per_day is None else diary

    def refuse(self, proposal: Proposal, facts: Diary) -> Iterable[Refusal]:
        most = facts.limits.max_teacher_minutes_per_day or 0
        day = facts.day_of(proposal.starts_at)
        key = (proposal.teacher.pk, day)
        total = facts.taught[key] + proposal.minutes
        if total <= max(most, facts.taught_before.get(key, 0)):
            return
        message = _("%(teacher)s would teach %(minutes)d minutes %(day)s; at most %(most)d.") % {
            "teacher": proposal.teacher,
            "minutes": total,
            "day": wording.day(day, facts.zone),
            "most": most,
        }
        about = {"minutes": total, "most": most, "teacher_id": proposal.teacher.pk}
        yield Refusal(self.code, message, about, overridable=True)


@dataclass(frozen=True, slots=True)
class Counted:
    """How many bookings each student has (by id), by what is counted together with ``key_of``.

    ``own`` are their confirmed bookings that are being changed, in none of the ``counts``.
    """

    most: int
    diary: Diary
    key_of: Callable[[Attended], Hashable | None]
    counts: Mapping[tuple[int, Hashable], int]
    own: Mapping[tuple[int, Hashable], int]

    def reached(self, proposal: Proposal, key: Hashable) -> list[tuple[Student, int]]:
        """The students for whom one more would be too many, and how many they have.

        A change after which they have no more than before is never too many.
        """
        full = []
        for student in proposal.students:
            standing = self.counts.get((student.pk, key), 0)
            count = standing + self._planned(student, key)
            if count >= max(self.most, standing + self.own.get((student.pk, key), 0)):
                full.append((student, count))
        return full

    def _planned(self, student: Student, key: Hashable) -> int:
        lessons = self.diary.planned.get(student.pk, ())
        return sum(not one.is_class and self.key_of(one) == key for one in lessons)


def _counted(
    diary: Diary, most: int | None, key: Callable[[Attended], Hashable | None]
) -> Counted | None:
    """Count by ``key``, None for what does not count.

    Lessons that a whole class is booked into are the school's own plan and never count; nor does
    what a student waits for, or was offered.
    """
    if most is None:
        return None
    counts: Counter[tuple[int, Hashable]] = Counter()
    own: Counter[tuple[int, Hashable]] = Counter()
    for student_id, lessons in diary.lessons.items():
        for lesson in lessons:
            place = key(lesson)
            if place is None or lesson.is_class:
                continue
            (own if lesson.is_own else counts)[student_id, place] += 1
    return Counted(most, diary, key, counts, own)


def _too_many(
    code: str,
    proposal: Proposal,
    facts: Counted,
    key: Hashable,
    words: tuple[str, str],
    **more: str,
) -> Iterable[Refusal]:
    """One refusal for all whose limit is reached. ``words`` are for the student and for others."""
    full = facts.reached(proposal, key)
    if not full:
        return
    template = words[0] if proposal.party == Party.STUDENT else words[1]
    message = " ".join(
        template % {"student": student, "count": count, "most": facts.most, **more}
        for student, count in full
    )
    numbers = {"count": max(count for _student, count in full), "most": facts.most}
    yield Refusal(code, message, numbers, overridable=True)


class OpenBookingsLimited:
    """A student has at most so many bookings that are not over yet."""

    code = "too-many-open-bookings"
    overridable: ClassVar[Overrides] = {
        code: Overridable(
            gettext_lazy("Open bookings of a student"), is_personal=True, spares_classes=True
        )
    }

    def load(self, search: Search) -> Counted | None:
        diary = diary_of(search)
        most = diary.limits.max_active_bookings
        return _counted(diary, most, lambda one: "open" if one.ends_at > search.at else None)

    def refuse(self, proposal: Proposal, facts: Counted) -> Iterable[Refusal]:
        words = (
            _("You have %(count)d of %(most)d open bookings."),
            _("%(student)s has %(count)d of %(most)d open bookings."),
        )
        return _too_many(self.code, proposal, facts, "open", words)


class BookingsThatDayLimited:
    """A student has at most so many bookings on one day of the school's clock."""

    code = "too-many-bookings-that-day"
    overridable: ClassVar[Overrides] = {
        code: Overridable(
            gettext_lazy("Bookings of a student on one day"), is_personal=True, spares_classes=True
        )
    }

    def load(self, search: Search) -> Counted | None:
        diary = diary_of(search)
        return _counted(diary, diary.limits.max_bookings_per_day, lambda one: one.day)

    def refuse(self, proposal: Proposal, facts: Counted) -> Iterable[Refusal]:
        day = facts.diary.day_of(proposal.starts_at)
        words = (
            _("You have %(count)d of %(most)d bookings %(day)s."),
            _("%(student)s has %(count)d of %(most)d bookings %(day)s."),
        )
        shown = wording.day(day, facts.diary.zone)
        return _too_many(self.code, proposal, facts, day, words, day=shown)


class BookingsThatWeekLimited:
    """A student has at most so many bookings from a Monday to the Sunday after it."""

    code = "too-many-bookings-that-week"
    overridable: ClassVar[Overrides] = {
        code: Overridable(
            gettext_lazy("Bookings of a student in one week"), is_personal=True, spares_classes=True
        )
    }

    def load(self, search: Search) -> Counted | None:
        diary = diary_of(search)
        most = diary.limits.max_bookings_per_week
        return _counted(diary, most, lambda one: monday_of(one.day))

    def refuse(self, proposal: Proposal, facts: Counted) -> Iterable[Refusal]:
        monday = monday_of(facts.diary.day_of(proposal.starts_at))
        words = (
            _("You have %(count)d of %(most)d bookings in the week from %(day)s."),
            _("%(student)s has %(count)d of %(most)d bookings in the week from %(day)s."),
        )
        shown = wording.day(monday, facts.diary.zone)
        return _too_many(self.code, proposal, facts, monday, words, day=shown)


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())

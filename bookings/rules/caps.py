"""How much teaching the law, or the school, lets a student have in one day."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from administration.models import Student
from bookings.enums import LessonKind
from bookings.ports import Overridable, Overrides, Proposal, Search
from bookings.queries.diary import Cap, Diary, diary_of
from bookings.rules import wording
from justdriving.kernel.policy import Refusal

Days = dict[tuple[int, date], Counter[str]]


@dataclass(frozen=True, slots=True)
class Teaching:
    """The lessons each student (by id) has on a day, counted whole, by kind.

    ``days`` are without what is being changed, ``before`` with it.
    """

    diary: Diary
    days: Mapping[tuple[int, date], Counter[str]]
    before: Mapping[tuple[int, date], Counter[str]]

    def with_one_more(self, proposal: Proposal, student: Student, day: date) -> Counter[str]:
        """What the day would come to, with all that is planned for it."""
        length = self.diary.limits.lesson_minutes
        counts = Counter(self.days.get((student.pk, day), ()))
        for one in self.diary.planned.get(student.pk, ()):
            if one.day == day:
                counts[one.kind] += whole(one.minutes, length)
        counts[proposal.lesson_type.kind] += whole(proposal.minutes_of(student), length)
        return counts


class WithinDailyCaps:
    """At most so many whole lessons of a kind in a day, and so many of all kinds together.

    Every lesson begun counts as one of ``lesson_minutes``: 90 minutes are two of 45, 91 are three.
    Of the caps on all kinds the widest among the kinds of that day holds. A test is not teaching.
    A change that adds nothing to a day is never refused for it.
    Source: kørekortbekendtgørelsen, annex 3, V, 7.
    """

    code = "daily-cap"
    overridable: ClassVar[Overrides] = {
        code: Overridable(gettext_lazy("Lessons of a student in a day"), is_personal=True)
    }

    def load(self, search: Search) -> Teaching | None:
        diary = diary_of(search)
        if not diary.caps:
            return None
        days: Days = defaultdict(Counter)
        before: Days = defaultdict(Counter)
        for student_id, lessons in diary.lessons.items():
            for one in lessons:
                for counts in (before,) if one.is_own else (before, days):
                    length = whole(one.minutes, diary.limits.lesson_minutes)
                    counts[student_id, one.day][one.kind] += length
        return Teaching(diary, days, before)

    def refuse(self, proposal: Proposal, facts: Teaching) -> Iterable[Refusal]:
        day = facts.diary.day_of(proposal.starts_at)
        kind = proposal.lesson_type.kind
        messages: list[str] = []
        for student in proposal.students:
            counts = facts.with_one_more(proposal, student, day)
            before = facts.before.get((student.pk, day), Counter())
            messages += _broken(student, kind, counts, before, facts.diary.caps)
        if messages:
            shown = wording.day(day, facts.diary.zone)
            words = " ".join(messages)
            yield Refusal(self.code, f"{capfirst(shown)}: {words}", {"day": day}, overridable=True)


def whole(minutes: int, lesson_minutes: int) -> int:
    """The lessons in this time, the last one counted even if it is not full."""
    return -(-minutes // lesson_minutes)


def _broken(
    student: Student,
    kind: str,
    counts: Mapping[str, int],
    before: Mapping[str, int],
    caps: Mapping[str, Cap],
) -> Iterable[str]:
    cap = caps.get(kind)
    if cap and counts[kind] > max(cap.most, before.get(kind, 0)):
        yield _(
            "%(student)s would have %(count)d lessons (%(kind)s); at most %(most)d%(source)s."
        ) % {
            "student": student,
            "count": counts[kind],
            "kind": LessonKind(kind).label,
            "most": cap.most,
            "source": _named(cap),
        }
    widest = max(
        (caps[one] for one in counts if one in caps and caps[one].most_together is not None),
        key=lambda one: one.most_together or 0,
        default=None,
    )
    together = _taught(counts)
    if (
        widest
        and kind != LessonKind.EXAM
        and together > max(widest.most_together or 0, _taught(before))
    ):
        yield _(
            "%(student)s would have %(count)d lessons of all kinds; at most %(most)d%(source)s."
        ) % {
            "student": student,
            "count": together,
            "most": widest.most_together,
            "source": _named(widest),
        }


def _taught(counts: Mapping[str, int]) -> int:
    """The lessons of all kinds, tests left out."""
    return sum(count for kind, count in counts.items() if kind != LessonKind.EXAM)


def _named(cap: Cap) -> str:
    return f" ({cap.source})" if cap.source else ""

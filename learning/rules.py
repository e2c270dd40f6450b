"""The rule that learning adds to the calendar: what comes first in the plan is done first."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, NamedTuple

from django.db import connection
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy, ngettext

from administration.models import Student
from bookings.enums import BookingStatus, LessonKind, ParticipationStatus, Party
from bookings.models import LessonType, Participation
from bookings.ports import Overridable, Overrides, Proposal, Search
from justdriving.kernel.policy import Refusal
from justdriving.kernel.reads import Reading
from justdriving.kernel.tenancy import active_school_id
from learning.enums import TEACHES, ModuleKind
from learning.policies import lessons_in

PRECEDES = {
    LessonKind.PRACTICAL: frozenset({ModuleKind.CLOSED_TRACK}),
    LessonKind.SKID_PAD: frozenset({ModuleKind.CLOSED_TRACK}),
}
"""What must be over before. Theory alternates with driving, in classes that do not wait."""
COUNTED = (BookingStatus.PENDING, BookingStatus.CONFIRMED, BookingStatus.COMPLETED)


# Asked for every booking: building it from the models takes ten times as long as running it.
PLANS = """
SELECT following.student_id, module.kind, module.minimum_lessons, plan.lesson_minutes
FROM learning_studentplan AS following
JOIN learning_lessonplan AS plan ON plan.id = following.lesson_plan_id
JOIN learning_planmodule AS module ON module.plan_id = plan.id
WHERE following.student_id = ANY(%s::bigint[]) AND following.ended_on IS NULL
  AND following.licence_category = %s AND following.school_id = %s
ORDER BY module.position
"""
PLACE_FIELDS = (
    "student",
    "booking__lesson_type__kind",
    "booking__period",
    "planned_minutes",
    "minutes_used",
)


class Module(NamedTuple):
    """A module of a student's plan, in the order of the plan."""

    kind: ModuleKind
    minimum_lessons: int


class Given(NamedTuple):
    """A lesson a student has had or has booked; it counts as so many lessons of the plan."""

    starts_at: datetime
    kind: ModuleKind
    lessons: int


@dataclass(frozen=True, slots=True)
class Ways:
    """By student (id) the modules of their plan and their lessons; kinds the school teaches."""

    modules: Mapping[int, Sequence[Module]]
    lessons: Mapping[int, Sequence[Given]]
    taught: frozenset[ModuleKind]


class PrerequisitesDone:
    """Driving on the road or the skid pad comes after the closed track of the student's plan.

    Lessons count when given, or booked to begin before this one: the module a lesson belongs to is
    found by counting, and the modules before it must have had their lessons. What the school does
    not book in its calendar is not asked for, nor anything of students without a plan. Source:
    the order of the lesson plan, kørekortbekendtgørelsen § 45.
    """

    code = "prerequisites-missing"
    overridable: ClassVar[Overrides] = {
        code: Overridable(gettext_lazy("What comes first in the lesson plan"), is_personal=True)
    }

    def load(self, search: Search) -> Ways | None:
        """Three queries for any number of students, one when nobody follows a plan."""
        if search.lesson_type.kind not in PRECEDES or not search.students:
            return None
        students = [student.pk for student in search.students]
        category = search.lesson_type.licence_category
        modules, minutes = _modules(students, category)
        if not modules:
            return None
        return Ways(modules, _lessons(search, category, minutes), _taught(category))

    def refuse(self, proposal: Proposal, facts: Ways) -> Iterable[Refusal]:
        messages = []
        for student in proposal.students:
            missing = _missing(student, proposal, facts)
            is_own = proposal.party == Party.STUDENT
            messages += [
                _needed(count, is_own=is_own)
                % {"student": student, "count": count, "kind": kind.label}
                for kind, count in missing.items()
            ]
        if messages:
            yield Refusal(self.code, " ".join(messages), overridable=True)


def _needed(count: int, *, is_own: bool) -> str:
    if is_own:
        return ngettext(
            "You need %(count)d more lesson first: %(kind)s.",
            "You need %(count)d more lessons first: %(kind)s.",
            count,
        )
    return ngettext(
        "%(student)s needs %(count)d more lesson first: %(kind)s.",
        "%(student)s needs %(count)d more lessons first: %(kind)s.",
        count,
    )


def _missing(student: Student, proposal: Proposal, facts: Ways) -> dict[ModuleKind, int]:
    """By kind, how many lessons of the modules before this one are neither given nor booked."""
    lesson_kind = LessonKind(proposal.lesson_type.kind)
    kinds = TEACHES[lesson_kind]
    have: Counter[ModuleKind] = Counter()
    for lesson in facts.lessons.get(student.pk, ()):
        if lesson.starts_at < proposal.starts_at:
            have[lesson.kind] += lesson.lessons
    asked = _before(facts.modules.get(student.pk, ()), kinds, sum(have[kind] for kind in kinds))
    return {
        kind: count - have[kind]
        for kind, count in asked.items()
        if kind in facts.taught & PRECEDES[lesson_kind] and count > have[kind]
    }


def _before(
    modules: Sequence[Module], kinds: Sequence[ModuleKind], lessons: int
) -> Counter[ModuleKind]:
    """The lessons of the modules before the one that the next lesson of ``kinds`` belongs to.

    A plan without a module left for it asks for nothing: such a lesson is one more.
    """
    asked: Counter[ModuleKind] = Counter()
    for module in modules:
        if module.kind in kinds:
            lessons -= module.minimum_lessons
            if lessons < 0:
                return asked
        asked[module.kind] += module.minimum_lessons
    return Counter()


def _modules(
    students: Sequence[int], category: str
) -> tuple[dict[int, list[Module]], dict[int, int]]:
    """The plans these students follow now, and the minutes of a lesson in each."""
    with connection.cursor() as cursor:
        cursor.execute(PLANS, [list(students), category, active_school_id()])
        rows = cursor.fetchall()
    modules: dict[int, list[Module]] = defaultdict(list)
    minutes: dict[int, int] = {}
    for student, kind, minimum, lesson_minutes in rows:
        modules[student].append(Module(ModuleKind(kind), minimum))
        minutes[student] = lesson_minutes
    return dict(modules), minutes


def _lessons(search: Search, category: str, minutes: Mapping[int, int]) -> dict[int, list[Given]]:
    found: dict[int, list[Given]] = defaultdict(list)
    for row in _places(tuple(minutes), category, tuple(search.changing)):
        period = row["booking__period"]
        whole = int((period.upper - period.lower).total_seconds() // 60)
        lasted = row["minutes_used"] or row["planned_minutes"] or whole
        lessons = lessons_in(lasted, minutes[row["student"]])
        kind = TEACHES[LessonKind(row["booking__lesson_type__kind"])][0]
        found[row["student"]].append(Given(period.lower, kind, lessons))
    return dict(found)


@Reading
def _places(
    students: tuple[int, ...], category: str, changing: tuple[int, ...]
) -> QuerySet[Participation, dict[str, Any]]:
    """The lessons these students have had or have booked, without the bookings that change."""
    taken = Participation.objects.filter(
        student__in=students,
        status__in=(ParticipationStatus.BOOKED, ParticipationStatus.ATTENDED),
        booking__status__in=COUNTED,
        booking__lesson_type__licence_category=category,
    ).exclude(booking__in=changing)
    found: QuerySet[Participation, dict[str, Any]] = taken.values(*PLACE_FIELDS)
    return found


def _taught(category: str) -> frozenset[ModuleKind]:
    """The kinds of module for which this school books lessons."""
    return frozenset(TEACHES[LessonKind(one.kind)][0] for one in _offered(category))


@Reading
def _offered(category: str) -> QuerySet[LessonType]:
    return LessonType.objects.filter(is_active=True, licence_category=category)

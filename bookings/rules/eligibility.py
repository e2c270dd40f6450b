"""What a lesson type asks of its students: bounds on body and age, papers that are valid."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from administration.models import Student
from bookings.enums import EligibilityAttribute as Attribute
from bookings.ports import Overridable, Overrides, Proposal, Search
from bookings.queries.diary import Diary, Requirement, diary_of
from bookings.rules import wording
from justdriving.kernel.policy import Refusal


@dataclass(frozen=True, slots=True)
class Asked:
    """The requirements of a search, and what was found per student and day so far."""

    diary: Diary
    found: dict[tuple[int, date], tuple[tuple[str, str], ...]] = field(default_factory=dict)


class StudentsAreEligible:
    """Each requirement of the lesson type is fulfilled on the day; a missing value fulfils none.

    Every requirement is refused, and overruled, under its own code: switching height off still lets
    weight refuse. Source: seed 004, "Height/weight".
    """

    code = "eligibility"
    overridable: ClassVar[Overrides] = {
        f"eligibility-{attribute.replace('_', '-')}": Overridable(attribute.label, is_personal=True)
        for attribute in Attribute
    }

    def load(self, search: Search) -> Asked | None:
        diary = diary_of(search)
        return Asked(diary) if diary.requirements and search.students else None

    def refuse(self, proposal: Proposal, facts: Asked) -> Iterable[Refusal]:
        day = facts.diary.day_of(proposal.starts_at)
        messages: dict[str, list[str]] = {}
        for student in proposal.students:
            for attribute, message in _failures(student, day, facts):
                messages.setdefault(attribute, []).append(message)
        for attribute, said in messages.items():
            code = f"{self.code}-{attribute.replace('_', '-')}"
            yield Refusal(code, " ".join(said), {"attribute": attribute}, overridable=True)


def _failures(student: Student, day: date, facts: Asked) -> tuple[tuple[str, str], ...]:
    key = (student.pk, day)
    if key not in facts.found:
        facts.found[key] = tuple(
            (asked.attribute, message)
            for asked in facts.diary.requirements
            if (message := _failure(asked, student, day, facts.diary))
        )
    return facts.found[key]


def _failure(asked: Requirement, student: Student, day: date, diary: Diary) -> str | None:
    match asked.attribute:
        case Attribute.AGE_MONTHS:
            return _out_of_bounds(asked, student, months_between(student.born_on, day), AGE)
        case Attribute.HEIGHT_CM:
            return _out_of_bounds(asked, student, student.height_cm, HEIGHT)
        case Attribute.WEIGHT_KG:
            return _out_of_bounds(asked, student, student.weight_kg, WEIGHT)
        case _:
            return _without_paper(asked, student, day, diary)


def _without_paper(asked: Requirement, student: Student, day: date, diary: Diary) -> str | None:
    for paper in diary.documents.get(student.pk, ()):
        is_over = paper.valid_until is not None and paper.valid_until < day
        if paper.kind == asked.attribute and paper.valid_from <= day and not is_over:
            return None
    return _("%(student)s: “%(document)s” must be valid %(day)s.") % {
        "student": student,
        "document": Attribute(asked.attribute).label,
        "day": wording.day(day, diary.zone),
    }


@dataclass(frozen=True, slots=True)
class Measure:
    """How a measured requirement is said; each text is made in the reader's language."""

    value: Callable[[int], str]
    said: Callable[[], str]
    unknown: Callable[[], str]


def _centimetres(value: int) -> str:
    return f"{value} cm"


def _kilograms(value: int) -> str:
    return f"{value} kg"


def _age(months: int) -> str:
    """``16 years and 9 months``."""
    years, rest = divmod(months, 12)
    words = ngettext("%(years)d year", "%(years)d years", years) % {"years": years}
    if not rest:
        return words
    more = ngettext("%(months)d month", "%(months)d months", rest) % {"months": rest}
    return _("%(years)s and %(months)s") % {"years": words, "months": more}


HEIGHT = Measure(
    _centimetres,
    lambda: _("%(student)s is %(value)s tall; asked for is %(bounds)s."),
    lambda: _("The height of %(student)s is not known; asked for is %(bounds)s."),
)
WEIGHT = Measure(
    _kilograms,
    lambda: _("%(student)s weighs %(value)s; asked for is %(bounds)s."),
    lambda: _("The weight of %(student)s is not known; asked for is %(bounds)s."),
)
AGE = Measure(
    _age,
    lambda: _("%(student)s is %(value)s old that day; asked for is %(bounds)s."),
    lambda: _("The age of %(student)s is not known; asked for is %(bounds)s."),
)


def _out_of_bounds(
    asked: Requirement, student: Student, value: int | None, measure: Measure
) -> str | None:
    least, most = asked.minimum, asked.maximum
    if value is not None and (least or 0) <= value and (most is None or value <= most):
        return None
    words = {"student": student, "bounds": _bounds(least, most, measure.value)}
    if value is None:
        return measure.unknown() % words
    return measure.said() % (words | {"value": measure.value(value)})


def _bounds(least: int | None, most: int | None, shown: Callable[[int], str]) -> str:
    if least is None and most is None:
        return _("that it is known")
    if most is None:
        return _("at least %(value)s") % {"value": shown(least or 0)}
    if least is None:
        return _("at most %(value)s") % {"value": shown(most)}
    return _("%(least)s to %(most)s") % {"least": shown(least), "most": shown(most)}


def months_between(born_on: date, day: date) -> int:
    """Whole months of age on a day; a month is full on the day of the month one was born on."""
    months = (day.year - born_on.year) * 12 + day.month - born_on.month
    return months if day.day >= born_on.day else months - 1

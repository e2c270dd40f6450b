"""What bookings asks of the apps above; settings name who answers (justdriving.kernel.ports)."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol, cast
from zoneinfo import ZoneInfo

from administration.models import Student, Teacher, User
from bookings.enums import LessonKind, Party
from bookings.models import LessonType, Participation, Resource
from justdriving.kernel.money import Money
from justdriving.kernel.policy import Refusal
from justdriving.kernel.ports import implementations

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise


@dataclass(frozen=True, slots=True)
class Proposal:
    """A lesson somebody would like to have. ``starts_at`` and ``ends_at`` are UTC instants.

    ``department_id`` is the department that gives it. ``booking_id`` is the booking being changed,
    which never stands in its own way.
    """

    lesson_type: LessonType
    teacher: Teacher
    students: tuple[Student, ...]
    resources: tuple[Resource, ...]
    starts_at: datetime
    ends_at: datetime
    by: User
    party: Party
    at: datetime
    department_id: int
    booking_id: int | None = None
    places: frozenset[int] = frozenset()
    """Of ``resources`` (ids) those that serve one of the students each, not all of them."""
    own_minutes: Mapping[int, int] = field(default_factory=dict)
    """By student (id) the minutes that are theirs in a lesson they share; without one, all."""

    @property
    def minutes(self) -> int:
        return int((self.ends_at - self.starts_at).total_seconds() // 60)

    def minutes_of(self, student: Student) -> int:
        """How much of the lesson is this student's."""
        return self.own_minutes.get(student.pk, self.minutes)


@dataclass(frozen=True, slots=True)
class Search:
    """Everything a rule needs to know for any proposal among these, loaded at once.

    ``lower`` and ``upper`` are UTC instants that enclose every proposal and its buffers; ``zone``
    is the school's. ``resources`` are all that a proposal may choose from, ``department_id`` is the
    department that gives the lesson. With ``subtracted``
    every proposal lies where the people and things are free, and who is busy is not read again. In
    ``shared`` the rules leave for one another what they loaded. ``together`` are bookings that all
    change at once: none of them stands in the way of another.
    """

    lesson_type: LessonType
    teachers: Sequence[Teacher]
    students: Sequence[Student]
    resources: Sequence[Resource]
    lower: datetime
    upper: datetime
    zone: ZoneInfo
    department_id: int
    party: Party
    at: datetime
    booking_id: int | None = None
    together: frozenset[int] = frozenset()
    subtracted: bool = False
    shared: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def changing(self) -> frozenset[int]:
        """The bookings that stand in nobody's way."""
        return self.together | ({self.booking_id} if self.booking_id else frozenset())


class Overridable(NamedTuple):
    """A code that an authorised person may overrule by name, and what pages call it.

    With ``is_personal`` it is about one student: what was overruled for one in a lesson holds for
    nobody who joins later. With ``spares_classes`` the lessons a whole class is booked into are not
    held to it.
    """

    label: "StrPromise"
    is_personal: bool = False
    spares_classes: bool = False


Overrides = Mapping[str, Overridable]


class BookingRule(Protocol):
    """One named rule. The same object refuses a booking, greys out a time and answers "why not?".

    ``load`` reads facts for a whole search with a fixed number of queries, or gives None when the
    rule has nothing to say in it; ``refuse`` is pure and judges one proposal by them. ``code``
    names the rule; ``overridable`` lists the codes among its refusals that may be overruled.
    """

    code: str
    overridable: ClassVar[Overrides]

    def load(self, search: Search) -> Any: ...

    def refuse(self, proposal: Proposal, facts: Any) -> Iterable[Refusal]: ...


@dataclass(frozen=True, slots=True)
class CancellationFee:
    """What cancelling one participation costs at one moment, and the sentence that says why.

    ``free_until`` is the instant (UTC) before which it is free, None when it always is.
    """

    amount: Money
    explanation: str
    free_until: datetime | None


@dataclass(frozen=True, slots=True)
class PricePart:
    """One step on the way to a price, in minor units; what it takes off is below zero.

    ``what`` names the step and ``why`` its reason for whoever answers the port, ``label`` and
    ``about`` are words of the school and numbers; ``source_id`` is the row that asked for it.
    """

    what: str
    label: str
    minor: int
    source_id: int | None = None
    why: str = ""
    about: str = ""

    def of(self, minor: int) -> "PricePart":
        """The same step of another amount."""
        return replace(self, minor=minor)


@dataclass(frozen=True, slots=True)
class Quote:
    """What a place in a lesson costs, VAT included, and the steps that add up to it."""

    amount: Money
    parts: tuple[PricePart, ...]


class Quotes(Protocol):
    """The prices of some lesson types for some students, loaded at once: asking reads nothing."""

    def has(self, lesson_type: LessonType) -> bool:
        """Whether this type has a price at all."""
        ...

    def quote(  # noqa: PLR0913 -- all that a price may depend on
        self,
        lesson_type: LessonType,
        *,
        student_id: int | None,
        teacher_id: int | None,
        department_id: int,
        starts_at: datetime,
        minutes: int | None = None,
        at_any_hour: bool = False,
    ) -> Quote:
        """``minutes`` of such a lesson that begins at ``starts_at`` (UTC); None is its own length.

        ``at_any_hour`` leaves out what holds on some days of the week or at some hours only.

        Raises Refused with ``no-price``.
        """
        ...


class Pricing(Protocol):
    """What lessons and cancellations cost. Answered by finance."""

    def quotes(
        self,
        lesson_types: Sequence[LessonType],
        *,
        students: Sequence[Student],
        lower: datetime,
        upper: datetime,
        at: datetime,
    ) -> Quotes:
        """For lessons that begin from ``lower`` to ``upper`` (UTC), agreed at ``at``. One query."""
        ...

    def in_words(self, parts: Sequence[PricePart], currency: str) -> Sequence[tuple[str, Money]]:
        """Each step of a price by its name, in the reader's language."""
        ...

    def cancellation_fee(
        self, participation: Participation, *, by: Party, at: datetime
    ) -> CancellationFee: ...

    def no_show_fee(self, participation: Participation) -> CancellationFee: ...

    def fees_standing(self, booking_id: int) -> Mapping[int, Money]:
        """By participation, what missing or cancelling was charged and nobody has waived."""
        ...


class Stages(Protocol):
    """How far students are. Answered by learning."""

    def next_in(self, kind: LessonKind, student_ids: Collection[int]) -> frozenset[int]:
        """Those of these students who have something left to learn in lessons of this kind."""
        ...

    def next_kinds(self, student_id: int) -> Sequence[LessonKind]:
        """The kinds of lesson a student has something left to learn in, what comes first first."""
        ...


def booking_rules() -> tuple[BookingRule, ...]:
    return cast("tuple[BookingRule, ...]", implementations("BOOKING_RULES"))


def overridable_codes() -> dict[str, Overridable]:
    """Every code that the office or an owner may overrule by name, in the order of the rules."""
    return {code: one for rule in booking_rules() for code, one in rule.overridable.items()}


def personal_codes() -> frozenset[str]:
    """The codes that are about one student, and are never granted to another."""
    return frozenset(code for code, one in overridable_codes().items() if one.is_personal)


def codes_sparing_classes() -> frozenset[str]:
    """The codes that do not count for the lessons of a whole class: they are the school's plan."""
    return frozenset(code for code, one in overridable_codes().items() if one.spares_classes)


def pricing() -> Pricing:
    return cast("Pricing", implementations("BOOKING_PRICING")[0])


def stages() -> Stages:
    return cast("Stages", implementations("BOOKING_STAGES")[0])

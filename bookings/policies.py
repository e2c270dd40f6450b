"""What the calendar decides without a clock or a query."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Self
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from administration.enums import Role, StudentStatus
from administration.models import Membership, Student
from administration.permissions import Permission, may
from bookings.enums import MOVES, MOVES_OF, BookingStatus, DeadlineKind, Party, SelfBooking
from bookings.models import CancellationStep, CancellationTerms, LessonType
from justdriving.kernel.clock import IsBusinessDay, business_days_before, instant_or_next
from justdriving.kernel.money import Money
from justdriving.kernel.policy import Refusal

SATURDAY = 5
LEAST_SHARE = 15
"""Fewer minutes of a lesson that is shared are nobody's."""


def party_of(member: Membership) -> Party:
    """On whose side a member acts."""
    if member.is_office:
        return Party.SCHOOL
    return Party.TEACHER if member.role == Role.TEACHER else Party.STUDENT


def may_move(
    booking_status: BookingStatus | str, to: BookingStatus | str, party: Party
) -> Refusal | None:
    """Whether this side may bring a booking from one status to another."""
    current, to = BookingStatus(booking_status), BookingStatus(to)
    if to not in MOVES[current]:
        return Refusal("illegal-move", _illegal(current))
    if to not in MOVES_OF[party]:
        return Refusal("not-allowed", _("Ask the school to do this."))
    return None


def _illegal(current: BookingStatus) -> str:
    match current:
        case BookingStatus.COMPLETED:
            return _("The lesson is already completed.")
        case BookingStatus.CANCELLED:
            return _("The lesson is already cancelled.")
        case BookingStatus.NO_SHOW:
            return _("The lesson is already registered as a no-show.")
        case BookingStatus.CONFIRMED:
            return _("The lesson is already confirmed.")
        case _:
            return _("The lesson must be confirmed first.")


def may_book(member: Membership, lesson_type: LessonType) -> Refusal | None:
    """Whether this person may book lessons of this type at all."""
    if party_of(member) == Party.STUDENT and (
        lesson_type.self_booking == SelfBooking.OFF or not may(member, Permission.BOOK)
    ):
        return Refusal("self-booking-off", _("Only the school books this lesson. Please ask them."))
    if not lesson_type.is_active:
        return Refusal("lesson-type-closed", _("This lesson type is no longer in use."))
    return None


def may_join(member: Membership, lesson_type: LessonType) -> Refusal | None:
    """Whether this person may seat somebody in such a session: what is on request, the school."""
    asks = lesson_type.self_booking == SelfBooking.REQUEST
    if party_of(member) == Party.STUDENT and asks:
        return Refusal("self-booking-off", _("Only the school books this lesson. Please ask them."))
    return may_book(member, lesson_type)


def no_seat_left() -> Refusal:
    return Refusal("no-seat-left", _("There is no seat left."))


def still_learn(students: Iterable[Student]) -> Refusal | None:
    """Whether nobody among them is done with the school: they keep their pages, not their seat."""
    for student in students:
        if student.status in {StudentStatus.FINISHED, StudentStatus.LEFT}:
            message = _("%(student)s is no longer a student here.") % {"student": student}
            return Refusal("not-learning", message)
    return None


def first_status(party: Party, lesson_type: LessonType, *, is_draft: bool = False) -> BookingStatus:
    """What a new booking begins as: a student's is held as a request if the type says so."""
    if is_draft:
        return BookingStatus.DRAFT
    asks = party == Party.STUDENT and lesson_type.self_booking == SelfBooking.REQUEST
    return BookingStatus.PENDING if asks else BookingStatus.CONFIRMED


def has_seats(*, capacity: int, wanted: int) -> Refusal | None:
    """Whether ``wanted`` students fit; only a class may be planned without any."""
    if wanted > capacity:
        return Refusal("no-seat-left", _("There is no seat left."), {"capacity": capacity})
    if wanted == 0 and capacity == 1:
        return Refusal("student-needed", _("Choose who the lesson is for."))
    return None


def offers_length(lesson_type: LessonType, minutes: int | None) -> Refusal | None:
    """Whether lessons of this type may last so long; None is the type's own length."""
    offered = sorted({lesson_type.duration_minutes, *lesson_type.other_durations})
    if minutes is None or minutes in offered:
        return None
    message = _("“%(lesson)s” lasts %(offered)s minutes.") % {
        "lesson": lesson_type.name,
        "offered": ", ".join(map(str, offered)),
    }
    return Refusal("length-not-offered", message, {"offered": offered})


def may_plan_freely(
    party: Party, *, is_draft: bool, own_minutes: Mapping[int, int]
) -> Refusal | None:
    """Only staff keep drafts and share the minutes of a lesson out among its students."""
    if party == Party.STUDENT and (is_draft or own_minutes):
        return Refusal("not-allowed", _("Ask the school to do this."))
    return None


def each_once(student_ids: Sequence[int]) -> Refusal | None:
    """A lesson is shared with somebody else: nobody sits in it twice."""
    if len(set(student_ids)) == len(student_ids):
        return None
    return Refusal(
        "student-twice", _("Choose somebody else: the student is in the lesson already.")
    )


def share_the_lesson(
    own_minutes: Mapping[int, int], *, students: Collection[int], minutes: int
) -> Refusal | None:
    """Whether those in a lesson (ids) share all of it, and nobody has next to nothing of it.

    Who has no minutes of their own has all of it.
    """
    least = min(LEAST_SHARE, minutes)
    if not all(least <= own <= minutes for own in own_minutes.values()):
        message = _("Minutes of each student: write between %(least)d and %(minutes)d.")
        facts = {"least": least, "minutes": minutes}
        return Refusal("minutes-wrong", message % facts, facts)
    shared = sum(own_minutes.values())
    is_whole = not own_minutes or any(student not in own_minutes for student in students)
    if is_whole or shared >= minutes:
        return None
    message = _(
        "The minutes come to %(shared)d, and the lesson lasts %(minutes)d. Write more minutes, or "
        "leave a field empty: that student has all of the lesson."
    )
    facts = {"shared": shared, "minutes": minutes}
    return Refusal("minutes-left-over", message % facts, facts)


def still_held(held_until: datetime | None, *, at: datetime) -> Refusal | None:
    """A request can be answered until the very second at which its hold ends."""
    if held_until is None or at < held_until:
        return None
    message = _("The request ran out: the time is no longer held. Book it again.")
    return Refusal("hold-over", message, {"held_until": held_until})


def may_complete(*, ends_at: datetime, at: datetime) -> Refusal | None:
    """A lesson can be completed from the very second it ends."""
    if at < ends_at:
        return Refusal("not-over", _("The lesson has not finished yet."), {"ends_at": ends_at})
    return None


def may_blame_teacher(party: Party) -> Refusal | None:
    """Only the office says that a teacher did not come."""
    if party == Party.SCHOOL:
        return None
    return Refusal("not-allowed", _("Only the office registers that a teacher did not come."))


def may_withdraw(party: Party, *, starts_at: datetime, at: datetime) -> Refusal | None:
    """A student may cancel or move a lesson until it starts, staff also afterwards."""
    if party == Party.STUDENT and at >= starts_at:
        return Refusal("already-started", _("The lesson has already started. Ask the school."))
    return None


def may_act_for(own: Party, party: Party) -> Refusal | None:
    """Whether one side may cancel in the name of another: staff pass on what a student tells them.

    The office also speaks for a teacher.
    """
    passes_on = {
        Party.STUDENT: {Party.STUDENT},
        Party.TEACHER: {Party.TEACHER, Party.STUDENT},
        Party.SCHOOL: {Party.SCHOOL, Party.TEACHER, Party.STUDENT},
    }
    if party in passes_on.get(own, {own}):
        return None
    return Refusal("not-allowed", _("Ask the school to do this."))


def may_move_in_time(
    party: Party, *, status: str, capacity: int, self_booking: str, fee: Money
) -> Refusal | None:
    """Whether this side may move the lesson to another time.

    A student may while cancelling would be free: moving must not be a way around the fee.
    """
    if status not in {BookingStatus.PENDING, BookingStatus.CONFIRMED}:
        return Refusal("illegal-move", _illegal(BookingStatus(status)))
    if party != Party.STUDENT:
        return None
    must_ask = status == BookingStatus.CONFIRMED and self_booking != SelfBooking.INSTANT
    if capacity > 1 or must_ask:
        return Refusal("not-allowed", _("Ask the school to do this."))
    if fee:
        return Refusal(
            "too-late-to-move",
            _("It is too late to move this lesson. Cancelling it costs %(fee)s.")
            % {"fee": fee.localized()},
            {"fee_minor": fee.minor, "currency": fee.currency},
        )
    return None


def counts_as_a_move(party: Party, *, capacity: int) -> bool:
    """Whether another time counts towards a student's moves: never for a class, nobody's own."""
    return party == Party.STUDENT and capacity == 1


def may_move_again(*, moves: int, most: int | None) -> Refusal | None:
    """Whether a student who has moved a lesson ``moves`` times may do so again; None: always."""
    if most is None or moves < most:
        return None
    message = ngettext(
        "The lesson was moved %(moves)d× already, and a student may move it %(most)d time.",
        "The lesson was moved %(moves)d× already, and a student may move it %(most)d times.",
        most,
    )
    words = {"moves": moves, "most": most}
    return Refusal("moved-too-often", message % words, words, overridable=True)


def business_day_test(closed: Collection[date]) -> IsBusinessDay:
    """Monday to Friday, except the days in ``closed``."""
    return lambda day: day.weekday() < SATURDAY and day not in closed


@dataclass(frozen=True, slots=True)
class FeeStep:
    """After its deadline, cancelling costs a share of the price, a fixed amount, or the lesson."""

    deadline: DeadlineKind
    amount: int
    clock_time: time | None = None
    percent: int | None = None
    fixed_minor: int | None = None
    consumes: bool = False

    @classmethod
    def of(cls, step: CancellationStep) -> Self:
        return cls(
            deadline=DeadlineKind(step.deadline),
            amount=step.amount,
            clock_time=step.clock_time,
            percent=step.percent,
            fixed_minor=step.fixed_minor,
            consumes=step.consumes_lesson,
        )

    @property
    def share(self) -> int:
        """Per cent of the price; a lesson used up is all of it."""
        return 100 if self.consumes else self.percent or 0

    @property
    def is_costly(self) -> bool:
        return bool(self.share or self.fixed_minor)

    def passes_at(
        self, starts_at: datetime, zone: ZoneInfo, is_business_day: IsBusinessDay
    ) -> datetime:
        """The last instant (UTC) at which this step does not apply yet; never after the start."""
        if self.deadline == DeadlineKind.HOURS_BEFORE:
            return starts_at.astimezone(UTC) - timedelta(hours=self.amount)
        day = starts_at.astimezone(zone).date()
        if self.deadline == DeadlineKind.BUSINESS_DAYS_BEFORE:
            day = business_days_before(day, self.amount, is_business_day)
        else:
            day -= timedelta(days=self.amount)
        return min(instant_or_next(day, self.clock_time or time(), zone), starts_at)

    def fee(self, price: Money) -> Money:
        if self.fixed_minor is not None:
            return Money(self.fixed_minor, price.currency)
        return price.percent(self.share)


@dataclass(frozen=True, slots=True)
class CancellationPolicy:
    """What cancelling costs, by when it is done. At a deadline itself it is still the cheaper step.

    ``starts_at`` and ``at`` are UTC instants, ``zone`` is the booking's. Source: seed 000 "check
    cancellation rules"; the deadlines are those that Danish schools publish.
    """

    steps: tuple[FeeStep, ...]
    no_show_percent: int = 100

    @classmethod
    def of(
        cls,
        terms: CancellationTerms,
        steps: Iterable[CancellationStep] | None = None,
        *,
        party: Party = Party.STUDENT,
    ) -> Self:
        """What these terms say when ``party`` cancels; reads ``terms.steps`` unless given."""
        rows = terms.steps.all() if steps is None else steps
        held = tuple(FeeStep.of(row) for row in rows if row.party == party)
        return cls(held, terms.no_show_percent)

    def step_at(
        self, starts_at: datetime, at: datetime, zone: ZoneInfo, is_business_day: IsBusinessDay
    ) -> FeeStep | None:
        """The step that applies at ``at``: the one whose deadline passed last, or None (free)."""
        passed = [
            (deadline, step.share, step.fixed_minor or 0, step)
            for step in self.steps
            if (deadline := step.passes_at(starts_at, zone, is_business_day)) < at
        ]
        return max(passed, key=lambda found: found[:3])[3] if passed else None

    def free_until(
        self, starts_at: datetime, zone: ZoneInfo, is_business_day: IsBusinessDay
    ) -> datetime | None:
        """The last instant (UTC) at which cancelling is free; None when it always is."""
        costly = [step for step in self.steps if step.is_costly]
        return min(
            (step.passes_at(starts_at, zone, is_business_day) for step in costly), default=None
        )

    def fee(
        self,
        price: Money,
        starts_at: datetime,
        at: datetime,
        zone: ZoneInfo,
        is_business_day: IsBusinessDay,
    ) -> Money:
        """What cancelling at ``at`` costs of this price."""
        step = self.step_at(starts_at, at, zone, is_business_day)
        return step.fee(price) if step else price.percent(0)

    def no_show_fee(self, price: Money) -> Money:
        return price.percent(self.no_show_percent)

"""What a teacher sees before completing a lesson: who, what to teach, what it will cost."""

from collections.abc import Sequence
from dataclasses import dataclass

from bookings.enums import LessonKind, ParticipationStatus
from bookings.models import Booking, Participation
from bookings.ports import CancellationFee, pricing
from justdriving.kernel.money import Money
from learning.models import LessonPlan, LessonRecord
from learning.policies import lessons_in
from learning.queries.progress import ModuleView, Progress, StepView, choices_for, progress_of

PROPOSED = 4


@dataclass(frozen=True, slots=True)
class Seat:
    """A student's place in the lesson, and what it will cost them."""

    participation: Participation
    if_attended: Money
    if_absent: CancellationFee

    @property
    def name(self) -> str:
        return str(self.participation.student)


@dataclass(frozen=True, slots=True)
class Class:
    """Students who follow the same plan, or none: what is taught is written down once for them.

    For several students ``modules`` are those of the one who is least far.
    """

    plan: LessonPlan | None
    participations: tuple[int, ...]
    names: tuple[str, ...]
    modules: tuple[ModuleView, ...] = ()
    proposed: tuple[StepView, ...] = ()
    lessons: int = 0

    @property
    def key(self) -> str:
        return f"plan{self.plan.pk if self.plan else 0}"

    @property
    def is_one_student(self) -> bool:
        return len(self.participations) == 1

    @property
    def proposed_ids(self) -> set[int]:
        return {view.step.pk for view in self.proposed}

    @property
    def step_ids(self) -> list[int]:
        return [view.step.pk for module in self.modules for view in module.steps]


def seats_of(booking: Booking) -> list[Seat]:
    """Everyone who is still expected in this lesson, by name."""
    expected = (
        Participation.objects.filter(booking=booking, status=ParticipationStatus.BOOKED)
        .select_related(
            "student__membership__user",
            "booking__school",
            "booking__lesson_type",
            "booking__cancellation_terms",
        )
        .prefetch_related("booking__cancellation_terms__steps")
        .order_by("student__membership__user__full_name", "pk")
    )
    price = pricing()
    return [Seat(place, place.price, price.no_show_fee(place)) for place in expected]


def classes_of(booking: Booking, seats: Sequence[Seat]) -> list[Class]:
    """The students of a lesson by the plan they follow in its licence category."""
    progress = progress_of([seat.participation.student_id for seat in seats])
    category = booking.lesson_type.licence_category
    groups: dict[int, list[tuple[int, str, Progress | None]]] = {}
    for seat in seats:
        found = progress.get(seat.participation.student_id, [])
        own = next((one for one in found if one.plan.licence_category == category), None)
        groups.setdefault(own.plan.pk if own else 0, []).append(
            (seat.participation.pk, seat.name, own)
        )
    return [_class(booking, group) for group in groups.values()]


def class_of_record(record: LessonRecord) -> Class:
    """The same for one record that is being written up later."""
    booking = record.participation.booking
    category = booking.lesson_type.licence_category
    found = progress_of([record.student_id]).get(record.student_id, [])
    own = next((one for one in found if one.plan.licence_category == category), None)
    return _class(booking, [(record.participation_id, str(record.student), own)])


def _class(booking: Booking, group: Sequence[tuple[int, str, Progress | None]]) -> Class:
    places = tuple(participation for participation, _, _ in group)
    names = tuple(name for _, name, _ in group)
    followed = [own for _, _, own in group if own]
    least = min(followed, key=lambda own: own.taught_modules, default=None)
    if least is None:
        return Class(None, places, names)
    kind = LessonKind(booking.lesson_type.kind)
    modules = tuple(choices_for(least, kind))
    views = {view.step.pk: view for module in modules for view in module.steps}
    return Class(
        plan=least.plan,
        participations=places,
        names=names,
        modules=modules,
        proposed=tuple(views[step.pk] for step in least.next_steps(kind, PROPOSED)),
        lessons=lessons_in(booking.minutes, least.plan.lesson_minutes),
    )

"""What became of each student's place in a lesson that is over."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import pgettext

from administration.models import Student
from bookings.enums import BookingChange, BookingStatus, ParticipationStatus
from bookings.models import Booking, Participation, ParticipationTransition

LOOKS: dict[str, tuple[str, str]] = {
    ParticipationStatus.ATTENDED: ("ok", "check-circle"),
    ParticipationStatus.ABSENT: ("bad", "person-x"),
    ParticipationStatus.CANCELLED: ("neutral", "x-circle"),
}


@dataclass(frozen=True, slots=True)
class Presence:
    """Whether one student was there; ``label`` says it in the reader's language."""

    place: Participation
    status: ParticipationStatus
    label: str
    tone: str
    icon: str

    @property
    def student(self) -> Student:
        return self.place.student

    @property
    def named(self) -> str:
        return f"{self.student}: {self.label}"

    @property
    def was_there(self) -> bool:
        return self.status == ParticipationStatus.ATTENDED

    @property
    def is_excused(self) -> bool:
        return self.status == ParticipationStatus.CANCELLED


def presence_in(bookings: Iterable[Booking]) -> dict[int, list[Presence]]:
    """By booking (id) everyone whose place ended with it, in the order of booking. One query.

    Who is excused gave the place back in that moment; who had left before is not among them. A
    lesson to which the teacher did not come says nothing of its students.
    """
    over = [one.pk for one in bookings if one.no_show_by != "teacher"]
    ended = ParticipationTransition.objects.filter(
        booking_transition__booking__in=over,
        booking_transition__change=BookingChange.STATUS,
        booking_transition__to_status__in=(BookingStatus.COMPLETED, BookingStatus.NO_SHOW),
    ).select_related("participation__student__membership__user")
    found: dict[int, list[Presence]] = defaultdict(list)
    for row in ended.order_by("participation"):
        found[row.participation.booking_id].append(_presence(row))
    return found


def _presence(row: ParticipationTransition) -> Presence:
    status = ParticipationStatus(row.to_status)
    is_excused = status == ParticipationStatus.CANCELLED
    label = pgettext("student", "Excused") if is_excused else str(status.label)
    tone, icon = LOOKS[status]
    return Presence(row.participation, status, label, tone, icon)

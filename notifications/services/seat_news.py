"""One message to each student who got seats in the sessions of a series or a class."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from bookings.models import Participation
from notifications.enums import Event
from notifications.services.queueing import BOTH, ONLY_EMAIL, News, queue, reader_of
from notifications.services.recipients import guardians_of


def queue_seats(places: Sequence[Participation], *, at: datetime) -> None:
    """Tell each student, and the guardians of minors, of all their new places at once.

    ``at`` is when they got them, UTC. A single date, as the night adds it to a class, is told in
    writing only.
    """
    by_student: dict[int, list[Participation]] = {}
    for place in places:
        by_student.setdefault(place.student_id, []).append(place)
    news = [one for own in by_student.values() for one in _for_student(own, at)]
    queue(news, school_id=places[0].school_id, at=at)


def _for_student(places: Sequence[Participation], at: datetime) -> Iterator[News]:
    student, ids = places[0].student, sorted(place.pk for place in places)
    about, context = f"seats:{ids[0]}", {"places": ids, "student": str(student)}
    channels = BOTH if len(ids) > 1 else ONLY_EMAIL
    reader = reader_of(student.membership.user)
    yield News(Event.SEATS_GIVEN, about, reader, channels, context | {"audience": "student"})
    for guardian in guardians_of(student, places[0].school, at):
        copy = context | {"audience": "guardian"}
        yield News(Event.SEATS_GIVEN, f"{about}:{student.pk}", guardian, context=copy)

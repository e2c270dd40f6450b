"""Free times: every start that could be offered, judged by the rules of booking itself."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from operator import attrgetter

from django.db.models import Q, QuerySet

from administration.models import Membership, Student, Teacher
from bookings.buffers import buffers_of
from bookings.enums import Party
from bookings.models import BookingResource, LessonType, Resource
from bookings.policies import may_book, party_of
from bookings.ports import Search
from bookings.queries.diary import diary_of
from bookings.queries.free import free_spans
from bookings.queries.proposals import (
    Parties,
    department_for,
    load_rules,
    narrowed,
    proposal_for,
    proposed,
    ranked,
    refusals_of,
    resources_for,
)
from bookings.queries.starts import Grid, Picking
from justdriving.kernel.clock import instant_or_next
from justdriving.kernel.policy import Refusal


@dataclass(frozen=True, slots=True)
class Slot:
    """A time a lesson could begin, UTC; free when there are no refusals."""

    starts_at: datetime
    ends_at: datetime
    teacher: Teacher
    resources: tuple[Resource, ...]
    refusals: tuple[Refusal, ...] = ()

    @property
    def is_free(self) -> bool:
        return not self.refusals


def free_times(  # noqa: PLR0913 -- a search names everything it is for
    *,
    lesson_type: LessonType,
    students: Sequence[Student],
    by: Membership,
    at: datetime,
    teacher: Teacher | None,
    first_day: date,
    days: int,
    minutes: int | None = None,
    department_id: int | None = None,
    booking_id: int | None = None,
    only_free: bool = True,
    refused_too: bool = False,
) -> list[Slot]:
    """The times this lesson could begin on ``days`` days from ``first_day`` (school's zone).

    ``teacher`` None means any teacher of the department; the student's own comes first at each
    time. ``minutes`` None is the type's own length; ``department_id`` asks for the teachers of
    another department than the one that gives the lesson. ``booking_id`` is the booking to be
    moved: it stands in nobody's way. With ``only_free`` off, refused times come too, with every
    reason; with ``refused_too`` those of them at which everybody and everything needed is free.
    ``at`` is now, UTC. A wall time that the clock skips is not offered, a doubled one once. A fixed
    number of queries.
    """
    if may_book(by, lesson_type):
        return []
    resources, _picks = resources_for(by, lesson_type, None)
    given_by = department_for(by, students, teacher)
    teachers = _teachers(by, lesson_type, students, teacher, department_id or given_by)
    if not teachers:
        return []
    own = students[0].teacher_id if students else None
    teachers.sort(key=lambda one: (one.pk != own, str(one)))
    parties = narrowed(
        Parties(
            by=by,
            lesson_type=lesson_type,
            teacher=teachers[0],
            students=tuple(students),
            resources=resources,
            picks=True,
            department_id=given_by,
            current=_current(booking_id),
        )
    )
    wanted = Wanted(first_day, days, timedelta(minutes=minutes or lesson_type.duration_minutes))
    search = _search(parties, teachers, wanted, at=at, booking_id=booking_id)
    found = (
        _offered(parties, search, wanted, refused_too=refused_too)
        if only_free
        else _judged(parties, search, wanted)
    )
    return sorted(found, key=attrgetter("starts_at"))  # teacher by teacher, and stays so


@dataclass(frozen=True, slots=True)
class Wanted:
    """How long a lesson is wanted, on which days."""

    first_day: date
    days: int
    length: timedelta

    def __iter__(self) -> Iterator[date]:
        return (self.first_day + timedelta(days=number) for number in range(self.days))

    @property
    def last_day(self) -> date:
        return self.first_day + timedelta(days=self.days - 1)


def _teachers(
    by: Membership,
    lesson_type: LessonType,
    students: Sequence[Student],
    teacher: Teacher | None,
    department_id: int,
) -> list[Teacher]:
    if teacher is not None:
        return [teacher]
    visible: QuerySet[Teacher] = Teacher.objects.visible_to(by)
    if party_of(by) == Party.TEACHER:
        visible = visible.filter(membership=by)
    own = [student.teacher_id for student in students if student.teacher_id]
    near = visible.filter(
        Q(pk__in=Teacher.objects.filter(workplaces__department=department_id).values("pk"))
        | Q(pk__in=own),
        is_active=True,
        licence_categories__contains=[lesson_type.licence_category],
    )
    return list(near.select_related("membership__user").order_by("pk"))


def _current(booking_id: int | None) -> tuple[Resource, ...]:
    if booking_id is None:
        return ()
    held = BookingResource.objects.filter(booking=booking_id)
    return tuple(Resource.objects.filter(pk__in=held.values("resource")))


def _search(
    parties: Parties,
    teachers: Sequence[Teacher],
    wanted: Wanted,
    *,
    at: datetime,
    booking_id: int | None,
) -> Search:
    zone = parties.by.school.zone
    before, after = buffers_of(parties.lesson_type, *teachers, *parties.resources)
    midnight = instant_or_next(wanted.first_day, time(), zone)
    end = instant_or_next(wanted.last_day + timedelta(days=2), time(), zone)
    return Search(
        lesson_type=parties.lesson_type,
        teachers=teachers,
        students=parties.students,
        resources=parties.resources,
        lower=midnight - before,
        upper=end + after,
        zone=zone,
        department_id=parties.department_id,
        party=parties.party,
        at=at,
        booking_id=booking_id,
    )


def _judged(parties: Parties, search: Search, wanted: Wanted) -> Iterator[Slot]:
    """Every start, with everything the rules say against it."""
    loaded, diary = load_rules(search), diary_of(search)
    best_first = ranked(parties, diary)
    grid = Grid(diary, parties.lesson_type, wanted.length)
    for teacher in search.teachers:
        whose = replace(best_first, teacher=teacher)
        for day in wanted:
            for starts_at in grid.starts_on(teacher.pk, day):
                if starts_at <= search.at:
                    continue
                proposal = proposal_for(whose, search, starts_at, starts_at + wanted.length)
                refusals = tuple(refusals_of(loaded, proposal))
                yield Slot(
                    proposal.starts_at, proposal.ends_at, teacher, proposal.resources, refusals
                )


def _offered(
    parties: Parties, search: Search, wanted: Wanted, *, refused_too: bool
) -> Iterator[Slot]:
    """The starts that the database leaves free and, unless told, no rule speaks against."""
    free = free_spans(parties, search, (wanted.first_day, wanted.last_day), wanted.length)
    search = replace(search, subtracted=True)
    loaded, grid = load_rules(search), Grid(diary_of(search), parties.lesson_type, wanted.length)
    pick = Picking(parties, free, diary_of(search), search.booking_id)
    for teacher in search.teachers:
        for starts_at in grid.starts_in(teacher.pk, free.of_teacher(teacher.pk), wanted):
            if starts_at <= search.at:
                continue
            ends_at = starts_at + wanted.length
            proposal = proposed(
                parties, search, teacher, pick(starts_at, ends_at), (starts_at, ends_at)
            )
            refusals = refusals_of(loaded, proposal)
            if refused_too:
                yield Slot(starts_at, ends_at, teacher, proposal.resources, tuple(refusals))
            elif next(refusals, None) is None:
                yield Slot(starts_at, ends_at, teacher, proposal.resources)

"""From what somebody asks for to a proposal that the rules can judge."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _

from administration.models import Department, Membership, Student, Teacher
from bookings.buffers import buffers_of
from bookings.enums import Party
from bookings.models import LessonType, LessonTypeNeed, Resource
from bookings.policies import (
    each_once,
    has_seats,
    may_book,
    may_plan_freely,
    offers_length,
    party_of,
    share_the_lesson,
    still_learn,
)
from bookings.ports import BookingRule, Proposal, Search, booking_rules
from bookings.queries.diary import NOTHING, Diary, diary_of
from bookings.queries.quota import chosen, room_on
from justdriving.kernel.policy import Refusal, Refused
from justdriving.kernel.reads import Reading

M = TypeVar("M", bound=Model)

AROUND = timedelta(days=3)
"""How far around a lesson to look when the least used vehicle is chosen."""


@dataclass(frozen=True, slots=True)
class LessonRequest:
    """A lesson somebody asks for. ``starts_at`` is a UTC instant.

    ``resource_ids`` None lets the calendar pick suitable free ones; students always leave it None.
    ``minutes`` None is the type's own length. ``own_minutes`` are those that a student (by id) has
    of a lesson they share; without an entry they have all of it. A ``draft`` takes nobody's time.
    """

    lesson_type_id: int
    teacher_id: int
    student_ids: tuple[int, ...]
    resource_ids: tuple[int, ...] | None
    starts_at: datetime
    place: str = ""
    note: str = ""
    minutes: int | None = None
    own_minutes: Mapping[int, int] = field(default_factory=dict)
    draft: bool = False

    def minutes_of(self, lesson_type: LessonType) -> int:
        """How long the lesson lasts."""
        return lesson_type.duration_minutes if self.minutes is None else self.minutes


@dataclass(frozen=True, slots=True)
class Parties:
    """Who and what a lesson concerns, all of it visible to the person who asks.

    ``resources`` are the chosen ones, or with ``picks`` those to choose from; ``current`` are those
    of an existing booking, which it keeps if it can.
    """

    by: Membership
    lesson_type: LessonType
    teacher: Teacher
    students: tuple[Student, ...]
    resources: tuple[Resource, ...]
    picks: bool
    department_id: int
    current: tuple[Resource, ...] = ()
    places: frozenset[int] = frozenset()
    """Of ``current`` (ids) the places of a session: each serves one of the students."""
    own_minutes: Mapping[int, int] = field(default_factory=dict)
    """By student (id) the minutes that are theirs in a lesson they share; without one, all."""

    @property
    def party(self) -> Party:
        return party_of(self.by)

    @property
    def user_ids(self) -> set[int]:
        students = {student.membership.user_id for student in self.students}
        return {self.teacher.membership.user_id} | students


def not_found() -> Refused:
    """What lies outside a member's sight is refused like what does not exist."""
    return Refused(Refusal("not-found", _("That was not found. Please choose again.")))


def found(rows: Iterable[M]) -> M:
    """The one row there is; raises Refused ``not-found`` without it."""
    row = next(iter(rows), None)
    if row is None:
        raise not_found()
    return row


@Reading
def lesson_types_seen(by: Membership, pk: int) -> QuerySet[LessonType]:
    return LessonType.objects.visible_to(by).filter(pk=pk)


@Reading
def students_seen(by: Membership, pks: tuple[int, ...]) -> QuerySet[Student]:
    visible = Student.objects.visible_to(by).select_related("membership__user")
    return visible.filter(pk__in=pks)


@Reading
def resources_seen(by: Membership, pks: tuple[int, ...]) -> QuerySet[Resource]:
    return Resource.objects.visible_to(by).filter(pk__in=pks)


@Reading
def teachers_planned_for(by: Membership, pk: int) -> QuerySet[Teacher]:
    teachers = Teacher.objects.visible_to(by).select_related("membership__user")
    if party_of(by) == Party.TEACHER:
        teachers = teachers.filter(membership=by)
    return teachers.filter(pk=pk)


def parties_of(wanted: LessonRequest, by: Membership) -> Parties:
    """Read everyone concerned, as far as ``by`` may see them; raises Refused ``not-found``."""
    lesson_type = found(lesson_types_seen(by, wanted.lesson_type_id))
    lesson_type.school = by.school
    students = students_for(by, wanted.student_ids)
    resources, picks = resources_for(by, lesson_type, wanted.resource_ids)
    teacher = teacher_for(by, wanted.teacher_id)
    return Parties(
        by=by,
        lesson_type=lesson_type,
        teacher=teacher,
        students=students,
        resources=resources,
        picks=picks,
        department_id=department_for(by, students, teacher),
        own_minutes=wanted.own_minutes,
    )


def teacher_for(by: Membership, teacher_id: int) -> Teacher:
    """A teacher this member may plan lessons for; a teacher only plans their own."""
    return found(teachers_planned_for(by, teacher_id))


def students_for(by: Membership, student_ids: Sequence[int]) -> tuple[Student, ...]:
    """These students, in their order, if this member may plan lessons for every one of them."""
    if not student_ids:
        return ()
    students = {student.pk: student for student in students_seen(by, tuple(student_ids))}
    if students.keys() != set(student_ids):
        raise not_found()
    return tuple(students[pk] for pk in dict.fromkeys(student_ids))


def resources_for(
    by: Membership, lesson_type: LessonType, resource_ids: Sequence[int] | None
) -> tuple[tuple[Resource, ...], bool]:
    """The chosen resources, or all that such a lesson could use; and whether to pick from them."""
    if resource_ids is None:
        needed = LessonTypeNeed.objects.filter(lesson_type=lesson_type).values("kind")
        return tuple(Resource.objects.filter(is_active=True, kind__in=needed)), True
    if not resource_ids:
        return (), False
    resources = tuple(resources_seen(by, tuple(resource_ids)))
    if {resource.pk for resource in resources} != set(resource_ids):
        raise not_found()
    return resources, False


def department_for(by: Membership, students: Sequence[Student], teacher: Teacher | None) -> int:
    """The department that gives a lesson: the student's, else the planner's, else the teacher's.

    A school whose teachers work nowhere in particular gives it from its first department.
    """
    known = students[0].department_id if students else by.department_id
    if known:
        return known
    open_ = Department.objects.filter(is_active=True).order_by("pk")
    own = open_.filter(pk__in=teacher.workplaces.values("department")) if teacher else open_.none()
    return (own.first() or found(open_[:1])).pk


def suits(resource: Resource, lesson_type: LessonType, students: Sequence[Student]) -> bool:
    """Whether a resource serves this kind of lesson and the gearbox these students learn."""
    categories = resource.licence_categories
    if not resource.is_active or (categories and lesson_type.licence_category not in categories):
        return False
    return not resource.gearbox or all(student.gearbox == resource.gearbox for student in students)


def ranked(parties: Parties, diary: Diary) -> Parties:
    """The resources to pick from, best first: the department's own, then the least used."""
    if not parties.picks:
        return parties

    def rank(resource: Resource) -> tuple[bool, int, int]:
        elsewhere = resource.department_id != parties.department_id
        return elsewhere, len(diary.things.get(resource.pk, NOTHING)), resource.pk

    return replace(parties, resources=tuple(sorted(parties.resources, key=rank)))


def picked(
    parties: Parties,
    diary: Diary,
    starts_at: datetime,
    ends_at: datetime,
    booking_id: int | None = None,
) -> tuple[Resource, ...]:
    """The resources of the booking that are free, else the first free one, of each kind needed.

    ``starts_at`` and ``ends_at`` are the lesson's own, UTC. A kind without a free one is left out;
    one whose quota is used up comes after those that have room.
    """
    has_room = room_on(diary, diary.day_of(starts_at), booking_id)

    def is_free(resource: Resource) -> bool:
        before, after = buffers_of(parties.lesson_type, resource)
        return diary.is_usable(resource.pk, starts_at - before, ends_at + after)

    found: list[Resource] = []
    for kind in sorted({*diary.needs, *(one.kind for one in parties.current)}):
        kept = [one for one in parties.current if one.kind == kind and is_free(one)]
        free = (one for one in parties.resources if one.kind == kind and is_free(one))
        found += chosen(kept, free, has_room)
    return tuple(found)


def narrowed(parties: Parties) -> Parties:
    """Leave only suitable resources to pick from; chosen ones stay as they are."""
    if not parties.picks:
        return parties
    fitting = tuple(
        one
        for one in parties.resources
        if one in parties.current or suits(one, parties.lesson_type, parties.students)
    )
    return replace(parties, resources=fitting)


def search_for(
    parties: Parties,
    starts_at: datetime,
    ends_at: datetime,
    *,
    at: datetime,
    booking_id: int | None = None,
) -> Search:
    """What the rules must know to judge one proposal."""
    before, after = buffers_of(parties.lesson_type, parties.teacher, *parties.resources)
    around = AROUND if parties.picks else timedelta()
    return Search(
        lesson_type=parties.lesson_type,
        teachers=(parties.teacher,),
        students=parties.students,
        resources=parties.resources,
        lower=starts_at - before - around,
        upper=ends_at + after + around,
        zone=parties.by.school.zone,
        department_id=parties.department_id,
        party=parties.party,
        at=at,
        booking_id=booking_id,
    )


def proposal_for(
    parties: Parties,
    search: Search,
    starts_at: datetime,
    ends_at: datetime,
    booking_id: int | None = None,
) -> Proposal:
    """The proposal at one time, with its resources picked if they are the calendar's to pick.

    ``booking_id`` is the one of several that change together that this is about.
    """
    resources, about = parties.resources, booking_id or search.booking_id
    if parties.picks:
        resources = picked(parties, diary_of(search), starts_at, ends_at, about)
    proposal = proposed(parties, search, parties.teacher, resources, (starts_at, ends_at))
    return replace(proposal, booking_id=about) if booking_id else proposal


def proposed(
    parties: Parties,
    search: Search,
    teacher: Teacher,
    resources: tuple[Resource, ...],
    period: tuple[datetime, datetime],
) -> Proposal:
    """The proposal with this teacher and these resources, from one UTC instant to another."""
    starts_at, ends_at = period
    return Proposal(
        lesson_type=parties.lesson_type,
        teacher=teacher,
        students=parties.students,
        resources=resources,
        starts_at=starts_at,
        ends_at=ends_at,
        by=parties.by.user,
        party=search.party,
        at=search.at,
        department_id=parties.department_id,
        booking_id=search.booking_id,
        places=parties.places,
        own_minutes=parties.own_minutes,
    )


def load_rules(search: Search) -> list[tuple[BookingRule, Any]]:
    """Every rule that has something to say, with its facts: a fixed number of queries."""
    loaded = [(rule, rule.load(search)) for rule in booking_rules()]
    return [(rule, facts) for rule, facts in loaded if facts is not None]


def refusals_of(loaded: Sequence[tuple[BookingRule, Any]], proposal: Proposal) -> Iterator[Refusal]:
    """What stands in the way of a proposal, one rule after the other."""
    for rule, facts in loaded:
        yield from rule.refuse(proposal, facts)


def standing_refusals(parties: Parties, wanted: LessonRequest) -> list[Refusal]:
    """What stands in the way whatever the time."""
    lesson_type = parties.lesson_type
    against = (
        may_book(parties.by, lesson_type),
        still_learn(parties.students),
        has_seats(capacity=lesson_type.capacity, wanted=len(parties.students)),
        offers_length(lesson_type, wanted.minutes),
        may_plan_freely(parties.party, is_draft=wanted.draft, own_minutes=wanted.own_minutes),
        each_once(wanted.student_ids),
        share_the_lesson(
            wanted.own_minutes,
            students=wanted.student_ids,
            minutes=wanted.minutes_of(lesson_type),
        ),
    )
    return [refusal for refusal in against if refusal]


def judged(
    parties: Parties, starts_at: datetime, *, at: datetime, minutes: int, booking_id: int | None
) -> tuple[Proposal, list[Refusal]]:
    """One proposal and everything the rules say against it."""
    starts_at = starts_at.astimezone(UTC)
    ends_at = starts_at + timedelta(minutes=minutes)
    search = search_for(parties, starts_at, ends_at, at=at, booking_id=booking_id)
    parties = ranked(parties, diary_of(search))
    proposal = proposal_for(parties, search, starts_at, ends_at)
    return proposal, list(refusals_of(load_rules(search), proposal))


def why_not(
    *, wanted: LessonRequest, by: Membership, at: datetime, booking_id: int | None = None
) -> list[Refusal]:
    """Everything that stands in the way of this lesson; empty means it can be booked.

    The same rules as ``bookings.services.book_lesson``, without locks and without writing. ``at``
    is now, UTC. What ``by`` may not see comes back as ``not-found``.
    """
    try:
        parties = narrowed(parties_of(wanted, by))
    except Refused as refused:
        return list(refused.refusals)
    minutes = wanted.minutes_of(parties.lesson_type)
    _proposal, refusals = judged(
        parties, wanted.starts_at, at=at, minutes=minutes, booking_id=booking_id
    )
    return standing_refusals(parties, wanted) + refusals


def overruled(
    refusals: Sequence[Refusal], overrides: Mapping[str, str], *, may_override: bool
) -> tuple[list[Refusal], list[Refusal]]:
    """Split refusals into those that stand and those overruled by name with a reason."""
    set_aside = [
        refusal
        for refusal in refusals
        if may_override and refusal.overridable and overrides.get(refusal.code, "").strip()
    ]
    return [refusal for refusal in refusals if refusal not in set_aside], set_aside

"""A query that is written once finds exactly what the ORM finds, for everybody, every time."""

import datetime as dt

import pytest
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import DateField, F, JSONField, Q
from django.db.models.expressions import RawSQL
from django.db.models.functions import Cast, JSONObject
from django.utils import timezone

from administration.access import _active_memberships
from administration.enums import Role
from administration.models import Membership, Student, Teacher, User
from bookings.models import LessonType, Resource
from bookings.queries import proposals
from justdriving.kernel.reads import ClockInQuery, Reading
from justdriving.kernel.tenancy import NoActiveSchool, school_scope
from tests.factories import (
    BookingFactory,
    DepartmentFactory,
    GuardianFactory,
    LessonTypeFactory,
    MembershipFactory,
    StudentFactory,
    TeacherFactory,
    VehicleFactory,
)


@pytest.fixture
def people(cast, other_school):
    """A member of each kind, and rows that some of them may not see."""
    elsewhere = DepartmentFactory(school=cast.school)
    far = StudentFactory(school=cast.school, department=elsewhere, teacher=cast.other_teacher)
    VehicleFactory(school=cast.school, department=elsewhere)
    LessonTypeFactory(school=cast.school, is_active=False)
    TeacherFactory(school=cast.school, is_active=False)
    BookingFactory(school=cast.school, teacher=cast.teacher, students=[far])
    guardian = MembershipFactory(school=cast.school, role=Role.GUARDIAN)
    GuardianFactory(student=cast.other_student, user=guardian.user)
    limited = {
        "school": cast.school,
        "role": Role.OFFICE,
    }
    return {
        "owner": cast.owner,
        "office": cast.office,
        "office here": MembershipFactory(**limited, department=cast.department),
        "office elsewhere": MembershipFactory(**limited, department=elsewhere),
        "teacher": cast.teacher.membership,
        "other teacher": cast.other_teacher.membership,
        "student": cast.student.membership,
        "other student": cast.other_student.membership,
        "guardian": guardian,
        "somebody else's owner": other_school.owner,
    }


def keys(rows):
    return sorted(row.pk for row in rows)


def every_key(model):
    return tuple(model.across_schools.order_by("pk").values_list("pk", flat=True))


def test_every_member_reads_what_is_visible_to_them(people):
    students, resources = every_key(Student), every_key(Resource)
    for _again in range(2):
        for who, member in people.items():
            found = {
                "students": keys(proposals.students_seen(member, students)),
                "resources": keys(proposals.resources_seen(member, resources)),
                "lesson types": [
                    pk
                    for pk in every_key(LessonType)
                    if keys(proposals.lesson_types_seen(member, pk))
                ],
            }
            assert found == {
                "students": keys(Student.objects.visible_to(member).distinct()),
                "resources": keys(Resource.objects.visible_to(member)),
                "lesson types": keys(LessonType.objects.visible_to(member)),
            }, who


def test_every_member_plans_for_the_teachers_they_may(people):
    for who, member in people.items():
        wanted = Teacher.objects.visible_to(member)
        if member.role == Role.TEACHER:
            wanted = wanted.filter(membership=member)
        found = [
            pk for pk in every_key(Teacher) if keys(proposals.teachers_planned_for(member, pk))
        ]
        assert found == keys(wanted), who


def test_the_visible_rows_differ_between_these_people(people):
    """Else the tests above would compare nothing."""
    seen = {who: keys(Student.objects.visible_to(one)) for who, one in people.items()}
    assert len({tuple(one) for one in seen.values()}) == 5


def test_rows_come_with_what_the_query_selects_along(cast, django_assert_num_queries):
    member = MembershipFactory(school=cast.school, user__phone="+4520304050")
    student = StudentFactory(school=cast.school, membership=member)

    with django_assert_num_queries(1):
        (found,) = proposals.students_seen(cast.office, (student.pk,))
        user = found.membership.user

    saved = Student.objects.select_related("membership__user").get(pk=student.pk)
    for mine, theirs in (
        (found, saved),
        (found.membership, saved.membership),
        (user, saved.membership.user),
    ):
        assert type(mine) is type(theirs)
        values = {field.attname: getattr(mine, field.attname) for field in mine._meta.fields}
        assert values == {
            field.attname: getattr(theirs, field.attname) for field in mine._meta.fields
        }
        assert (mine._state.adding, mine._state.db) == (False, "default")


def test_converted_values_are_those_of_the_orm(cast):
    (member,) = _active_memberships(cast.office.user_id, cast.school.slug)
    school = type(cast.school).objects.get(pk=cast.school.pk)

    for field in school._meta.concrete_fields:
        mine, theirs = (getattr(one, field.attname) for one in (member.school, school))
        assert (type(mine), mine) == (type(theirs), theirs), field.name


def test_each_call_makes_new_rows(cast):
    first, second = (
        proposals.teachers_planned_for(cast.office, cast.teacher.pk)[0] for _ in range(2)
    )
    assert first == second
    assert first is not second


def test_a_shape_is_written_once_whatever_its_values(cast):
    written = []

    def query(name, pks, teacher):
        written.append(name)
        students = Student.objects.filter(pk__in=pks, membership__user__full_name=name)
        return students.filter(Q(teacher__isnull=True) if teacher is None else Q(teacher=teacher))

    reading = Reading(query)
    pks, teacher = (cast.student.pk, cast.other_student.pk), cast.teacher.pk
    assert keys(reading("Åse Lind", pks, teacher)) == [cast.student.pk]
    assert keys(reading("Noah Berg", pks, teacher)) == [cast.other_student.pk]
    assert keys(reading("Åse Lind", pks[::-1], cast.other_teacher.pk)) == []
    assert len(written) == 1

    assert reading("Åse Lind", pks, None) == []
    assert reading("Åse Lind", pks[1:], teacher) == []
    assert len(written) == 3


def test_the_school_is_the_one_in_scope_and_there_must_be_one(cast, other_school):
    office, mine = cast.office, cast.vehicle.pk
    assert keys(proposals.resources_seen(office, (mine,))) == [mine]
    with school_scope(other_school.school.pk):
        assert proposals.resources_seen(office, (mine,)) == []


@pytest.mark.parametrize("role", (Role.OFFICE, Role.STUDENT))
def test_a_read_without_a_school_is_an_error(db, role):
    member = MembershipFactory(role=role)
    with school_scope(member.school_id):
        proposals.resources_seen(member, (1,))

    with pytest.raises(NoActiveSchool):
        proposals.resources_seen(member, (1,))


def test_rows_nobody_can_see_are_not_asked_for(cast, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert proposals.resources_seen(cast.student.membership, (cast.vehicle.pk,)) == []


@pytest.mark.parametrize("asks", ("status", "created_at", "school", "user"))
def test_a_query_cannot_depend_on_what_shapes_no_reading(cast, asks):
    """Whoever lets ``visible_to`` ask for more must name it in ``shapes_readings``."""
    reading = Reading(
        lambda by: Student.objects.filter(status="active") if getattr(by, asks) else None
    )
    with pytest.raises(
        (Membership.DoesNotExist, type(cast.school).DoesNotExist, User.DoesNotExist)
    ):
        reading(cast.office)


def test_a_query_cannot_keep_the_time_it_was_written(cast):
    reading = Reading(lambda: Student.objects.filter(registered_at__lt=timezone.now()))
    with pytest.raises(ClockInQuery):
        reading()


DAYS = (dt.date(2007, 5, 3), dt.date(1990, 1, 1), dt.date(2030, 1, 1))
MOMENTS = tuple(
    dt.datetime(2026, 3, 1, hour, tzinfo=zone)
    for hour in (0, 12)
    for zone in (dt.UTC, dt.timezone(dt.timedelta(hours=-8)))
)


def test_times_are_values_like_any_other(cast):
    """To the second: a plan that kept the first time would find the same for each."""
    student = cast.student
    for day, moment in zip((*DAYS, DAYS[0]), MOMENTS, strict=True):
        other = StudentFactory(school=cast.school, born_on=day)
        Student.objects.filter(pk=other.pk).update(registered_at=moment)
    written = []

    def query(day, moment, pk):
        written.append(day)
        return Student.objects.filter(born_on__gte=day, registered_at__lte=moment).exclude(pk=pk)

    reading = Reading(query)
    found = {(day, one): keys(reading(day, one, student.pk)) for day in DAYS for one in MOMENTS}

    assert len(written) == 1
    assert found == {asked: keys(query(*asked, student.pk)) for asked in found}
    assert len({tuple(one) for one in found.values()}) > 3


@pytest.mark.parametrize(
    "query",
    (
        lambda day, _moment: Student.objects.filter(born_on__lte=day + dt.timedelta(days=1)),
        lambda _day, moment: Student.objects.filter(registered_at__lt=moment - dt.timedelta(1)),
        lambda _day, moment: Student.objects.filter(born_on__lt=moment),
        lambda _day, moment: Student.objects.filter(born_on__lt=moment.date()),
        lambda day, _moment: Student.objects.annotate(
            other=RawSQL("%s::date = ANY(%s)", [day, [dt.date(2026, 3, 1)]])
        ).values("other"),
    ),
)
def test_a_query_cannot_reckon_with_a_time(cast, query):
    """It would be another one of its own, and stand still."""
    with pytest.raises(ClockInQuery):
        Reading(query)(DAYS[0], MOMENTS[0])


def test_values_are_the_dicts_of_the_orm(cast, people):
    def query(pks, day):
        members = Membership.objects.filter(pk__in=pks)
        named = members.order_by("pk").values(row=JSONObject(pk="pk", name="user__full_name"))
        return (
            Student.objects.filter(membership__in=pks)
            .annotate(
                named=ArraySubquery(named),
                day=Cast(day, DateField()),
                asked=RawSQL("%s = ANY(%s)", [pks[0], list(pks)]),
                nobody=ArraySubquery(named.none()),
                kept=RawSQL("%s::jsonb", ['{"kept": [1]}'], output_field=JSONField()),
            )
            .order_by("pk")
            .values("pk", "named", "day", "asked", "nobody", "kept", phone=F("membership__user"))
        )

    reading = Reading(query)
    members = [one.pk for one in people.values()]
    for pks in (members[-5:-1], members[4:8], members[:4]):
        for day in DAYS:
            assert reading(tuple(pks), day) == list(query(tuple(pks), day))
    assert len(reading(tuple(members), DAYS[0])) == 2
    assert list(Reading(lambda: Student.objects.values())()) == list(Student.objects.values())


def test_only_rows_and_dicts_can_be_made(cast):
    with pytest.raises(KeyError):
        Reading(lambda: Student.objects.values_list("pk"))()

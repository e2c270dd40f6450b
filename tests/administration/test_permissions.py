"""The one table of who may do what: page, document and program say the same."""

from pathlib import Path

import pytest
from django.urls import reverse

from administration.enums import Role
from administration.management.commands.print_permissions import page
from administration.models import Membership, School
from administration.permissions import (
    AREAS,
    GRANTS,
    IF_THE_SCHOOL_ALLOWS,
    MANAGES,
    Grant,
    Permission,
    may,
    may_manage,
    table,
)

P = Permission
OWNER, OFFICE, TEACHER, STUDENT, GUARDIAN = Role
DOCUMENT = Path(__file__).parents[2] / "docs" / "permissions.md"


def test_the_document_is_printed_from_the_table():
    assert DOCUMENT.read_text() == page()


def test_every_permission_has_its_place_in_the_table_once():
    listed = [row.permission for _, rows in table() for row in rows]

    assert sorted(listed) == sorted(Permission)
    assert [permission for area in AREAS.values() for permission in area] == listed


def test_the_table_says_what_the_program_asks():
    school = School()
    for _, rows in table():
        for row in rows:
            for cell in row.cells:
                member = Membership(role=cell.role, school=school)
                assert may(member, row.permission) == cell.holds_at(school), (row, cell)


def test_a_switch_of_the_school_decides_both_on_the_page_and_in_the_program():
    for (role, permission), switch in IF_THE_SCHOOL_ALLOWS.items():
        answers = []
        for value in (True, False):
            school = School(**{switch: value})
            answers.append(may(Membership(role=role, school=school), permission))
        assert answers == [True, False], (role, permission)
        assert permission in GRANTS[role]


@pytest.mark.parametrize(
    ("permission", "roles"),
    (
        (P.MANAGE_SCHOOL, {OWNER}),
        (P.MANAGE_DEPARTMENTS, {OWNER}),
        (P.MANAGE_OFFICE, {OWNER}),
        (P.MANAGE_TEACHERS, {OWNER, OFFICE}),
        (P.EDIT_STUDENTS, {OWNER, OFFICE, TEACHER}),
        (P.VIEW_STUDENTS, {OWNER, OFFICE, TEACHER, GUARDIAN}),
        (P.VIEW_CALENDAR, {OWNER, OFFICE, TEACHER}),
        (P.BOOK, {OWNER, OFFICE, TEACHER, STUDENT}),
        (P.OVERRIDE_RULE, {OWNER, OFFICE}),
        (P.COMPLETE_BOOKING, {OWNER, OFFICE, TEACHER}),
        (P.EDIT_LESSON_PLANS, {OWNER, TEACHER}),
        (P.RECORD_TEACHING, {OWNER, TEACHER}),
        (P.SIGN_AS_TEACHER, {OWNER, TEACHER}),
        (P.SIGN_AS_STUDENT, {STUDENT}),
        (P.CORRECT_SIGNED_RECORD, {OWNER, TEACHER}),
        (P.VIEW_INVOICES, {OWNER, OFFICE, STUDENT, GUARDIAN}),
        (P.MANAGE_INVOICES, {OWNER, OFFICE}),
        (P.REGISTER_PAYMENT, {OWNER, OFFICE, TEACHER}),
        (P.PAY_ONLINE, {STUDENT, GUARDIAN}),
        (P.VIEW_REPORTS, {OWNER, OFFICE}),
    ),
)
def test_roles_have_what_the_product_promises(permission, roles):
    """Row by row as the product describes it; the ones a school may switch are named below."""
    assert {role for role in Role if permission in GRANTS[role]} == roles


def test_the_schools_switches_are_the_promised_ones():
    assert set(IF_THE_SCHOOL_ALLOWS) == {
        (TEACHER, P.EDIT_STUDENTS),
        (TEACHER, P.REGISTER_PAYMENT),
        (TEACHER, P.EDIT_LESSON_PLANS),
        (OFFICE, P.VIEW_REPORTS),
        (STUDENT, P.BOOK),
    }


def test_every_role_is_managed_by_somebody():
    assert set(MANAGES) == set(Role)
    school = School()
    managed = {
        role: {other for other in Role if may_manage(Membership(role=role, school=school), other)}
        for role in Role
    }
    assert managed == {
        OWNER: set(Role),
        OFFICE: {TEACHER, STUDENT, GUARDIAN},
        TEACHER: set(),
        STUDENT: set(),
        GUARDIAN: set(),
    }


@pytest.mark.django_db
@pytest.mark.parametrize("language", ("da", "en"))
def test_the_page_shows_every_row_and_the_switches_as_they_are(cast, signed_in, language):
    cast.owner.user.language = language
    cast.owner.user.save()
    School.objects.filter(pk=cast.school.pk).update(teachers_edit_students=True)

    answer = signed_in(cast.owner).get(
        reverse("administration:permissions", args=[cast.school.slug])
    )

    shown = {
        (str(label), cell.role, cell.grant, holds)
        for _, rows in answer.context["areas"]
        for label, cells in rows
        for cell, holds in cells
    }
    school = School.objects.get(pk=cast.school.pk)
    expected = {
        (str(row.label), cell.role, cell.grant, cell.holds_at(school))
        for _, rows in table()
        for row in rows
        for cell in row.cells
    }
    assert {(role, grant, holds) for _, role, grant, holds in shown} == {
        (role, grant, holds) for _, role, grant, holds in expected
    }
    assert len(shown) == len(expected)
    assert (TEACHER, Grant.IF_ALLOWED, True) in {one[1:] for one in shown}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("who", "code"), (("owner", 200), ("office", 200), ("teacher", 200), ("student", 403))
)
def test_the_table_is_for_staff(cast, signed_in, who, code):
    answer = signed_in(getattr(cast, who)).get(
        reverse("administration:permissions", args=[cast.school.slug])
    )

    assert answer.status_code == code

"""The list of students, and a record that nobody overwrites unseen."""

import datetime as dt

import pytest
from django.contrib.auth.hashers import make_password
from django.urls import reverse

from administration import queries
from administration.enums import LicenceCategory, Role, StudentChange, StudentStatus
from administration.models import School, Student, StudentEvent
from administration.services import edit_student
from justdriving.kernel.policy import Refused
from tests.administration.conftest import answers
from tests.factories import (
    NOW,
    BookingFactory,
    DepartmentFactory,
    GuardianFactory,
    MembershipFactory,
    StudentFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


def student_of(cast, name, **fields):
    user = UserFactory(full_name=name, **fields.pop("user", {}))
    return StudentFactory(
        school=cast.school,
        department=fields.pop("department", cast.department),
        membership=MembershipFactory(school=cast.school, user=user),
        **fields,
    )


def names(member, **wanted):
    return [str(student) for student in queries.students(member, queries.StudentFilter(**wanted))]


# The list


def test_names_are_sorted_as_danes_do(cast):
    for name in ("Ævar", "Østen", "Åge", "Zoe", "anna"):
        student_of(cast, name)

    assert names(cast.office) == [
        "anna",
        "Noah Berg",
        "Zoe",
        "Ævar",
        "Østen",
        "Åge",
        "Åse Lind",
    ]


@pytest.mark.parametrize(
    ("q", "found"),
    (
        ("freja", ["Freja Dam"]),
        ("DAM", ["Freja Dam"]),
        ("dam fre", ["Freja Dam"]),
        ("freja.d@", ["Freja Dam"]),
        ("20 11 22", ["Freja Dam"]),
        ("+4520112233", ["Freja Dam"]),
        ("freja berg", []),
        ("%", []),
    ),
)
def test_a_search_looks_at_name_address_and_phone(cast, q, found):
    student_of(cast, "Freja Dam", user={"phone": "+4520112233", "email": "freja.d@people.example"})

    assert names(cast.office, q=q) == found


def test_filters_narrow_together(cast):
    second = DepartmentFactory(school=cast.school, name="Second")
    student_of(cast, "Ida", department=second, status=StudentStatus.PAUSED, licence_category="A")
    student_of(cast, "Bo", department=second, teacher=cast.teacher)

    assert names(cast.office, department=second.pk) == ["Bo", "Ida"]
    assert names(cast.office, department=second.pk, status=StudentStatus.PAUSED) == ["Ida"]
    assert names(cast.office, category=LicenceCategory.A) == ["Ida"]
    assert names(cast.office, department=second.pk, teacher=cast.teacher.pk) == ["Bo"]


def test_the_newest_come_first_when_asked(cast):
    student_of(cast, "Newest", registered_at=NOW)
    student_of(cast, "Oldest", registered_at=NOW - dt.timedelta(days=900))

    assert names(cast.office, order="newest")[0] == "Newest"
    assert names(cast.office, order="oldest")[0] == "Oldest"


def test_everybody_sees_the_students_that_are_theirs(cast, other_school):
    second = DepartmentFactory(school=cast.school, name="Second")
    limited = MembershipFactory(school=cast.school, role=Role.OFFICE, department=second)
    ida = student_of(cast, "Ida", department=second, teacher=cast.other_teacher)
    guardian = MembershipFactory(school=cast.school, role=Role.GUARDIAN)
    GuardianFactory(student=ida, user=guardian.user)
    BookingFactory(
        school=cast.school,
        department=cast.department,
        lesson_type=cast.lesson_type,
        teacher=cast.other_teacher,
        students=[cast.student],
    )

    everyone = ["Ida", "Noah Berg", "Åse Lind"]
    assert names(cast.owner) == names(cast.office) == everyone
    assert names(limited) == ["Ida"]
    assert names(cast.teacher.membership) == ["Noah Berg", "Åse Lind"]
    assert names(cast.other_teacher.membership) == ["Ida", "Åse Lind"]
    assert names(guardian) == ["Ida"]
    assert names(cast.student.membership) == ["Åse Lind"]


@pytest.mark.parametrize(
    ("who", "code"),
    (("owner", 200), ("office", 200), ("teacher", 200), ("student", 403)),
)
def test_the_list_is_for_staff(cast, signed_in, who, code):
    answer = signed_in(getattr(cast, who)).get(
        reverse("administration:students", args=[cast.school.slug])
    )

    assert answer.status_code == code


def test_another_schools_people_find_nothing(cast, other_school, signed_in):
    page = reverse("administration:students", args=[cast.school.slug])

    assert signed_in(other_school.owner).get(page).status_code == 404


def test_the_list_asks_the_database_equally_often_for_one_and_for_many(
    cast, signed_in, django_assert_num_queries
):
    client = signed_in(cast.office)
    page = reverse("administration:students", args=[cast.school.slug])
    client.get(page)  # remembers the school in the session
    with django_assert_num_queries(8) as few:
        client.get(page)
    for number in range(30):
        student_of(cast, f"Student {number}", teacher=cast.teacher)
    with django_assert_num_queries(len(few)):
        client.get(page)


def test_the_list_has_pages(cast, signed_in):
    for number in range(55):
        student_of(cast, f"Student {number:02}")
    client = signed_in(cast.office)
    page = reverse("administration:students", args=[cast.school.slug])

    first, second = (client.get(page, {"page": n, "q": "student"}) for n in (1, 2))

    assert [len(answer.context["page"]) for answer in (first, second)] == [50, 5]
    assert b"?q=student&amp;page=2" in first.content


def test_nonsense_in_the_address_does_not_break_the_list(cast, signed_in):
    answer = signed_in(cast.office).get(
        reverse("administration:students", args=[cast.school.slug]),
        {"status": "x", "teacher": "x", "order": "x", "page": "x"},
    )

    assert [str(student) for student in answer.context["page"]] == ["Noah Berg", "Åse Lind"]


def test_an_empty_list_says_what_to_do(cast, signed_in):
    client = signed_in(cast.office)
    page = reverse("administration:students", args=[cast.school.slug])

    assert b"Clear the filters" in client.get(page, {"q": "nobody at all"}).content
    Student.objects.all().delete()
    assert b"No students yet" in client.get(page).content


# A new one


def test_the_office_adds_a_student(cast, signed_in):
    client = signed_in(cast.office)
    page = reverse("administration:student_add", args=[cast.school.slug])
    assert client.get(page).status_code == 200

    answer = client.post(page, answers())

    student = Student.objects.get(membership__user__email="freja@people.example")
    assert answer.url == reverse("home:student", args=[cast.school.slug, student.pk])


def test_the_office_is_told_who_is_here_already(cast, signed_in):
    answer = signed_in(cast.office).post(
        reverse("administration:student_add", args=[cast.school.slug]),
        answers(email=cast.student.membership.user.email),
    )

    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"email"}


def test_a_person_of_another_school_is_asked_by_mail(cast, other_school, signed_in):
    answer = signed_in(cast.office).post(
        reverse("administration:student_add", args=[cast.school.slug]),
        answers(email=other_school.student.membership.user.email),
    )

    assert answer.url == reverse("administration:students", args=[cast.school.slug])


@pytest.mark.parametrize(("allowed", "code"), ((False, 403), (True, 200)))
def test_a_teacher_adds_students_if_the_school_allows(cast, signed_in, allowed, code):
    School.objects.filter(pk=cast.school.pk).update(teachers_edit_students=allowed)

    answer = signed_in(cast.teacher).get(
        reverse("administration:student_add", args=[cast.school.slug])
    )

    assert answer.status_code == code


# Editing


def values(student, **changes):
    current = {
        "status": student.status,
        "teacher": student.teacher,
        "department": student.department,
        "licence_category": student.licence_category,
        "gearbox": student.gearbox,
        "born_on": student.born_on,
        "address": student.address,
        "pickup_place": student.pickup_place,
    }
    return current | changes


def typed(student, **changes):
    words = {
        "status": student.status,
        "teacher": student.teacher_id or "",
        "department": student.department_id,
        "licence_category": student.licence_category,
        "gearbox": student.gearbox,
        "born_on": student.born_on.isoformat(),
        "address": student.address,
        "pickup_place": student.pickup_place,
        "version": student.version,
    }
    return words | changes


def edit(cast, student=None, by=None, version=1, **changes):
    student = student or cast.student
    return edit_student(
        student_id=student.pk,
        version=version,
        values=values(student, **changes),
        by=by or cast.office,
        at=NOW,
    )


def test_an_edit_leaves_old_and_new_and_who(cast, student_events):
    edit(cast, teacher=cast.other_teacher, pickup_place="Nørreport", status=StudentStatus.PAUSED)

    student = Student.objects.get(pk=cast.student.pk)
    assert (student.teacher, student.pickup_place, student.status, student.version) == (
        cast.other_teacher,
        "Nørreport",
        StudentStatus.PAUSED,
        2,
    )
    assert [(event.change, event.details, event.made_by) for event in student_events] == [
        (
            StudentChange.UPDATED,
            {"teacher": ["Mette Holm", "Søren Bæk"], "pickup_place": ["", "Nørreport"]},
            cast.office.user,
        ),
        (StudentChange.STATUS, {"status": ["active", "paused"]}, cast.office.user),
    ]


def test_saving_what_is_there_already_leaves_no_trace(cast, student_events):
    edit(cast)

    assert student_events == []
    assert Student.objects.get(pk=cast.student.pk).version == 1


def test_nobody_saves_over_what_they_have_not_seen(cast):
    edit(cast, pickup_place="Nørreport")

    with pytest.raises(Refused) as caught:
        edit(cast, version=1, pickup_place="Østerport")

    assert caught.value.refusal.code == "stale"
    assert Student.objects.get(pk=cast.student.pk).pickup_place == "Nørreport"


def test_a_date_of_birth_that_cannot_be_is_refused(cast):
    with pytest.raises(Refused) as caught:
        edit(cast, born_on=dt.date(2026, 3, 3))

    assert caught.value.refusal.code == "born_in_the_future"


@pytest.mark.parametrize(
    ("has_password", "elsewhere", "code"),
    (
        (False, False, None),
        (True, False, "contact_is_theirs"),
        (False, True, "contact_is_theirs"),
        (True, True, "contact_is_theirs"),
    ),
)
def test_contact_is_the_schools_to_correct_only_while_it_opens_no_door(
    cast, has_password, elsewhere, code
):
    user = cast.student.membership.user
    user.password = make_password("anything at all" if has_password else None)
    user.save()
    if elsewhere:
        MembershipFactory(user=user)

    if code is None:
        edit(cast, email="Right@people.example", full_name="Åse Linde")
        user.refresh_from_db()
        assert (user.email, user.full_name) == ("right@people.example", "Åse Linde")
        assert [a.email for a in user.emailaddress_set.all()] == ["right@people.example"]
    else:
        with pytest.raises(Refused) as caught:
            edit(cast, email="mine@people.example")
        assert caught.value.refusal.code == code


def test_an_address_of_somebody_else_is_refused(cast):
    user = cast.student.membership.user
    user.set_unusable_password()
    user.save()

    with pytest.raises(Refused) as caught:
        edit(cast, email=cast.other_student.membership.user.email.upper())

    assert caught.value.refusal.code == "email_taken"


def test_two_people_edit_and_the_second_sees_what_the_first_saved(cast, signed_in):
    client = signed_in(cast.office)
    page = reverse("administration:student_edit", args=[cast.school.slug, cast.student.pk])
    assert client.get(page).status_code == 200
    edit(cast, pickup_place="Nørreport", gearbox="automatic")

    answer = client.post(page, typed(cast.student, pickup_place="Østerport"))

    assert answer.status_code == 422
    assert "Østerport" in answer.content.decode()
    assert answer.context["stored"] == [
        ("Gearbox", "Automatic"),
        ("Usual pick-up place", "Nørreport"),
    ]
    again = client.post(page, answer.context["form"].data)
    assert again.url == reverse("home:student", args=[cast.school.slug, cast.student.pk])
    assert Student.objects.get(pk=cast.student.pk).pickup_place == "Østerport"


def test_a_teacher_or_department_of_another_school_cannot_be_chosen(cast, other_school, signed_in):
    answer = signed_in(cast.office).post(
        reverse("administration:student_edit", args=[cast.school.slug, cast.student.pk]),
        typed(
            cast.student,
            teacher=other_school.teacher.pk,
            department=other_school.department.pk,
        ),
    )

    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"teacher", "department"}


def test_contact_typed_past_a_locked_field_changes_nothing(cast, signed_in):
    email = cast.student.membership.user.email

    signed_in(cast.office).post(
        reverse("administration:student_edit", args=[cast.school.slug, cast.student.pk]),
        typed(cast.student, email="mine@people.example", full_name="Somebody Else"),
    )

    user = Student.objects.get(pk=cast.student.pk).membership.user
    assert (user.email, user.full_name) == (email, "Åse Lind")


@pytest.mark.parametrize(
    ("who", "allowed", "code"),
    (
        ("owner", False, 200),
        ("office", False, 200),
        ("teacher", False, 403),
        ("teacher", True, 200),
        ("student", True, 403),
    ),
)
def test_who_may_edit_a_student(cast, signed_in, who, allowed, code):
    School.objects.filter(pk=cast.school.pk).update(teachers_edit_students=allowed)

    answer = signed_in(getattr(cast, who)).get(
        reverse("administration:student_edit", args=[cast.school.slug, cast.student.pk])
    )

    assert answer.status_code == code


def test_a_student_outside_ones_scope_is_not_found(cast, other_school, signed_in):
    School.objects.update(teachers_edit_students=True)
    own = cast.other_student
    Student.objects.filter(pk=own.pk).update(teacher=cast.other_teacher)
    page = "administration:student_edit"

    here, there = cast.school.slug, other_school.school.slug
    stranger = other_school.student.pk
    client = signed_in(cast.teacher)
    assert client.get(reverse(page, args=[here, cast.student.pk])).status_code == 200
    assert client.get(reverse(page, args=[here, own.pk])).status_code == 404
    client = signed_in(cast.owner)
    assert client.get(reverse(page, args=[here, stranger])).status_code == 404
    assert client.get(reverse(page, args=[there, stranger])).status_code == 404


def test_history_of_a_student_cannot_be_rewritten(cast):
    edit(cast, pickup_place="Nørreport")

    with pytest.raises(Exception, match="Cannot update"):
        StudentEvent.objects.update(details={})

"""Becoming a student: by oneself, through the office, from another school."""

import datetime as dt
import uuid
from dataclasses import replace
from hashlib import sha256

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core.signing import Signer
from django.urls import reverse
from django.utils import timezone

from administration.enums import MembershipStatus, Role, StudentChange, StudentStatus
from administration.models import Guardian, Membership, School, Student, StudentEvent, User
from administration.services import (
    GuardianDetails,
    StudentDetails,
    create_student,
    join_school,
    register_student,
)
from justdriving.kernel.policy import Refused
from tests.administration.conftest import answers
from tests.factories import NOW, DepartmentFactory, MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db
MINOR = dt.date(2010, 5, 4)
PARENT = GuardianDetails(full_name="Bo Dam", email="bo@people.example", phone="+4520112244")


def details(department, **changes):
    return StudentDetails(
        **{
            "full_name": "Freja Dam",
            "email": "freja@people.example",
            "phone": "+4520112233",
            "born_on": dt.date(2000, 5, 4),
            "department": department,
            "request_key": uuid.uuid4(),
            "accepted_terms": True,
            **changes,
        }
    )


def refusals(call, **kwargs):
    with pytest.raises(Refused) as caught:
        call(**kwargs)
    return [refusal.code for refusal in caught.value.refusals]


# Services


def test_registering_makes_everything_a_student_is(cast, student_events):
    cast.school.terms = "Pay after each lesson."
    key = uuid.uuid4()

    student = register_student(
        school=cast.school,
        details=details(
            cast.department, born_on=MINOR, guardian=PARENT, request_key=key, language="en"
        ),
        at=NOW,
        ip="192.0.2.7",
    )

    user = student.membership.user
    event = StudentEvent.objects.get(student=student)
    assert (user.email, user.full_name, str(user.phone), user.language) == (
        "freja@people.example",
        "Freja Dam",
        "+4520112233",
        "en",
    )
    assert not user.has_usable_password()
    assert list(
        EmailAddress.objects.filter(user=user).values_list("email", "primary", "verified")
    ) == [("freja@people.example", True, False)]
    assert (student.membership.role, student.membership.status) == (Role.STUDENT, "active")
    assert (student.department, student.status, student.registered_at) == (
        cast.department,
        StudentStatus.REGISTERED,
        NOW,
    )
    assert list(Guardian.objects.values_list("student", "full_name", "email", "phone")) == [
        (student.pk, PARENT.full_name, PARENT.email, PARENT.phone)
    ]
    assert (event.change, event.made_by, event.happened_at) == (
        StudentChange.REGISTERED,
        user,
        NOW,
    )
    assert event.details == {
        "request_key": str(key),
        "language": "en",
        "accepted_terms": True,
        "terms_sha256": sha256(b"Pay after each lesson.").hexdigest(),
        "ip": "192.0.2.7",
    }
    assert student_events == [event]


@pytest.mark.parametrize(
    ("changes", "codes"),
    (
        ({"born_on": dt.date(2026, 3, 3)}, ["born_in_the_future"]),
        ({"born_on": MINOR}, ["guardian_needed"]),
        (
            {"born_on": MINOR, "guardian": replace(PARENT, email="FREJA@people.example")},
            ["own_guardian"],
        ),
        ({"born_on": dt.date(2015, 1, 1)}, ["too_young"]),
        ({"accepted_terms": False}, ["terms_not_accepted"]),
    ),
)
def test_a_registration_that_cannot_be_is_refused_and_leaves_nothing(cast, changes, codes):
    before = User.objects.count()

    assert (
        refusals(
            register_student,
            school=cast.school,
            details=details(cast.department, **changes),
            at=NOW,
        )
        == codes
    )
    assert User.objects.count() == before


def test_age_is_counted_in_the_schools_own_day(cast):
    """At 23.30 UTC it is tomorrow in Copenhagen already, and somebody turned eighteen."""
    almost = dt.datetime(2026, 3, 1, 23, 30, tzinfo=dt.UTC)

    student = register_student(
        school=cast.school, details=details(cast.department, born_on=dt.date(2008, 3, 2)), at=almost
    )

    assert student is not None


def test_a_closed_school_and_a_closed_department_take_nobody(cast):
    closed = DepartmentFactory(school=cast.school, is_active=False)
    cast.school.takes_registrations = False

    assert refusals(register_student, school=cast.school, details=details(closed), at=NOW) == [
        "registration_closed",
        "department_closed",
    ]


@pytest.mark.parametrize("email", ("known@people.example", "KNOWN@people.example"))
def test_a_known_address_registers_nobody_and_is_announced(cast, repetitions, email):
    known = UserFactory(email="known@people.example")
    before = Student.objects.count()

    answer = register_student(
        school=cast.school, details=details(cast.department, email=email), at=NOW
    )

    assert answer is None
    assert Student.objects.count() == before
    assert not Membership.across_schools.filter(user=known).exists()
    assert [(one["school"], one["user"], one["at"]) for one in repetitions] == [
        (cast.school, known, NOW)
    ]


def test_the_same_press_of_the_button_twice_is_one_registration(cast, repetitions, student_events):
    once = details(cast.department)

    register_student(school=cast.school, details=once, at=NOW)
    register_student(school=cast.school, details=once, at=NOW)

    assert len(student_events) == 1
    assert repetitions == []


def test_a_blocked_person_is_not_written_to(cast, repetitions):
    UserFactory(email="known@people.example", is_active=False)

    register_student(
        school=cast.school, details=details(cast.department, email="known@people.example"), at=NOW
    )

    assert repetitions == []


def test_the_office_registers_a_student_with_a_teacher(cast, student_events):
    student = create_student(
        details=details(cast.department, teacher=cast.teacher, accepted_terms=False),
        by=cast.office,
        at=NOW,
    )

    assert student.teacher == cast.teacher
    assert [event.made_by for event in student_events] == [cast.office.user]


def test_a_teachers_new_student_is_their_own(cast):
    student = create_student(
        details=details(cast.department, teacher=cast.other_teacher),
        by=cast.teacher.membership,
        at=NOW,
    )

    assert student.teacher == cast.teacher


def test_the_office_hears_that_a_person_is_here_already(cast, repetitions):
    taken = details(cast.department, email=cast.student.membership.user.email)

    assert refusals(create_student, details=taken, by=cast.office, at=NOW) == ["already_here"]
    assert repetitions == []


def test_the_office_can_only_ask_a_person_of_another_school(cast, other_school, repetitions):
    known = other_school.student.membership.user

    answer = create_student(
        details=details(cast.department, email=known.email), by=cast.office, at=NOW
    )

    assert answer is None
    assert not Membership.objects.filter(user=known).exists()
    assert [one["user"] for one in repetitions] == [known]


def test_the_offices_second_press_gives_the_same_student(cast):
    once = details(cast.department)

    first = create_student(details=once, by=cast.office, at=NOW)
    second = create_student(details=once, by=cast.office, at=NOW)

    assert first == second


def test_a_person_of_another_school_joins_with_their_own_login(cast, other_school, student_events):
    user = other_school.student.membership.user

    student = join_school(school=cast.school, user=user, details=details(cast.department), at=NOW)

    assert (student.school, student.membership.user) == (cast.school, user)
    assert [event.student for event in student_events] == [student]
    again = join_school(school=cast.school, user=user, details=details(cast.department), at=NOW)
    assert again == student
    assert len(student_events) == 1


def test_a_colleague_does_not_become_a_student_of_the_same_school(cast):
    assert refusals(
        join_school,
        school=cast.school,
        user=cast.office.user,
        details=details(cast.department),
        at=NOW,
    ) == ["already_here"]


# Pages


def register(visitor, school, **changes):
    return visitor.post(reverse("administration:register", args=[school.slug]), answers(**changes))


def test_a_visitor_registers_on_the_schools_page(cast, visitor):
    page = reverse("administration:register", args=[cast.school.slug])
    assert visitor.get(page).status_code == 200

    answer = register(visitor, cast.school)

    assert answer.status_code == 302
    assert answer.url == reverse("administration:registered", args=[cast.school.slug])
    assert visitor.get(answer.url).status_code == 200
    event = StudentEvent.objects.get(student__membership__user__email="freja@people.example")
    assert event.details["ip"] == visitor.defaults["REMOTE_ADDR"]


def test_a_known_and_a_new_address_get_the_same_answer(cast, visitor):
    UserFactory(email="known@people.example")

    new, known = (
        register(visitor, cast.school, email=f"{who}@people.example") for who in ("new", "known")
    )

    assert (new.status_code, new.url, new.content, new.cookies) == (
        known.status_code,
        known.url,
        known.content,
        known.cookies,
    )


def test_a_minor_is_asked_for_a_guardian_without_scripts(cast, visitor):
    page = visitor.get(reverse("administration:register", args=[cast.school.slug]))
    assert b"data-guardian" in page.content
    assert not page.context["form"].shows_guardian

    asked = register(visitor, cast.school, born_on=MINOR.isoformat())

    form = asked.context["form"]
    assert (asked.status_code, form.shows_guardian) == (422, True)
    assert set(form.errors) == {"guardian_name", "guardian_email", "guardian_phone"}
    assert b"Freja Dam" in asked.content

    guardian = {
        "guardian_name": "Bo Dam",
        "guardian_email": "bo@people.example",
        "guardian_phone": "20112244",
    }
    own = guardian | {"guardian_email": asked.context["form"]["email"].value().upper()}
    refused = register(visitor, cast.school, born_on=MINOR.isoformat(), **own)
    assert set(refused.context["form"].errors) == {"guardian_email"}
    assert "elevens egen e-mail" in refused.text
    answer = register(visitor, cast.school, born_on=MINOR.isoformat(), **guardian)

    assert answer.status_code == 302
    assert Guardian.objects.get().full_name == "Bo Dam"


def test_a_guardian_of_somebody_of_age_is_not_kept(cast, visitor):
    register(visitor, cast.school, guardian_name="Bo Dam", guardian_email="bo@people.example")

    assert not Guardian.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    (
        ({"born_on": "2026-13-01"}, "born_on"),
        ({"born_on": "2019-01-01"}, "born_on"),
        ({"email": "nobody"}, "email"),
        ({"phone": "12"}, "phone"),
        ({"terms": None}, "terms"),
        ({"licence_category": "X"}, "licence_category"),
        ({"full_name": ""}, "full_name"),
    ),
)
def test_what_cannot_be_is_said_at_its_field_and_nothing_typed_is_lost(
    cast, visitor, changes, field
):
    answer = register(visitor, cast.school, **{"address": "Her 1", **changes})

    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {field}
    assert b"Her 1" in answer.content


def test_a_school_with_several_departments_asks_for_one_of_its_own(cast, other_school, visitor):
    second = DepartmentFactory(school=cast.school, name="Second")
    closed = DepartmentFactory(school=cast.school, is_active=False)

    for wrong in (None, closed.pk, other_school.department.pk):
        assert register(visitor, cast.school, department=wrong).status_code == 422
    assert register(visitor, cast.school, department=second.pk).status_code == 302
    assert Student.objects.get(membership__user__full_name="Freja Dam").department == second


def test_a_robot_that_fills_the_trap_is_told_what_everybody_is_told(cast, visitor):
    answer = register(visitor, cast.school, website="https://spam.example")

    assert answer.url == reverse("administration:registered", args=[cast.school.slug])
    assert not User.objects.filter(email="freja@people.example").exists()


@pytest.mark.parametrize(
    ("seconds", "status"), ((1, 422), (3, 302), (24 * 3600 - 5, 302), (24 * 3600 + 5, 422))
)
def test_a_form_sent_too_fast_or_too_late_is_asked_once_more(cast, visitor, seconds, status):
    now = timezone.now().replace(microsecond=0)
    opened = int(now.timestamp()) - seconds

    with time_machine.travel(now, tick=False):
        answer = register(visitor, cast.school, opened=Signer(salt="registration").sign(opened))

    assert answer.status_code == status
    if status == 422:
        again = answer.context["form"].data["opened"]
        assert register(visitor, cast.school, opened=again).status_code == 302


@pytest.mark.parametrize("opened", (None, "", "1700000000", "1700000000:forged"))
def test_a_forged_time_does_not_count(cast, visitor, opened):
    assert register(visitor, cast.school, opened=opened).status_code == 422


def test_too_many_attempts_for_one_address_are_stopped(cast, visitor):
    email = f"{uuid.uuid4()}@people.example"
    typos = [register(visitor, cast.school, email=email, phone="1") for _ in range(3)]
    assert {answer.status_code for answer in typos} == {422}

    tries = [register(visitor, cast.school, email=email).status_code for _ in range(6)]

    assert tries == [302, 302, 302, 302, 302, 429]


def test_too_many_attempts_from_one_place_are_stopped(cast, visitor):
    tries = [
        register(visitor, cast.school, email=f"{uuid.uuid4()}@people.example").status_code
        for _ in range(21)
    ]

    assert tries == [302] * 20 + [429]


def test_looking_is_not_an_attempt(cast, visitor):
    page = reverse("administration:register", args=[cast.school.slug])

    assert {visitor.get(page).status_code for _ in range(22)} == {200}


def test_a_school_that_takes_nobody_says_so(cast, visitor):
    School.objects.filter(pk=cast.school.pk).update(takes_registrations=False)

    page = visitor.get(reverse("administration:register", args=[cast.school.slug]))

    assert b'<form method="post" novalidate' not in page.content
    assert register(visitor, cast.school).status_code == 422
    assert not User.objects.filter(email="freja@people.example").exists()


@pytest.mark.parametrize("page", ("school", "register", "registered", "terms"))
@pytest.mark.parametrize(
    ("status", "code"), (("active", 200), ("suspended", 404), ("archived", 404))
)
def test_only_an_open_school_has_public_pages(cast, visitor, page, status, code):
    School.objects.filter(pk=cast.school.pk).update(status=status)

    answer = visitor.get(reverse(f"administration:{page}", args=[cast.school.slug]))

    assert answer.status_code == code


def test_joining_needs_a_login(cast, visitor):
    page = reverse("administration:join", args=[cast.school.slug])

    assert visitor.get(page).url == f"{reverse('account_login')}?next={page}"


def test_joining_starts_with_ones_own_words_and_takes_one_press(cast, other_school, signed_in):
    person = other_school.student
    client = signed_in(person)
    page = reverse("administration:join", args=[cast.school.slug])

    form = client.get(page).context["form"]
    assert form.initial["born_on"] == person.born_on
    assert "email" not in form.fields

    answer = client.post(page, answers(full_name=None, email=None, phone=None))

    assert answer.url == reverse("home:home", args=[cast.school.slug])
    assert Student.objects.get(membership__user=person.membership.user).born_on == dt.date(
        2000, 5, 4
    )
    assert client.get(page).url == reverse("home:home", args=[cast.school.slug])


def test_who_was_let_go_does_not_come_back_by_joining(cast, other_school, signed_in):
    user = other_school.student.membership.user
    MembershipFactory(school=cast.school, user=user, status=MembershipStatus.INACTIVE)

    answer = signed_in(user).post(
        reverse("administration:join", args=[cast.school.slug]),
        answers(full_name=None, email=None, phone=None),
    )

    assert answer.status_code == 422
    assert not Student.objects.filter(membership__user=user).exists()

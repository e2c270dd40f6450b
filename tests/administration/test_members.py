"""Inviting, changing and letting go the people who work at a school."""

import uuid

import pytest
from django.urls import reverse

from administration.enums import MembershipChange, MembershipStatus, Role
from administration.models import Membership, MembershipEvent, Teacher, User
from administration.services import (
    Invitation,
    MemberChanges,
    accept_invitation,
    change_member,
    deactivate_member,
    invite_again,
    invite_member,
    reactivate_member,
)
from justdriving.kernel.policy import Refused
from tests.cast import make_teacher
from tests.factories import NOW, DepartmentFactory, MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db


def invitation(place, email="new@people.example", **changes):
    return Invitation(
        **{
            "email": email,
            "full_name": "Nanna Ny",
            "language": "da",
            "request_key": uuid.uuid4(),
            "place": place,
            **changes,
        }
    )


def as_teacher(cast):
    return MemberChanges(
        role=Role.TEACHER, departments=[cast.department], licence_categories=["B", "BE"]
    )


def refused(call, **kwargs):
    with pytest.raises(Refused) as caught:
        call(**kwargs)
    return caught.value.refusal.code


# Invitations


def test_an_invited_teacher_sees_nothing_until_they_accept(cast, client, member_events):
    member = invite_member(invitation=invitation(as_teacher(cast)), by=cast.office, at=NOW)

    teacher = Teacher.objects.get(membership=member)
    assert (member.status, member.role, member.user.language) == ("invited", Role.TEACHER, "da")
    assert not member.user.has_usable_password()
    assert (teacher.licence_categories, list(teacher.departments.all())) == (
        ["B", "BE"],
        [cast.department],
    )
    assert [(event.change, event.made_by) for event in member_events] == [
        (MembershipChange.INVITED, cast.office.user)
    ]
    client.force_login(member.user, backend="django.contrib.auth.backends.ModelBackend")
    home = reverse("administration:profile", args=[cast.school.slug])
    assert client.get(home).status_code == 404

    page = reverse("administration:accept", args=[cast.school.slug])
    assert client.get(page).status_code == 200
    assert client.post(page).url == reverse("home:home", args=[cast.school.slug])
    assert client.get(home).status_code == 200
    assert client.get(page).url == reverse("home:home", args=[cast.school.slug])
    assert [event.change for event in member_events] == [
        MembershipChange.INVITED,
        MembershipChange.ACCEPTED,
    ]


def test_reading_an_invitation_accepts_nothing(cast, signed_in):
    member = MembershipFactory(
        school=cast.school, role=Role.OFFICE, status=MembershipStatus.INVITED
    )

    signed_in(member).get(reverse("administration:accept", args=[cast.school.slug]))

    assert Membership.objects.get(pk=member.pk).status == MembershipStatus.INVITED


def test_a_known_person_must_accept_with_their_own_login(cast, other_school):
    known = other_school.teacher.membership.user

    member = invite_member(
        invitation=invitation(as_teacher(cast), email=known.email.upper()), by=cast.owner, at=NOW
    )

    assert (member.user, member.status) == (known, MembershipStatus.INVITED)
    assert member.shown_name == known.email
    accept_invitation(school=cast.school, user=known, at=NOW)
    assert Membership.objects.get(pk=member.pk).shown_name == known.full_name


def test_nobody_else_can_accept(cast, other_school, signed_in):
    page = reverse("administration:accept", args=[cast.school.slug])

    assert signed_in(other_school.owner).post(page).status_code == 404
    assert (
        refused(accept_invitation, school=cast.school, user=other_school.owner.user, at=NOW)
        == "not_invited"
    )


def test_who_was_let_go_cannot_accept_again(cast, signed_in):
    gone = MembershipFactory(school=cast.school, role=Role.OFFICE, status=MembershipStatus.INACTIVE)

    page = reverse("administration:accept", args=[cast.school.slug])
    assert signed_in(gone).post(page).status_code == 404
    assert refused(accept_invitation, school=cast.school, user=gone.user, at=NOW) == "not_invited"


@pytest.mark.parametrize(
    ("by", "role", "code"),
    (
        ("owner", Role.OWNER, None),
        ("owner", Role.OFFICE, None),
        ("owner", Role.TEACHER, None),
        ("office", Role.TEACHER, None),
        ("office", Role.OFFICE, "not_yours"),
        ("office", Role.OWNER, "role_above_own"),
    ),
)
def test_who_may_invite_whom(cast, by, role, code):
    place = MemberChanges(
        role=role, departments=[cast.department], licence_categories=["B"], teaches=True
    )
    sent = invitation(place)

    if code:
        assert refused(invite_member, invitation=sent, by=getattr(cast, by), at=NOW) == code
        assert not User.objects.filter(email=sent.email).exists()
    else:
        assert invite_member(invitation=sent, by=getattr(cast, by), at=NOW).role == role


def test_a_member_cannot_be_invited_and_the_same_press_counts_once(cast, member_events):
    sent = invitation(as_teacher(cast))

    first = invite_member(invitation=sent, by=cast.owner, at=NOW)
    again = invite_member(invitation=sent, by=cast.owner, at=NOW)

    assert (first, len(member_events)) == (again, 1)
    other = invitation(as_teacher(cast))
    assert refused(invite_member, invitation=other, by=cast.owner, at=NOW) == "already_here"


def test_an_open_invitation_can_be_sent_again_and_an_answered_one_not(cast, member_events):
    member = invite_member(invitation=invitation(as_teacher(cast)), by=cast.owner, at=NOW)

    invite_again(membership_id=member.pk, by=cast.office, at=NOW)

    assert [event.change for event in member_events] == [MembershipChange.INVITED] * 2
    accept_invitation(school=cast.school, user=member.user, at=NOW)
    assert (
        refused(invite_again, membership_id=member.pk, by=cast.office, at=NOW) == "already_answered"
    )


# Changes


def test_a_change_of_role_and_subject_is_written_down(cast, member_events):
    second = DepartmentFactory(school=cast.school, name="Second")
    member = cast.teacher.membership

    change_member(
        membership_id=member.pk,
        changes=MemberChanges(
            role=Role.OFFICE,
            limited_to=second,
            teaches=True,
            departments=[second],
            licence_categories=["A"],
        ),
        by=cast.owner,
        at=NOW,
    )

    member.refresh_from_db()
    teacher = Teacher.objects.get(membership=member)
    assert (member.role, member.department) == (Role.OFFICE, second)
    assert (list(teacher.departments.all()), teacher.licence_categories) == ([second], ["A"])
    assert [(event.change, event.details) for event in member_events] == [
        (
            MembershipChange.UPDATED,
            {
                "role": ["teacher", "office"],
                "limited_to": ["", "Second"],
                "departments": ["Centre", "Second"],
                "licence_categories": ["B", "A"],
            },
        )
    ]


def test_a_teachers_buffers_are_changed_and_written_down(cast, signed_in, member_events):
    page = reverse("administration:teacher_edit", args=[cast.school.slug, cast.teacher.pk])
    typed = {
        "role": "teacher",
        "departments": [cast.department.pk],
        "licence_categories": ["B"],
        "buffer_before_minutes": 5,
        "buffer_after_minutes": 15,
    }
    client = signed_in(cast.office)

    assert client.post(page, typed | {"buffer_after_minutes": 241}).status_code == 422
    assert client.post(page, typed).status_code == 302

    teacher = Teacher.objects.get(pk=cast.teacher.pk)
    assert (teacher.buffer_before_minutes, teacher.buffer_after_minutes) == (5, 15)
    assert client.get(page).context["form"].initial["buffer_after_minutes"] == 15
    assert [event.details for event in member_events] == [
        {"buffer_before_minutes": ["0", "5"], "buffer_after_minutes": ["0", "15"]}
    ]


def test_saving_what_is_there_already_writes_nothing(cast, member_events):
    change_member(
        membership_id=cast.teacher.membership_id,
        changes=MemberChanges(
            role=Role.TEACHER, departments=[cast.department], licence_categories=["B"]
        ),
        by=cast.owner,
        at=NOW,
    )

    assert member_events == []


def test_who_stops_teaching_keeps_their_history(cast):
    change_member(
        membership_id=cast.teacher.membership_id,
        changes=MemberChanges(role=Role.OFFICE),
        by=cast.owner,
        at=NOW,
    )

    teacher = Teacher.objects.get(pk=cast.teacher.pk)
    assert (teacher.is_active, teacher.licence_categories) == (False, ["B"])


def test_an_owner_may_teach_too(cast):
    change_member(
        membership_id=cast.owner.pk,
        changes=MemberChanges(
            role=Role.OWNER,
            teaches=True,
            departments=[cast.department],
            licence_categories=["B"],
        ),
        by=cast.owner,
        at=NOW,
    )

    assert Teacher.objects.get(membership=cast.owner).is_active


@pytest.mark.parametrize(
    ("whom", "to", "code"),
    (
        ("owner", Role.OFFICE, "not_yours"),
        ("office", Role.TEACHER, "not_yours"),
        ("teacher", Role.OWNER, "role_above_own"),
        ("teacher", Role.OFFICE, "not_yours"),
    ),
)
def test_the_office_manages_teachers_and_nobody_above(cast, whom, to, code):
    person = getattr(cast, whom)
    pk = getattr(person, "membership_id", person.pk)

    assert (
        refused(
            change_member, membership_id=pk, changes=MemberChanges(role=to), by=cast.office, at=NOW
        )
        == code
    )


def test_the_last_owner_is_neither_demoted_nor_let_go(cast):
    demotion = MemberChanges(role=Role.OFFICE)

    def demote():
        return refused(
            change_member, membership_id=cast.owner.pk, changes=demotion, by=cast.owner, at=NOW
        )

    assert demote() == "last_owner"
    assert (
        refused(deactivate_member, membership_id=cast.owner.pk, by=cast.owner, at=NOW)
        == "last_owner"
    )
    MembershipFactory(school=cast.school, role=Role.OWNER, status=MembershipStatus.INVITED)
    MembershipFactory(school=cast.school, role=Role.OWNER, status=MembershipStatus.INACTIVE)
    assert demote() == "last_owner"

    second = MembershipFactory(school=cast.school, role=Role.OWNER)
    deactivate_member(membership_id=cast.owner.pk, by=second, at=NOW)
    assert Membership.objects.get(pk=cast.owner.pk).status == MembershipStatus.INACTIVE


# Farewell


def test_access_ends_at_once_in_every_open_session(cast, client, member_events):
    client.force_login(
        cast.teacher.membership.user, backend="django.contrib.auth.backends.ModelBackend"
    )
    page = reverse("administration:profile", args=[cast.school.slug])
    assert client.get(page).status_code == 200

    deactivate_member(membership_id=cast.teacher.membership_id, by=cast.owner, at=NOW)

    assert client.get(page).url.startswith(reverse("account_login"))
    assert not Teacher.objects.get(pk=cast.teacher.pk).is_active
    assert [event.change for event in member_events] == [MembershipChange.DEACTIVATED]
    deactivate_member(membership_id=cast.teacher.membership_id, by=cast.owner, at=NOW)
    assert len(member_events) == 1


def test_signing_in_again_leads_nowhere_until_let_in(cast, signed_in):
    deactivate_member(membership_id=cast.teacher.membership_id, by=cast.owner, at=NOW)
    page = reverse("administration:profile", args=[cast.school.slug])
    user = cast.teacher.membership.user
    user.refresh_from_db()
    assert signed_in(user).get(page).status_code == 404

    reactivate_member(membership_id=cast.teacher.membership_id, by=cast.owner, at=NOW)

    assert signed_in(user).get(page).status_code == 200
    assert Teacher.objects.get(pk=cast.teacher.pk).is_active


def test_who_never_accepted_is_invited_again_and_not_let_in(cast):
    member = invite_member(invitation=invitation(as_teacher(cast)), by=cast.owner, at=NOW)

    deactivate_member(membership_id=member.pk, by=cast.owner, at=NOW)
    again = reactivate_member(membership_id=member.pk, by=cast.owner, at=NOW)

    assert again.status == MembershipStatus.INVITED


@pytest.mark.parametrize(
    ("by", "whom", "code"),
    (
        ("owner", "office", 302),
        ("owner", "teacher", 302),
        ("owner", "student", 302),
        ("office", "teacher", 302),
        ("office", "student", 302),
        ("office", "owner", 404),
        ("teacher", "student", 403),
        ("student", "other_student", 403),
    ),
)
def test_who_may_let_whom_go(cast, signed_in, by, whom, code):
    person = getattr(cast, whom)
    pk = getattr(person, "membership_id", person.pk)

    answer = signed_in(getattr(cast, by)).post(
        reverse("administration:deactivate", args=[cast.school.slug, pk])
    )

    assert answer.status_code == code
    gone = Membership.objects.get(pk=pk).status == MembershipStatus.INACTIVE
    assert gone is (code == 302)


def test_a_teacher_who_edits_students_lets_go_only_their_own(cast, signed_in):
    type(cast.school).objects.update(teachers_edit_students=True)
    type(cast.student).objects.filter(pk=cast.other_student.pk).update(teacher=cast.other_teacher)
    client = signed_in(cast.teacher)

    def let_go(person):
        return client.post(
            reverse("administration:deactivate", args=[cast.school.slug, person.membership_id])
        ).status_code

    assert [let_go(cast.other_student), let_go(cast.other_teacher), let_go(cast.student)] == [
        404,
        404,
        302,
    ]


# Pages


def test_the_office_does_not_see_owners_and_office(cast, signed_in):
    page = reverse("administration:teachers", args=[cast.school.slug])

    for_owner = signed_in(cast.owner).get(page)
    for_office = signed_in(cast.office).get(page)

    assert [str(t) for t in for_office.context["teachers"]] == ["Mette Holm", "Søren Bæk"]
    assert cast.owner.user.email in for_owner.content.decode()
    assert cast.owner.user.email not in for_office.content.decode()


@pytest.mark.parametrize("page", ("teachers", "teacher_invite"))
@pytest.mark.parametrize(
    ("who", "code"), (("owner", 200), ("office", 200), ("teacher", 403), ("student", 403))
)
def test_the_pages_of_the_team_are_for_the_office(cast, signed_in, page, who, code):
    answer = signed_in(getattr(cast, who)).get(
        reverse(f"administration:{page}", args=[cast.school.slug])
    )

    assert answer.status_code == code


def test_people_of_another_school_are_not_found(cast, other_school, signed_in):
    client = signed_in(cast.owner)
    here = cast.school.slug

    pages = (
        reverse("administration:teacher_edit", args=[here, other_school.teacher.pk]),
        reverse("administration:staff_edit", args=[here, other_school.office.pk]),
        reverse("administration:teachers", args=[other_school.school.slug]),
    )
    assert [client.get(page).status_code for page in pages] == [404, 404, 404]
    posts = ("deactivate", "reactivate", "invite_again")
    assert [
        client.post(
            reverse(f"administration:{post}", args=[here, other_school.owner.pk])
        ).status_code
        for post in posts
    ] == [404, 404, 404]


def test_a_student_has_no_page_among_the_staff(cast, signed_in):
    page = reverse("administration:staff_edit", args=[cast.school.slug, cast.student.membership_id])

    assert signed_in(cast.owner).get(page).status_code == 404


def test_the_owner_invites_on_a_page(cast, signed_in, member_events):
    client = signed_in(cast.owner)
    page = reverse("administration:teacher_invite", args=[cast.school.slug])
    assert client.get(page).context["form"].fields["role"].choices == [
        ("teacher", "Teacher"),
        ("office", "Office"),
        ("owner", "Owner"),
    ]
    typed = {
        "full_name": "Nanna Ny",
        "email": "nanna@people.example",
        "language": "en",
        "request_key": str(uuid.uuid4()),
        "role": "office",
        "limited_to": cast.department.pk,
    }

    assert client.post(page, typed).url == reverse(
        "administration:teachers", args=[cast.school.slug]
    )

    member = Membership.objects.get(user__email="nanna@people.example")
    assert (member.role, member.department, len(member_events)) == ("office", cast.department, 1)
    assert client.post(page, typed).status_code == 302
    assert len(member_events) == 1


def test_the_office_is_only_offered_teachers(cast, signed_in):
    client = signed_in(cast.office)
    page = reverse("administration:teacher_invite", args=[cast.school.slug])
    assert client.get(page).context["form"].gives_only_teacher
    typed = {
        "full_name": "Nanna Ny",
        "email": "nanna@people.example",
        "language": "en",
        "request_key": str(uuid.uuid4()),
        "role": "owner",
    }

    assert set(client.post(page, typed).context["form"].errors) == {"role"}
    without = client.post(page, typed | {"role": "teacher"})
    assert set(without.context["form"].errors) == {"departments", "licence_categories"}
    assert without.status_code == 422
    whole = typed | {
        "role": "teacher",
        "departments": [cast.department.pk],
        "licence_categories": ["B"],
    }
    assert client.post(page, whole).status_code == 302


def test_the_last_owner_is_told_on_the_page(cast, signed_in):
    answer = signed_in(cast.owner).post(
        reverse("administration:staff_edit", args=[cast.school.slug, cast.owner.pk]),
        {"role": "office"},
    )

    assert (answer.status_code, set(answer.context["form"].errors)) == (422, {"role"})


def test_a_teachers_page_changes_departments(cast, signed_in):
    second = DepartmentFactory(school=cast.school, name="Second")
    page = reverse("administration:teacher_edit", args=[cast.school.slug, cast.teacher.pk])
    client = signed_in(cast.office)
    assert client.get(page).status_code == 200

    client.post(
        page, {"role": "teacher", "departments": [second.pk], "licence_categories": ["B", "A"]}
    )

    assert list(cast.teacher.departments.all()) == [second]


def test_the_list_of_teachers_asks_equally_often_for_few_and_many(
    cast, signed_in, django_assert_num_queries
):
    client = signed_in(cast.owner)
    page = reverse("administration:teachers", args=[cast.school.slug])
    client.get(page)
    with django_assert_num_queries(6) as few:
        client.get(page)
    for number in range(20):
        make_teacher(cast.school, cast.department, f"Teacher {number}")
        MembershipFactory(school=cast.school, role=Role.OFFICE)
    with django_assert_num_queries(len(few)):
        client.get(page)


def test_a_department_limited_office_sees_its_teachers(cast, signed_in):
    second = DepartmentFactory(school=cast.school, name="Second")
    limited = MembershipFactory(school=cast.school, role=Role.OFFICE, department=second)
    theirs = make_teacher(cast.school, second, "Tor Østby")
    client = signed_in(limited)

    listed = client.get(reverse("administration:teachers", args=[cast.school.slug]))

    assert list(listed.context["teachers"]) == [theirs]
    pages = [
        reverse("administration:teacher_edit", args=[cast.school.slug, teacher.pk])
        for teacher in (theirs, cast.teacher)
    ]
    assert [client.get(page).status_code for page in pages] == [200, 404]


def test_history_of_members_cannot_be_rewritten(cast):
    deactivate_member(membership_id=cast.teacher.membership_id, by=cast.owner, at=NOW)

    with pytest.raises(Exception, match="Cannot update"):
        MembershipEvent.objects.update(details={})


def test_a_person_with_two_schools_is_only_let_go_from_one(cast, other_school):
    user = UserFactory()
    here = MembershipFactory(school=cast.school, role=Role.TEACHER, user=user)
    there = MembershipFactory(school=other_school.school, role=Role.TEACHER, user=user)

    deactivate_member(membership_id=here.pk, by=cast.owner, at=NOW)

    assert Membership.across_schools.get(pk=there.pk).status == MembershipStatus.ACTIVE

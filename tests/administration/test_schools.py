"""Settings, departments, the public page and its colours; a platform opens schools."""

import pytest
from django.urls import reverse

from administration.enums import MembershipChange, Role
from administration.history import changes_in_words
from administration.models import Department, Membership, School, SettingChange, Teacher
from administration.services import (
    DepartmentDetails,
    FirstOwner,
    change_settings,
    open_school,
    save_department,
    set_school_status,
)
from administration.services.schools import SETTINGS
from finance.models import FinanceSettings, Product, VatCode
from justdriving.kernel.policy import Refused
from tests.factories import NOW, DepartmentFactory, LessonTypeFactory, SchoolFactory, UserFactory

pytestmark = pytest.mark.django_db


def refused(call, **kwargs):
    with pytest.raises(Refused) as caught:
        call(**kwargs)
    return caught.value.refusal.code


# Settings


def test_every_setting_that_differs_is_written_down(cast):
    change_settings(
        values={"name": "Nordlys", "students_book_themselves": False, "about": ""},
        by=cast.owner,
        at=NOW,
    )

    school = School.objects.get(pk=cast.school.pk)
    assert (school.name, school.students_book_themselves) == ("Nordlys", False)
    assert list(
        SettingChange.objects.order_by("pk").values_list(
            "subject", "field", "old", "new", "made_by", "happened_at"
        )
    ) == [
        ("", "name", cast.school.name, "Nordlys", cast.owner.user_id, NOW),
        ("", "students_book_themselves", "True", "False", cast.owner.user_id, NOW),
    ]


@pytest.mark.parametrize("field", ("accent", "accent_dark"))
def test_an_unreadable_colour_is_refused(cast, field):
    code = refused(
        change_settings,
        values={field: {"accent": "#888888", "accent_dark": "#222222"}[field]},
        by=cast.owner,
        at=NOW,
    )

    assert code == "colour_unreadable"
    assert not SettingChange.objects.exists()


def test_only_known_settings_can_be_written(cast):
    change_settings(values={"status": "archived", "slug": "mine"}, by=cast.owner, at=NOW)

    school = School.objects.get(pk=cast.school.pk)
    assert (school.status, school.slug) == ("active", cast.school.slug)


def test_a_change_of_a_setting_cannot_be_rewritten(cast):
    change_settings(values={"name": "Nordlys"}, by=cast.owner, at=NOW)

    with pytest.raises(Exception, match="Cannot update"):
        SettingChange.objects.update(new="x")


def settings_form(school, **changes):
    shown = {name: getattr(school, name) for name in SETTINGS}
    typed = {name: value for name, value in shown.items() if value not in (False, None, "")}
    posted = {name: value for name, value in (typed | changes).items() if value is not None}
    return posted | {f"initial-{name}": value for name, value in shown.items()}


def test_the_owner_changes_settings_on_a_page(cast, signed_in):
    client = signed_in(cast.owner)
    page = reverse("administration:settings", args=[cast.school.slug])
    assert client.get(page).status_code == 200

    answer = client.post(
        page, settings_form(cast.school, name="Nordlys", students_book_themselves=None)
    )

    assert answer.url == page
    words = [(change.what, change.old, change.new) for change in changes_in_words()]
    assert sorted(words) == [
        ("name", cast.school.name, "Nordlys"),
        ("students can book", "on", "off"),
    ]
    assert b"students can book" in client.get(page).content


def test_two_people_with_the_settings_open_do_not_undo_each_other(cast, signed_in):
    client, opened = signed_in(cast.owner), School.objects.get(pk=cast.school.pk)
    page = reverse("administration:settings", args=[cast.school.slug])
    shown = client.get(page).content.decode()
    assert f'name="initial-name" value="{opened.name}"' in shown

    client.post(page, settings_form(opened, phone="33445577", students_book_themselves=None))
    client.post(page, settings_form(opened, address="Her 1"))

    school = School.objects.get(pk=cast.school.pk)
    saved = (school.phone, school.address, school.students_book_themselves)
    assert saved == ("+4533445577", "Her 1", False)


@pytest.mark.parametrize(
    ("field", "value"),
    (
        ("accent", "#aaaaaa"),
        ("accent_dark", "#222222"),
        ("accent", "red"),
        ("email", "nobody"),
        ("language", "xx"),
        ("name", ""),
    ),
)
def test_a_setting_that_cannot_be_is_refused_and_nothing_typed_is_lost(
    cast, signed_in, field, value
):
    answer = signed_in(cast.owner).post(
        reverse("administration:settings", args=[cast.school.slug]),
        settings_form(cast.school, **{"address": "Her 1", field: value}),
    )

    assert (answer.status_code, set(answer.context["form"].errors)) == (422, {field})
    assert b"Her 1" in answer.content
    assert School.objects.get(pk=cast.school.pk).address == ""


@pytest.mark.parametrize("page", ("settings", "departments", "department_add"))
@pytest.mark.parametrize(
    ("who", "code"), (("owner", 200), ("office", 403), ("teacher", 403), ("student", 403))
)
def test_settings_are_the_owners(cast, signed_in, page, who, code):
    answer = signed_in(getattr(cast, who)).get(
        reverse(f"administration:{page}", args=[cast.school.slug])
    )

    assert answer.status_code == code


def test_a_suspended_school_is_read_and_not_changed(cast, signed_in):
    client = signed_in(cast.owner)
    School.objects.filter(pk=cast.school.pk).update(status="suspended")
    page = reverse("administration:settings", args=[cast.school.slug])

    shown, refused = client.get(page), client.post(page, settings_form(cast.school, name="Nordlys"))
    assert (shown.status_code, refused.status_code) == (200, 403)
    for answer in (shown, refused):
        assert "This school is suspended: it can be read, not changed." in answer.content.decode()


# Departments


def test_a_department_is_opened_changed_and_written_down(cast, signed_in):
    client = signed_in(cast.owner)
    add = reverse("administration:department_add", args=[cast.school.slug])
    typed = {"name": "Østerbro", "address": "Østerbrogade 1", "is_active": "on"}
    assert client.post(add, typed).status_code == 302

    department = Department.objects.get(name="Østerbro")
    edit = reverse("administration:department_edit", args=[cast.school.slug, department.pk])
    assert client.get(edit).status_code == 200
    assert client.post(edit, typed | {"name": "Nordhavn", "is_active": ""}).status_code == 302

    department.refresh_from_db()
    assert (department.name, department.is_active) == ("Nordhavn", False)
    assert list(SettingChange.objects.order_by("pk").values_list("subject", "field", "new")) == [
        ("Østerbro", "name", "Østerbro"),
        ("Østerbro", "address", "Østerbrogade 1"),
        ("Østerbro", "name", "Nordhavn"),
        ("Østerbro", "is_active", "False"),
    ]


def test_a_name_is_given_to_one_department(cast, signed_in):
    DepartmentFactory(school=cast.school, name="Second")
    answer = signed_in(cast.owner).post(
        reverse("administration:department_edit", args=[cast.school.slug, cast.department.pk]),
        {"name": "Second", "is_active": "on"},
    )

    assert (answer.status_code, set(answer.context["form"].errors)) == (422, {"name"})
    assert not SettingChange.objects.exists()


def test_two_schools_may_use_the_same_name(cast, other_school):
    assert other_school.department.name == cast.department.name


def test_the_last_department_stays_open(cast):
    closed = DepartmentDetails(name="Centre", is_active=False)

    assert (
        refused(
            save_department,
            department_id=cast.department.pk,
            details=closed,
            by=cast.owner,
            at=NOW,
        )
        == "last_department"
    )
    DepartmentFactory(school=cast.school)
    save_department(department_id=cast.department.pk, details=closed, by=cast.owner, at=NOW)


def test_a_department_of_another_school_is_not_found(cast, other_school, signed_in):
    page = reverse(
        "administration:department_edit", args=[cast.school.slug, other_school.department.pk]
    )

    assert signed_in(cast.owner).get(page).status_code == 404


def test_the_departments_are_listed_with_a_fixed_number_of_questions(
    cast, signed_in, django_assert_num_queries
):
    client = signed_in(cast.owner)
    page = reverse("administration:departments", args=[cast.school.slug])
    client.get(page)
    with django_assert_num_queries(4) as few:
        client.get(page)
    for _ in range(15):
        DepartmentFactory(school=cast.school)
    with django_assert_num_queries(len(few)):
        client.get(page)


# The public page


def test_the_front_page_shows_lessons_with_their_prices(cast, other_school, client):
    LessonTypeFactory(school=cast.school, name="Without price")
    LessonTypeFactory(school=cast.school, name="Old kind", is_active=False)
    vat = VatCode.objects.first()
    fee = Product.objects.create(
        school=cast.school, name="Sign-up", kind="signup_fee", price_minor=500_00, vat_code=vat
    )
    FinanceSettings.objects.create(school=cast.school, signup_fee=fee)

    answer = client.get(reverse("administration:school", args=[cast.school.slug]))

    assert [
        (offer.name, offer.price and offer.price.minor) for offer in answer.context["offers"]
    ] == [
        ("Sign-up", 500_00),
        ("Driving lesson", 550_00),
        ("Without price", None),
    ]
    assert answer.context["categories"] == ["B"]
    assert reverse("administration:register", args=[cast.school.slug]) in answer.content.decode()


def test_the_front_page_offers_what_its_teachers_teach(cast, client):
    Teacher.objects.filter(pk=cast.teacher.pk).update(licence_categories=["BE", "A", "B"])
    Teacher.objects.filter(pk=cast.other_teacher.pk).update(
        licence_categories=["D"], is_active=False
    )

    answer = client.get(reverse("administration:school", args=[cast.school.slug]))

    assert answer.context["categories"] == ["A", "B", "BE"]


def test_the_front_page_asks_equally_often_for_few_and_many_lessons(
    cast, client, django_assert_num_queries
):
    page = reverse("administration:school", args=[cast.school.slug])
    with django_assert_num_queries(6) as few:
        client.get(page)
    for _ in range(10):
        LessonTypeFactory(school=cast.school)
        DepartmentFactory(school=cast.school)
    with django_assert_num_queries(len(few)):
        client.get(page)


def test_the_colours_are_served_as_a_stylesheet(cast, client):
    School.objects.filter(pk=cast.school.pk).update(accent="#0000ff", accent_dark="#ffff00")

    answer = client.get(reverse("school_theme", args=[cast.school.slug]))

    assert answer["Content-Type"] == "text/css; charset=utf-8"
    assert answer["Cache-Control"] == "public, max-age=86400"
    assert answer.content.decode().startswith(
        ":root{--jd-accent:light-dark(#0000ff,#ffff00);--jd-accent-ink:light-dark(#ffffff,#04221c);"
    )


def test_a_new_colour_is_a_new_address(cast, client):
    def stylesheet():
        page = client.get(reverse("administration:school", args=[cast.school.slug]))
        return [line for line in page.content.decode().splitlines() if "theme.css?" in line]

    before = stylesheet()
    School.objects.filter(pk=cast.school.pk).update(accent="#0000ff")

    assert len(before) == 1
    assert stylesheet() != before


def test_there_is_no_stylesheet_of_a_school_that_does_not_exist(db, client):
    assert client.get(reverse("school_theme", args=["nowhere"])).status_code == 404


# The platform


def test_a_school_is_opened_with_a_department_and_an_owner(db, member_events):
    admin = UserFactory(is_staff=True, is_superuser=True)
    school = SchoolFactory.build(name="Nordlys", slug="nordlys")

    open_school(
        school=school,
        owner=FirstOwner(full_name="Karen Holm", email="karen@people.example"),
        by=admin,
        at=NOW,
    )

    owner = Membership.across_schools.get(school=school)
    assert (owner.role, owner.status, owner.user.email) == (
        Role.OWNER,
        "active",
        "karen@people.example",
    )
    assert [d.name for d in Department.across_schools.filter(school=school)] == ["Nordlys"]
    assert [(event.change, event.made_by) for event in member_events] == [
        (MembershipChange.INVITED, admin)
    ]


def test_suspending_a_school_is_written_down(cast):
    admin = UserFactory(is_staff=True, is_superuser=True)

    set_school_status(school=cast.school, status="suspended", by=admin, at=NOW)

    assert list(SettingChange.objects.values_list("field", "old", "new", "made_by")) == [
        ("status", "active", "suspended", admin.pk)
    ]

"""The Django admin: for the platform alone, across schools, and never over history."""

import pytest
from django.apps import apps
from django.contrib import admin
from django.test import RequestFactory
from django.urls import reverse

from administration.enums import Role
from administration.models import Department, Membership, MembershipEvent, School, SettingChange
from tests.factories import BookingFactory, UserFactory

pytestmark = pytest.mark.django_db
OURS = ("administration", "bookings", "finance", "learning", "notifications")
CORRECTABLE = {
    "School",
    "User",
    "Department",
    "LessonType",
    "Resource",
    "ClosedDay",
    "Product",
    "VatCode",
    "FinanceSettings",
    "LessonPlan",
    "PlanModule",
    "PlanStep",
    "Discount",
    "DiscountProduct",
    "PriceList",
    "PriceRate",
    "TeacherAtLevel",
    "TeacherLevel",
}


@pytest.fixture
def superuser():
    return UserFactory(is_staff=True, is_superuser=True)


def request_of(user):
    request = RequestFactory().get("/admin/")
    request.user = user
    return request


def registered():
    return {
        model: site for model, site in admin.site._registry.items() if model._meta.app_label in OURS
    }


def test_every_table_of_ours_can_be_looked_at():
    ours = {model for app in OURS for model in apps.get_app_config(app).get_models()}

    assert set(registered()) == ours


def test_only_the_listed_tables_can_be_corrected(superuser):
    request = request_of(superuser)

    assert {
        model.__name__
        for model, site in registered().items()
        if site.has_change_permission(request)
    } == CORRECTABLE


def test_nothing_is_deleted_and_only_schools_are_added(superuser):
    request = request_of(superuser)

    every = admin.site._registry.items()
    assert {m.__name__ for m, site in every if site.has_delete_permission(request)} == set()
    assert {m.__name__ for m, site in every if site.has_add_permission(request)} == {"School"}


def test_platform_staff_look_and_do_not_touch():
    request = request_of(UserFactory(is_staff=True))

    sites = registered().values()
    assert {site.has_view_permission(request) for site in sites} == {True}
    assert {site.has_change_permission(request) for site in sites} == {False}


@pytest.mark.parametrize("who", ("owner", "office", "teacher", "student"))
def test_a_schools_people_do_not_enter(cast, signed_in, who):
    answer = signed_in(getattr(cast, who)).get(reverse("admin:index"))

    assert answer.status_code == 302
    assert signed_in(getattr(cast, who)).get(answer.url).status_code == 403


def test_strangers_sign_in_where_everybody_does(client, db):
    answer = client.get(reverse("admin:index"), follow=True)

    assert answer.redirect_chain[-1][0].startswith(reverse("account_login"))


def test_every_list_and_every_row_opens(cast, other_school, superuser, signed_in):
    BookingFactory(
        school=cast.school,
        department=cast.department,
        lesson_type=cast.lesson_type,
        teacher=cast.teacher,
        students=[cast.student],
        resources=[cast.vehicle],
    )
    client = signed_in(superuser)
    for model in registered():
        names = (model._meta.app_label, model._meta.model_name)
        listed = client.get(reverse("admin:{}_{}_changelist".format(*names)))
        assert listed.status_code == 200, names
        row = getattr(model, "across_schools", model._default_manager).first()
        if row is not None:
            page = reverse("admin:{}_{}_change".format(*names), args=[row.pk])
            assert client.get(page).status_code == 200, names


def test_lists_show_every_school(cast, other_school, superuser, signed_in):
    answer = signed_in(superuser).get(reverse("admin:administration_department_changelist"))

    text = answer.content.decode()
    assert cast.school.name in text
    assert other_school.school.name in text


def test_choices_come_from_the_rows_own_school(cast, other_school, superuser, signed_in):
    page = reverse("admin:bookings_resource_change", args=[cast.vehicle.pk])

    form = signed_in(superuser).get(page).context["adminform"].form

    assert list(form.fields["department"].queryset) == [cast.department]
    assert "school" not in form.fields


def test_a_department_is_corrected(cast, superuser, signed_in):
    page = reverse("admin:administration_department_change", args=[cast.department.pk])

    answer = signed_in(superuser).post(page, {"name": "Harbour", "is_active": "on"})

    assert answer.status_code == 302
    assert Department.objects.get(pk=cast.department.pk).name == "Harbour"


def test_a_post_on_history_is_refused(cast, superuser, signed_in):
    page = reverse("admin:administration_student_change", args=[cast.student.pk])

    assert signed_in(superuser).post(page, {"status": "left"}).status_code == 403


def test_a_row_that_does_not_exist_is_not_found(superuser, signed_in):
    page = reverse("admin:administration_department_change", args=[0])

    assert signed_in(superuser).get(page).status_code == 404


def test_a_school_is_opened_with_its_owner(superuser, signed_in):
    typed = {
        "name": "Nordlys",
        "slug": "nordlys",
        "email": "hej@nordlys.example",
        "country": "DK",
        "timezone": "Europe/Copenhagen",
        "currency": "DKK",
        "language": "da",
        "owner_name": "Karen Holm",
        "owner_email": "Karen@people.example",
    }
    client = signed_in(superuser)
    page = reverse("admin:administration_school_add")
    assert client.get(page).status_code == 200

    assert client.post(page, typed).status_code == 302

    owner = Membership.across_schools.get(school__slug="nordlys")
    assert (owner.role, owner.user.email) == (Role.OWNER, "karen@people.example")
    assert MembershipEvent.across_schools.get(membership=owner).made_by == superuser


def test_suspending_a_school_leaves_its_trace(cast, superuser, signed_in):
    page = reverse("admin:administration_school_change", args=[cast.school.pk])

    assert signed_in(superuser).post(page, {"status": "suspended"}).status_code == 302

    assert School.objects.get(pk=cast.school.pk).status == "suspended"
    assert SettingChange.objects.get().made_by == superuser


def test_a_password_is_never_set_here(cast, superuser, signed_in):
    page = reverse("admin:administration_user_change", args=[cast.student.membership.user_id])

    form = signed_in(superuser).get(page).context["adminform"].form

    assert set(form.fields) == {
        "full_name",
        "phone",
        "language",
        "is_active",
        "is_staff",
        "is_superuser",
    }

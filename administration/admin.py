"""Platform administrators look at every school here; history can be read and not changed.

The other apps' admin modules build on SchoolAdmin and ReadOnlyAdmin. Platform staff may look,
superusers may correct the few tables that are not written by services alone; nobody deletes.
"""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from administration import services
from administration.models import (
    Department,
    Guardian,
    Membership,
    MembershipEvent,
    School,
    SettingChange,
    Student,
    StudentDocument,
    StudentEvent,
    Teacher,
    TeacherDepartment,
    User,
)
from justdriving.kernel.tenancy import school_scope

admin.site.site_header = admin.site.site_title = "Just Driving"
admin.site.index_title = _("Platform administration")
admin.site.unregister(Group)  # permissions come from roles; a group would only look like one
admin.site.unregister([EmailAddress, Authenticator])  # theirs can be deleted and show secrets


class PlatformAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic for the checker only
    list_per_page = 50
    show_full_result_count = False

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_staff)

    def has_view_permission(self, request: HttpRequest, _obj: Any = None) -> bool:
        return bool(request.user.is_staff)

    def has_change_permission(self, request: HttpRequest, _obj: Any = None) -> bool:
        return bool(request.user.is_superuser)

    def has_add_permission(self, _request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        return False


class RecordAdmin(PlatformAdmin):
    """Rows of the platform that only the services write."""

    def has_change_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        return False


class SchoolAdmin(PlatformAdmin):
    """A table whose rows belong to a school: across schools, with the school in sight."""

    list_filter = ["school"]
    list_select_related = ["school"]

    def get_queryset(self, _request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = self.model.across_schools.order_by("-pk")
        return rows

    def get_list_display(self, _request: HttpRequest) -> list[Any]:
        return ["__str__", "school", *(name for name in self.list_display if name != "__str__")]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return ["school", *super().get_readonly_fields(request, obj)]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """One row, inside its own school: choices of another school are not even offered."""
        row = self.get_object(request, object_id) if object_id else None
        if row is None:
            raise Http404
        with school_scope(row.school_id):
            response = super().changeform_view(request, object_id, form_url, extra_context)
            return response.render() if isinstance(response, TemplateResponse) else response


class ReadOnlyAdmin(SchoolAdmin):
    """Rows that only the services write: people, history, money, messages, signatures."""

    def has_change_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        return False


class OpenSchoolForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for the checker only
    owner_name = forms.CharField(label=_("Name of the owner"), max_length=120)
    owner_email = forms.EmailField(label=_("E-mail of the owner"))

    class Meta:
        model = School
        fields = ("name", "slug", "email", "country", "timezone", "currency", "language")


@admin.register(School)
class SchoolsAdmin(PlatformAdmin):
    """Open, suspend and archive schools; everything else is the owner's own page."""

    list_display = ["name", "slug", "status", "country", "created_at"]
    list_filter = ["status", "country"]
    search_fields = ["name", "slug", "email"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    def get_form(
        self,
        request: HttpRequest,
        obj: Any = None,
        change: bool = False,  # noqa: FBT001, FBT002 -- Django's signature
        **kwargs: Any,
    ) -> Any:
        return super().get_form(request, obj, change, **kwargs) if obj else OpenSchoolForm

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return [*OpenSchoolForm.Meta.fields, "owner_name", "owner_email"]
        return super().get_fields(request, obj)

    def get_readonly_fields(self, _request: HttpRequest, obj: Any = None) -> list[str]:
        names = [field.name for field in School._meta.fields]
        return [name for name in names if name != "status"] if obj else []

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Without Django's transaction around it: the use case brings its own."""
        return self._changeform_view(request, object_id, form_url, extra_context)  # type: ignore[attr-defined, no-any-return]  # the body of Django's own method

    def save_model(self, request: Any, obj: School, form: Any, change: bool) -> None:  # noqa: FBT001 -- Django's signature
        at = timezone.now()
        if change:
            services.set_school_status(school=obj, status=obj.status, by=request.user, at=at)
            return
        typed = form.cleaned_data
        owner = services.FirstOwner(full_name=typed["owner_name"], email=typed["owner_email"])
        services.open_school(school=obj, owner=owner, by=request.user, at=at)


@admin.register(User)
class UserAdmin(PlatformAdmin):
    """People: a password is set by the person, by mail, never here."""

    list_display = ["email", "full_name", "is_active", "is_staff", "last_login"]
    list_filter = ["is_active", "is_staff", "is_superuser"]
    search_fields = ["email", "full_name"]
    fields = [
        "email",
        "full_name",
        "phone",
        "language",
        "is_active",
        "is_staff",
        "is_superuser",
        "last_login",
        "date_joined",
    ]
    readonly_fields = ["email", "last_login", "date_joined"]


@admin.register(Department)
class DepartmentAdmin(SchoolAdmin):
    list_display = ["address", "is_active"]
    search_fields = ["name", "address"]


@admin.register(Membership)
class MembershipAdmin(ReadOnlyAdmin):
    """Roles change on the school's own pages, where the rules and the history are."""

    list_display = ["role", "status", "created_at"]
    list_filter = ["school", "role", "status"]
    search_fields = ["user__email", "user__full_name"]
    list_select_related = ["school", "user"]


@admin.register(Teacher)
class TeacherAdmin(ReadOnlyAdmin):
    list_display = ["licence_categories", "is_active"]
    search_fields = ["membership__user__email", "membership__user__full_name"]
    list_select_related = ["school", "membership__user"]


@admin.register(TeacherDepartment)
class TeacherDepartmentAdmin(ReadOnlyAdmin):
    list_display = ["teacher", "department"]
    list_select_related = ["school", "department", "teacher__membership__user"]


@admin.register(Student)
class StudentAdmin(ReadOnlyAdmin):
    list_display = ["status", "licence_category", "department", "registered_at"]
    list_filter = ["school", "status"]
    search_fields = ["membership__user__email", "membership__user__full_name"]
    list_select_related = ["school", "department", "membership__user"]


@admin.register(Guardian)
class GuardianAdmin(ReadOnlyAdmin):
    list_display = ["student", "email", "phone", "consented_at"]
    search_fields = ["full_name", "email"]
    list_select_related = ["school", "student__membership__user"]


@admin.register(StudentEvent)
class StudentEventAdmin(ReadOnlyAdmin):
    list_display = ["change", "happened_at", "made_by"]
    list_select_related = ["school", "made_by"]
    list_filter = ["school", "change"]


@admin.register(MembershipEvent)
class MembershipEventAdmin(ReadOnlyAdmin):
    list_display = ["change", "happened_at", "made_by"]
    list_select_related = ["school", "made_by"]
    list_filter = ["school", "change"]


@admin.register(SettingChange)
class SettingChangeAdmin(ReadOnlyAdmin):
    list_display = ["old", "new", "happened_at", "made_by"]
    list_select_related = ["school", "made_by"]


@admin.register(StudentDocument)
class StudentDocumentAdmin(ReadOnlyAdmin):
    list_display = ["student", "kind", "valid_from", "valid_until"]
    list_select_related = ["school", "student__membership__user"]

"""A school is the tenant; its departments are the places it teaches from."""

from typing import TYPE_CHECKING, ClassVar, Self
from zoneinfo import ZoneInfo

from django.core.validators import RegexValidator
from django.db import models
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField

from administration.enums import SchoolStatus
from justdriving.kernel.money import Money
from justdriving.kernel.tenancy import SchoolManager, SchoolOwned

if TYPE_CHECKING:
    from administration.models.people import Membership

COLOUR = RegexValidator(r"^#[0-9a-f]{6}$", _("Write a colour like #0b6b5c."))


class SchoolQuerySet(models.QuerySet["School"]):
    def open_to_visitors(self) -> Self:
        """Schools whose public page exists; any other address is a 404."""
        return self.filter(status=SchoolStatus.ACTIVE)


class School(models.Model):
    """A driving school: the tenant that owns every other row."""

    name = models.CharField(_("name"), max_length=120)
    slug = models.SlugField(_("address on this site"), max_length=60, unique=True)
    status = models.CharField(max_length=16, choices=SchoolStatus, default=SchoolStatus.ACTIVE)
    country = models.CharField(_("country"), max_length=2, default="DK")
    timezone = models.CharField(_("time zone"), max_length=64, default="Europe/Copenhagen")
    currency = models.CharField(_("currency"), max_length=3, default="DKK")
    language = models.CharField(_("language"), max_length=8, default="da")
    email = models.EmailField(_("e-mail"))
    phone = PhoneNumberField(_("phone"), blank=True)
    address = models.CharField(_("address"), max_length=200, blank=True)
    registration_number = models.CharField(_("company registration no."), max_length=32, blank=True)
    about = models.TextField(_("about the school"), blank=True)
    opening_hours = models.TextField(_("opening hours"), blank=True)
    terms = models.TextField(_("terms and conditions"), blank=True)
    accent = models.CharField(_("colour"), max_length=7, default="#0b6b5c", validators=[COLOUR])
    accent_dark = models.CharField(
        _("colour on dark"), max_length=7, default="#55c8b0", validators=[COLOUR]
    )
    takes_registrations = models.BooleanField(_("people can register"), default=True)
    students_book_themselves = models.BooleanField(_("students can book"), default=True)
    teachers_edit_students = models.BooleanField(_("teachers edit their students"), default=False)
    teachers_see_whole_calendar = models.BooleanField(
        _("teachers see the whole calendar"), default=False
    )
    teachers_register_payments = models.BooleanField(_("teachers register payments"), default=False)
    teachers_edit_lesson_plans = models.BooleanField(_("teachers edit lesson plans"), default=False)
    office_sees_reports = models.BooleanField(_("the office sees reports"), default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    SETTING: ClassVar = _("the school")

    objects: ClassVar = models.Manager.from_queryset(SchoolQuerySet)()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(status__in=SchoolStatus.values), name="school_status_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    def money(self, minor: int) -> Money:
        return Money(minor, self.currency)

    @property
    def is_active(self) -> bool:
        return self.status == SchoolStatus.ACTIVE


class DepartmentQuerySet(models.QuerySet["Department"]):
    def visible_to(self, member: "Membership") -> Self:
        """Every department of the school, or the one a person is limited to."""
        limited = member.department_id and member.is_staff_role
        return self.filter(pk=member.department_id) if limited else self


class Department(SchoolOwned):
    """A place a school teaches from."""

    name = models.CharField(_("name"), max_length=120)
    address = models.CharField(_("address"), max_length=200, blank=True)
    phone = PhoneNumberField(_("phone"), blank=True)
    is_active = models.BooleanField(_("in use"), default=True)

    SETTING: ClassVar = _("departments")

    objects: ClassVar = SchoolManager.from_queryset(DepartmentQuerySet)()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["school", "name"], name="department_name_once_per_school"
            ),
        ]

    def __str__(self) -> str:
        return self.name

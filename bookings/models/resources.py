"""Vehicles, rooms and tracks: things that can be in one booking at a time."""

from typing import ClassVar, Self

from django.contrib.postgres.fields import ArrayField, DateTimeRangeField
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField

from administration.enums import Gearbox, LicenceCategory
from administration.models import Department, Membership
from bookings.enums import DueDateKind, ResourceKind
from justdriving.kernel.tenancy import SchoolManager, SchoolOwned


class ResourceQuerySet(models.QuerySet["Resource"]):
    def visible_to(self, member: Membership) -> Self:
        """Staff see the school's resources; the office of one department sees its own."""
        if not member.is_staff_role:
            return self.none()
        limited = member.is_office and member.department_id
        return self.filter(department=member.department_id) if limited else self


class Resource(SchoolOwned):
    """A vehicle, room, track, simulator or piece of equipment.

    One with an ``owner`` is somebody else's: that venue confirms each booking with a number, and
    may let the school come only so often in a day of its clock, or from Monday to Sunday.
    """

    department = models.ForeignKey(
        Department, verbose_name=_("department"), on_delete=models.PROTECT, related_name="resources"
    )
    kind = models.CharField(_("kind"), max_length=16, choices=ResourceKind)
    name = models.CharField(_("name"), max_length=80)
    plate = models.CharField(_("registration plate"), max_length=16, blank=True)
    gearbox = models.CharField(_("gearbox"), max_length=16, choices=Gearbox, blank=True)
    licence_categories = ArrayField(
        models.CharField(max_length=4, choices=LicenceCategory),
        verbose_name=_("licence categories"),
        default=list,
        blank=True,
    )
    buffer_before_minutes = models.PositiveSmallIntegerField(_("minutes free before"), default=0)
    buffer_after_minutes = models.PositiveSmallIntegerField(_("minutes free after"), default=0)
    odometer_km = models.PositiveIntegerField(_("odometer, km"), null=True, blank=True)
    odometer_read_on = models.DateField(null=True, blank=True)
    is_active = models.BooleanField(_("in use"), default=True)
    owner = models.CharField(_("belongs to"), max_length=120, blank=True)
    contact_name = models.CharField(_("contact"), max_length=120, blank=True)
    contact_email = models.EmailField(_("e-mail"), blank=True)
    contact_phone = PhoneNumberField(_("phone"), blank=True)
    directions = models.TextField(_("how to get there"), max_length=1000, blank=True)
    max_bookings_per_day = models.PositiveSmallIntegerField(
        _("bookings a day, at most"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    max_bookings_per_week = models.PositiveSmallIntegerField(
        _("bookings a week, at most"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    quota_since = models.DateTimeField(null=True, blank=True, editable=False)

    SETTING: ClassVar = _("vehicles and rooms")
    ALSO_KEPT: ClassVar = {"outage": _("out of service"), **dict(DueDateKind.choices)}

    objects: ClassVar = SchoolManager.from_queryset(ResourceQuerySet)()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["school", "name"], name="resource_name_once"),
            models.CheckConstraint(
                condition=~Q(owner="")
                | Q(max_bookings_per_day__isnull=True, max_bookings_per_week__isnull=True),
                name="only_a_venue_of_others_has_a_quota",
            ),
            models.CheckConstraint(
                condition=(Q(max_bookings_per_day__isnull=True) | Q(max_bookings_per_day__gte=1))
                & (Q(max_bookings_per_week__isnull=True) | Q(max_bookings_per_week__gte=1)),
                name="venue_quota_lets_somebody_in",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_external(self) -> bool:
        return bool(self.owner)

    @property
    def has_quota(self) -> bool:
        return self.max_bookings_per_day is not None or self.max_bookings_per_week is not None


class ResourceOutage(SchoolOwned):
    """A resource cannot be used during ``period`` (UTC, ``[)``)."""

    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="outages")
    period = DateTimeRangeField()
    reason = models.CharField(_("reason"), max_length=200, blank=True)

    def __str__(self) -> str:
        return f"{self.resource_id} out of service"


class ResourceDueDate(SchoolOwned):
    """Something a resource must have had by a day, or by so many km: whichever comes first.

    ``due_on`` is the last day on which it counts as done, ``due_km`` the last reading of the
    odometer. From the day after, or beyond that reading, one with ``blocks`` cannot be booked.
    """

    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="due_dates")
    kind = models.CharField(_("what"), max_length=16, choices=DueDateKind)
    due_on = models.DateField(_("due"))
    due_km = models.PositiveIntegerField(_("due at km"), null=True, blank=True)
    blocks = models.BooleanField(_("cannot be booked when overdue"), default=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["resource", "kind"], name="due_date_kind_once"),
            models.CheckConstraint(
                condition=Q(kind__in=DueDateKind.values), name="due_date_kind_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.resource_id}: {self.kind} {self.due_on}"

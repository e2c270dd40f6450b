"""Who waits for a seat or a time, and what they were offered. Waiting occupies nobody's time."""

from typing import ClassVar, Self

from django.contrib.postgres.fields import ArrayField, DateTimeRangeField
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from administration.enums import Role
from administration.models import Department, Membership, Student, Teacher, User
from bookings.enums import OfferStatus, WaitingStatus
from bookings.models.bookings import Booking
from bookings.models.history import BookingTransition
from bookings.models.lesson_types import LessonType
from justdriving.kernel.tenancy import SchoolManager, SchoolOwned


class WaitingListQuerySet(models.QuerySet["WaitingListEntry"]):
    def visible_to(self, member: Membership) -> Self:
        """What the students this member may see are waiting for."""
        if member.role == Role.OWNER or (member.role == Role.OFFICE and not member.department_id):
            return self
        return self.filter(student__in=Student.objects.visible_to(member).values("pk"))


class WaitingListEntry(SchoolOwned):
    """A student waits for a seat in ``booking``, or wishes for any lesson of a type.

    A wish may name a teacher, a department, weekdays (0 is Monday), wall times of the school and
    days; what it leaves open suits the student. First come, first served.
    """

    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="waiting")
    lesson_type = models.ForeignKey(LessonType, on_delete=models.PROTECT, related_name="+")
    booking = models.ForeignKey(
        Booking, on_delete=models.PROTECT, null=True, blank=True, related_name="waiting"
    )
    teacher = models.ForeignKey(
        Teacher,
        verbose_name=_("teacher"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    department = models.ForeignKey(
        Department,
        verbose_name=_("department"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    weekdays = ArrayField(
        models.PositiveSmallIntegerField(validators=[MaxValueValidator(6)]),
        verbose_name=_("weekdays"),
        default=list,
        blank=True,
    )
    earliest = models.TimeField(_("not before"), null=True, blank=True)
    latest = models.TimeField(_("over by"), null=True, blank=True)
    first_day = models.DateField(_("from"), null=True, blank=True)
    last_day = models.DateField(_("until"), null=True, blank=True)
    status = models.CharField(
        _("status"), max_length=16, choices=WaitingStatus, default=WaitingStatus.WAITING
    )
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects: ClassVar = SchoolManager.from_queryset(WaitingListQuerySet)()

    class Meta:
        verbose_name_plural = "waiting list entries"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["booking", "student"],
                condition=Q(status__in=[WaitingStatus.WAITING, WaitingStatus.OFFERED]),
                name="student_waits_once_per_booking",
            ),
            models.CheckConstraint(
                condition=Q(status__in=WaitingStatus.values), name="waiting_status_known"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["lesson_type", "created_at"],
                condition=Q(status=WaitingStatus.WAITING),
                name="waiting_in_line",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.student_id} waits"


class Vacancy(SchoolOwned):
    """Something came free that somebody may be waiting for; the rows are the queue.

    With ``is_seat`` a seat in ``booking``, else the time of ``teacher`` during ``period`` (UTC,
    ``[)``) that ``booking`` gave up. Written with the change itself (``freed_by``) and open until
    it is taken, too late, or has been offered to everybody it suits: ``settled_at``.
    """

    freed_by = models.OneToOneField(
        BookingTransition, on_delete=models.PROTECT, related_name="vacancy"
    )
    booking = models.ForeignKey(Booking, on_delete=models.PROTECT, related_name="+")
    teacher = models.ForeignKey(Teacher, on_delete=models.PROTECT, related_name="+")
    period = DateTimeRangeField()
    is_seat = models.BooleanField()
    opened_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "vacancies"
        indexes: ClassVar = [
            models.Index(
                fields=["opened_at"], condition=Q(settled_at__isnull=True), name="vacancy_open"
            ),
        ]

    def __str__(self) -> str:
        return f"{'seat in' if self.is_seat else 'time of'} {self.booking_id}"


class WaitingListOffer(SchoolOwned):
    """What was offered to somebody who waits, held for them until ``expires_at``.

    ``booking`` is the session with the seat, or the pending booking that holds the time. Nobody is
    offered again what came free by the same change (``freed_by``), so an offer cannot go round.
    """

    entry = models.ForeignKey(WaitingListEntry, on_delete=models.PROTECT, related_name="offers")
    booking = models.ForeignKey(Booking, on_delete=models.PROTECT, related_name="offers")
    freed_by = models.ForeignKey(
        BookingTransition, on_delete=models.PROTECT, null=True, related_name="+"
    )
    is_seat = models.BooleanField()
    status = models.CharField(
        _("status"), max_length=16, choices=OfferStatus, default=OfferStatus.OPEN
    )
    offered_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["entry", "freed_by"], name="offered_once_per_vacancy"),
            models.UniqueConstraint(
                fields=["entry"], condition=Q(status=OfferStatus.OPEN), name="one_open_offer"
            ),
            models.UniqueConstraint(
                fields=["freed_by"],
                condition=Q(status=OfferStatus.OPEN, is_seat=False),
                name="time_offered_to_one_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(status__in=OfferStatus.values), name="offer_status_known"
            ),
            models.CheckConstraint(
                condition=Q(status=OfferStatus.OPEN, answered_at__isnull=True)
                | ~Q(status=OfferStatus.OPEN) & Q(answered_at__isnull=False),
                name="closed_offer_has_a_time",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["expires_at"], condition=Q(status=OfferStatus.OPEN), name="offer_expiry"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.booking_id} offered to {self.entry_id}"

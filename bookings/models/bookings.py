"""One dated event, who takes part, and whose time it takes."""

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar, Self
from zoneinfo import ZoneInfo

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeOperators
from django.contrib.postgres.indexes import GistIndex
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from administration.enums import Role
from administration.models import Department, Membership, Student, Teacher, User
from bookings.enums import (
    OCCUPYING,
    BookingResourceStatus,
    BookingStatus,
    OfferStatus,
    ParticipationStatus,
    Party,
    ReasonCategory,
)
from bookings.models.lesson_types import CancellationTerms, LessonType
from bookings.models.resources import Resource
from bookings.models.sessions import SessionTemplate, StudentGroup
from justdriving.kernel.money import Money
from justdriving.kernel.tenancy import SchoolManager, SchoolOwned


class BookingQuerySet(models.QuerySet["Booking"]):
    def visible_to(self, member: Membership) -> Self:
        """The bookings this person may know about; everything else is a 404."""
        match member.role:
            case Role.OWNER | Role.OFFICE:
                limited = member.department_id
                return self.filter(department=limited) if limited else self
            case Role.TEACHER:
                whole = member.school.teachers_see_whole_calendar
                return self if whole else self.filter(teacher__membership=member)
            case Role.GUARDIAN:
                return self._with_participant(student__guardians__user=member.user_id).planned()
            case _:
                return self._with_participant(student__membership=member).planned()

    def taught_by_or_managed_by(self, member: Membership) -> Self:
        """The bookings this member of staff may change, not only see."""
        if member.is_office:
            return self.visible_to(member)
        return self.filter(teacher__membership=member)

    def of_student(self, student: Student) -> Self:
        """Each lesson once, however often the student left it and came back."""
        return self._with_participant(student=student)

    def _with_participant(self, **lookup: object) -> Self:
        taking_part = Participation.objects.filter(**lookup)
        return self.filter(pk__in=taking_part.values("booking"))

    def not_given_up_by(self, students: Iterable[Student]) -> Self:
        """Without the lessons that go on although every one of these students gave up the place."""
        here = Participation.objects.filter(student__in=students)
        here = here.exclude(status=ParticipationStatus.CANCELLED)
        return self.filter(Q(status=BookingStatus.CANCELLED) | Q(pk__in=here.values("booking")))

    def planned(self) -> Self:
        """Without drafts: those are the school's own."""
        return self.exclude(status=BookingStatus.DRAFT)

    def live(self) -> Self:
        return self.filter(status__in=OCCUPYING)

    def overlapping(self, lower: datetime, upper: datetime) -> Self:
        return self.filter(period__overlap=(lower, upper))

    def upcoming(self, *, after: datetime) -> Self:
        open_ = (BookingStatus.PENDING, BookingStatus.CONFIRMED)
        return self.filter(status__in=open_, period__endswith__gt=after)

    def not_on_offer(self) -> Self:
        """Without the times that are only held for an offer from the waiting list."""
        on_offer = Booking.objects.filter(offers__status=OfferStatus.OPEN, offers__is_seat=False)
        return self.exclude(pk__in=on_offer.values("pk"))

    def unresolved(self, *, at: datetime) -> Self:
        """Confirmed lessons that are over and that nobody has completed."""
        return self.filter(status=BookingStatus.CONFIRMED, period__endswith__lte=at)


class Booking(SchoolOwned):
    """One dated lesson in the calendar.

    ``period`` is UTC ``[)``; ``wall_date`` and ``wall_time`` are what people agreed on, in
    ``zone``. ``status`` is written by bookings.services alone; see bookings.enums.MOVES.
    """

    department = models.ForeignKey(Department, on_delete=models.PROTECT, related_name="bookings")
    lesson_type = models.ForeignKey(LessonType, on_delete=models.PROTECT, related_name="bookings")
    teacher = models.ForeignKey(Teacher, on_delete=models.PROTECT, related_name="bookings")
    period = DateTimeRangeField()
    wall_date = models.DateField()
    wall_time = models.TimeField()
    zone = models.CharField(max_length=64)
    # Part of what was agreed, for the teacher: editing the lesson type or the teacher never changes
    # whose time is taken.
    buffer_before_minutes = models.PositiveSmallIntegerField(default=0)
    buffer_after_minutes = models.PositiveSmallIntegerField(default=0)
    place = models.CharField(_("pick-up place"), max_length=200, blank=True)
    capacity = models.PositiveSmallIntegerField(default=1, validators=[MinValueValidator(1)])
    status = models.CharField(max_length=16, choices=BookingStatus, default=BookingStatus.DRAFT)
    cancelled_by = models.CharField(max_length=16, choices=Party, blank=True)
    reason_category = models.CharField(max_length=16, choices=ReasonCategory, blank=True)
    no_show_by = models.CharField(max_length=16, choices=Party, blank=True)
    held_until = models.DateTimeField(null=True, blank=True)
    moves = models.PositiveSmallIntegerField(default=0)  # how often a student moved it in time
    entered_afterwards = models.BooleanField(_("entered afterwards"), default=False)
    group = models.ForeignKey(
        StudentGroup, on_delete=models.PROTECT, null=True, blank=True, related_name="bookings"
    )
    # The day of the template this session stands for, wherever it was moved since.
    template = models.ForeignKey(
        SessionTemplate, on_delete=models.PROTECT, null=True, blank=True, related_name="bookings"
    )
    template_day = models.DateField(null=True, blank=True)
    edited_fields = ArrayField(models.CharField(max_length=32), default=list, blank=True)
    replaces = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="replaced_by"
    )
    cancellation_terms = models.ForeignKey(
        CancellationTerms, on_delete=models.PROTECT, related_name="+"
    )
    note = models.CharField(_("note for the student"), max_length=500, blank=True)
    internal_note = models.CharField(_("internal note"), max_length=500, blank=True)
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)  # of the calendar event
    version = models.PositiveIntegerField(default=1)  # SEQUENCE of the calendar event
    request_key = models.UUIDField(default=uuid.uuid4, editable=False)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    objects: ClassVar = SchoolManager.from_queryset(BookingQuerySet)()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(status__in=BookingStatus.values), name="booking_status_known"
            ),
            models.CheckConstraint(
                condition=Q(period__isempty=False, period__startswith__isnull=False)
                & Q(
                    period__endswith__isnull=False, period__lower_inc=True, period__upper_inc=False
                ),
                name="booking_ends_after_it_starts",
            ),
            models.CheckConstraint(condition=Q(capacity__gte=1), name="booking_has_a_seat"),
            models.UniqueConstraint(
                fields=["school", "request_key"], name="booking_made_once_per_request"
            ),
            models.UniqueConstraint(
                fields=["template", "template_day"], name="session_generated_once"
            ),
            models.CheckConstraint(
                condition=Q(template__isnull=True, template_day__isnull=True)
                | Q(template__isnull=False, template_day__isnull=False),
                name="session_stands_for_a_day",
            ),
            models.CheckConstraint(
                condition=~Q(status=BookingStatus.PENDING) | Q(held_until__isnull=False),
                name="pending_booking_has_an_expiry",
            ),
        ]
        indexes: ClassVar = [
            GistIndex(fields=["school", "period"], name="booking_by_school_and_period"),
            models.Index(fields=["teacher", "status"], name="booking_by_teacher"),
            models.Index(
                fields=["held_until"],
                condition=Q(status=BookingStatus.PENDING),
                name="booking_hold_expiry",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """What people call this booking, for its whole life."""
        return f"BK-{self.pk:05d}"

    @property
    def starts_at(self) -> datetime:
        return self.period.lower  # type: ignore[no-any-return]  # a bound of a range field is Any

    @property
    def ends_at(self) -> datetime:
        return self.period.upper  # type: ignore[no-any-return]  # a bound of a range field is Any

    @property
    def minutes(self) -> int:
        return int((self.ends_at - self.starts_at).total_seconds() // 60)

    @property
    def timezone(self) -> ZoneInfo:
        return ZoneInfo(self.zone)


class BookingResource(SchoolOwned):
    """A thing in a booking; for a session with places, one of its places."""

    booking = models.ForeignKey(Booking, on_delete=models.PROTECT, related_name="booking_resources")
    resource = models.ForeignKey(Resource, on_delete=models.PROTECT, related_name="+")
    status = models.CharField(
        max_length=16, choices=BookingResourceStatus, default=BookingResourceStatus.RESERVED
    )
    is_place = models.BooleanField(default=False)  # for one of the students, not for all
    # Part of what was agreed, as the teacher's are (Booking).
    buffer_before_minutes = models.PositiveSmallIntegerField(default=0)
    buffer_after_minutes = models.PositiveSmallIntegerField(default=0)
    # What a venue of others confirmed the booking with; it lapses when the lesson moves.
    venue_number = models.CharField(_("confirmation number"), max_length=40, blank=True)
    is_number_lapsed = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["booking", "resource"], name="resource_once_per_booking"
            ),
            models.CheckConstraint(
                condition=Q(is_number_lapsed=False) | ~Q(venue_number=""),
                name="only_a_number_lapses",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.resource_id} in {self.booking_id}"

    @property
    def standing_number(self) -> str:
        """The number that holds for the time and the venue the booking has now."""
        return "" if self.is_number_lapsed else self.venue_number

    @property
    def awaits_venue(self) -> bool:
        """Whether somebody else's venue has still to confirm it; ``resource`` is read."""
        return self.resource.is_external and not self.standing_number


class Participation(SchoolOwned):
    """A student's place in a booking: price agreed when booked, minutes really used."""

    booking = models.ForeignKey(Booking, on_delete=models.PROTECT, related_name="participations")
    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="participations")
    place = models.ForeignKey(
        BookingResource, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    status = models.CharField(
        max_length=16, choices=ParticipationStatus, default=ParticipationStatus.BOOKED
    )
    price_minor = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3)
    # The steps that add up to the price, as the pricing port gave them; empty for older places.
    price_parts = models.JSONField(default=list, blank=True)
    # Of the booking's minutes, those planned behind the wheel; empty means all of them.
    planned_minutes = models.PositiveSmallIntegerField(null=True, blank=True)
    minutes_used = models.PositiveSmallIntegerField(null=True, blank=True)
    # When somebody booked knowing that the lesson could not be cancelled for free any more.
    late_terms_accepted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["booking", "student"],
                condition=~Q(status=ParticipationStatus.CANCELLED),
                name="student_once_per_booking",
            ),
            models.UniqueConstraint(
                fields=["place"],
                condition=~Q(status=ParticipationStatus.CANCELLED),
                name="one_student_per_place",
            ),
            models.CheckConstraint(
                condition=Q(status__in=ParticipationStatus.values),
                name="participation_status_known",
            ),
            models.CheckConstraint(
                condition=~Q(status=ParticipationStatus.ATTENDED) | Q(minutes_used__gt=0),
                name="attended_participation_has_minutes",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.student_id} in {self.booking_id}"

    @property
    def price(self) -> Money:
        return Money(self.price_minor, self.currency)

    @property
    def has_price_of_steps(self) -> bool:
        """Whether there is more to say of the price than that it is the standard one."""
        return len(self.price_parts) > 1


class Occupancy(SchoolOwned):
    """A person or a resource is taken during ``period`` by a booking, buffers included.

    The one table that makes double-booking impossible; written by bookings.services.occupancy
    alone. A person who works at two schools cannot be in both. A row that an authorised person
    allowed to overlap is not ``is_exclusive``.
    """

    booking = models.ForeignKey(Booking, on_delete=models.CASCADE, related_name="occupancies")
    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="occupancies")
    resource = models.ForeignKey(
        Resource, on_delete=models.PROTECT, null=True, related_name="occupancies"
    )
    period = DateTimeRangeField()
    is_exclusive = models.BooleanField(default=True)

    class Meta:
        verbose_name_plural = "occupancies"
        constraints: ClassVar = [
            ExclusionConstraint(
                name="person_in_one_booking_at_a_time",
                expressions=[
                    ("user", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
                condition=Q(is_exclusive=True, user__isnull=False),
            ),
            ExclusionConstraint(
                name="resource_in_one_booking_at_a_time",
                expressions=[
                    ("resource", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
                condition=Q(is_exclusive=True, resource__isnull=False),
            ),
            models.CheckConstraint(
                condition=Q(user__isnull=True, resource__isnull=False)
                | Q(user__isnull=False, resource__isnull=True),
                name="occupancy_takes_a_person_or_a_resource",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["user"], condition=Q(is_exclusive=False), name="occupancy_may_overlap"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id or self.resource_id} taken by {self.booking_id}"

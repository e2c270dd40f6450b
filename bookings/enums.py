"""The words of the calendar, and the tables of legal moves."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class LessonKind(models.TextChoices):
    PRACTICAL = "practical", _("Practical lesson")
    THEORY = "theory", _("Theory")
    CLOSED_TRACK = "closed_track", _("Closed track")
    SKID_PAD = "skid_pad", _("Skid pad")
    EXAM = "exam", _("Exam")
    SEMINAR = "seminar", _("Seminar")
    OTHER = "other", _("Other")


class LessonColour(models.TextChoices):
    """Tokens of the calendar's colours; each has a light and a dark value in calendar.css."""

    ACCENT = "accent", _("The school's colour")
    BLUE = "blue", _("Blue")
    GREEN = "green", _("Green")
    AMBER = "amber", _("Amber")
    ROSE = "rose", _("Rose")
    VIOLET = "violet", _("Violet")
    SLATE = "slate", _("Slate")


class ResourceKind(models.TextChoices):
    VEHICLE = "vehicle", _("Vehicle")
    ROOM = "room", _("Room")
    TRACK = "track", _("Track")
    SKID_PAD = "skid_pad", _("Skid pad")
    SIMULATOR = "simulator", _("Simulator")
    EQUIPMENT = "equipment", _("Equipment")


class SelfBooking(models.TextChoices):
    OFF = "off", _("Off")
    REQUEST = "request", _("On request")
    INSTANT = "instant", _("At once")


class DeadlineKind(models.TextChoices):
    BUSINESS_DAYS_BEFORE = "business_days_before", _("business days before, at a time of day")
    DAYS_BEFORE = "days_before", _("days before, at a time of day")
    HOURS_BEFORE = "hours_before", _("hours before")


class BookingStatus(models.TextChoices):
    DRAFT = "draft", _("Draft")
    PENDING = "pending", _("Requested")
    CONFIRMED = "confirmed", _("Confirmed")
    COMPLETED = "completed", _("Completed")
    CANCELLED = "cancelled", _("Cancelled")
    NO_SHOW = "no_show", _("No-show")


class ParticipationStatus(models.TextChoices):
    BOOKED = "booked", _("Booked")
    ATTENDED = "attended", _("Attended")
    ABSENT = "absent", _("Absent")
    CANCELLED = "cancelled", _("Cancelled")


class BookingResourceStatus(models.TextChoices):
    AVAILABLE = "available", _("Available")
    RESERVED = "reserved", _("Reserved")
    OUT_OF_SERVICE = "out_of_service", _("Out of service")


class BookingChange(models.TextChoices):
    CREATED = "created", _("Created")
    STATUS = "status", _("Status changed")
    MOVED = "moved", _("Moved")
    CHANGED = "changed", _("Changed")


class EligibilityAttribute(models.TextChoices):
    """What a lesson type may ask of a student. Ages are whole months on the day of the lesson."""

    AGE_MONTHS = "age_months", _("Age")
    HEIGHT_CM = "height_cm", _("Height")
    WEIGHT_KG = "weight_kg", _("Weight")
    MEDICAL = "medical", _("Medical certificate")
    FIRST_AID = "first_aid", _("First-aid certificate")
    CONSENT = "consent", _("Guardian's consent")
    IDENTITY = "identity", _("Proof of identity")


class DueDateKind(models.TextChoices):
    INSPECTION = "inspection", _("Inspection")
    INSURANCE = "insurance", _("Insurance")
    TYRES = "tyres", _("Tyres")
    SERVICE = "service", _("Service")


class VenueChange(models.TextChoices):
    """What happened to the number with which somebody else's venue confirms a booking."""

    CONFIRMED = "confirmed", _("Confirmed")
    WITHDRAWN = "withdrawn", _("Taken back")
    LAPSED = "lapsed", _("No longer holds")
    TOLD = "told", _("The venue was told")


class WaitingStatus(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    OFFERED = "offered", _("Has an offer")
    SERVED = "served", _("Got a place")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    LAPSED = "lapsed", _("Too late")


class OfferStatus(models.TextChoices):
    OPEN = "open", _("Waiting for an answer")
    ACCEPTED = "accepted", _("Accepted")
    DECLINED = "declined", _("Declined")
    EXPIRED = "expired", _("Not answered in time")
    VOID = "void", _("No longer possible")


class SickDayOutcome(models.TextChoices):
    REASSIGNED = "reassigned", _("Another teacher takes it")
    CANCELLED = "cancelled", _("Cancelled without fee")


class Party(models.TextChoices):
    """On whose side someone acts; decides who pays for a cancellation."""

    STUDENT = "student", _("Student")
    TEACHER = "teacher", _("Teacher")
    SCHOOL = "school", _("School")
    SYSTEM = "system", _("System")


class ReasonCategory(models.TextChoices):
    ILLNESS = "illness", _("Illness")
    WEATHER = "weather", _("Weather")
    VEHICLE = "vehicle", _("Vehicle trouble")
    PERSONAL = "personal", _("Personal")
    EXPIRED = "expired", _("Hold expired")
    OTHER = "other", _("Other")


B = BookingStatus
# The whole life of a booking. It has no cycles; moving in time is no change of status.
MOVES: dict[BookingStatus, frozenset[BookingStatus]] = {
    B.DRAFT: frozenset({B.PENDING, B.CONFIRMED, B.CANCELLED}),
    B.PENDING: frozenset({B.CONFIRMED, B.CANCELLED}),
    B.CONFIRMED: frozenset({B.COMPLETED, B.CANCELLED, B.NO_SHOW}),
    B.COMPLETED: frozenset(),
    B.CANCELLED: frozenset(),
    B.NO_SHOW: frozenset(),
}

# Which side may move an existing booking where (bookings.policies says what one is created as).
MOVES_OF: dict[Party, frozenset[BookingStatus]] = {
    Party.STUDENT: frozenset({B.CANCELLED}),
    Party.TEACHER: frozenset({B.PENDING, B.CONFIRMED, B.COMPLETED, B.CANCELLED, B.NO_SHOW}),
    Party.SCHOOL: frozenset({B.PENDING, B.CONFIRMED, B.COMPLETED, B.CANCELLED, B.NO_SHOW}),
    Party.SYSTEM: frozenset({B.CANCELLED}),
}

# A booking in these statuses takes the time of the people and things in it.
OCCUPYING = (B.PENDING, B.CONFIRMED, B.COMPLETED, B.NO_SHOW)

PARTICIPATION_MOVES: dict[ParticipationStatus, frozenset[ParticipationStatus]] = {
    ParticipationStatus.BOOKED: frozenset(
        {
            ParticipationStatus.ATTENDED,
            ParticipationStatus.ABSENT,
            ParticipationStatus.CANCELLED,
        }
    ),
    ParticipationStatus.ATTENDED: frozenset(),
    ParticipationStatus.ABSENT: frozenset(),
    ParticipationStatus.CANCELLED: frozenset(),
}

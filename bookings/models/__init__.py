"""The calendar engine's tables."""

from bookings.models.availability import (
    Absence,
    AvailabilityException,
    ClosedDay,
    ImportedCalendar,
    OpeningHours,
    WeeklyAvailability,
)
from bookings.models.bookings import (
    Booking,
    BookingResource,
    Occupancy,
    Participation,
)
from bookings.models.feeds import CalendarFeed
from bookings.models.history import BookingTransition, ParticipationTransition
from bookings.models.lesson_types import (
    CancellationReason,
    CancellationStep,
    CancellationTerms,
    EligibilityRule,
    LessonType,
    LessonTypeNeed,
)
from bookings.models.resources import Resource, ResourceDueDate, ResourceOutage
from bookings.models.sessions import (
    GroupMember,
    SessionTemplate,
    SessionTemplateResource,
    SkippedSession,
    StudentGroup,
)
from bookings.models.settings import BookingSettings, DailyCap
from bookings.models.sick_days import SickDay, SickDayLesson
from bookings.models.venues import VenueConfirmation
from bookings.models.waiting import Vacancy, WaitingListEntry, WaitingListOffer

__all__ = [
    "Absence",
    "AvailabilityException",
    "Booking",
    "BookingResource",
    "BookingSettings",
    "BookingTransition",
    "CalendarFeed",
    "CancellationReason",
    "CancellationStep",
    "CancellationTerms",
    "ClosedDay",
    "DailyCap",
    "EligibilityRule",
    "GroupMember",
    "ImportedCalendar",
    "LessonType",
    "LessonTypeNeed",
    "Occupancy",
    "OpeningHours",
    "Participation",
    "ParticipationTransition",
    "Resource",
    "ResourceDueDate",
    "ResourceOutage",
    "SessionTemplate",
    "SessionTemplateResource",
    "SickDay",
    "SickDayLesson",
    "SkippedSession",
    "StudentGroup",
    "Vacancy",
    "VenueConfirmation",
    "WaitingListEntry",
    "WaitingListOffer",
    "WeeklyAvailability",
]

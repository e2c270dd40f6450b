"""The rules of the calendar, named in ``settings.BOOKING_RULES``.

Each is one named "no": its code, which of its codes an authorised person may overrule, and why.
"""

from bookings.rules.caps import WithinDailyCaps
from bookings.rules.eligibility import StudentsAreEligible
from bookings.rules.limits import (
    BookingsThatDayLimited,
    BookingsThatWeekLimited,
    OpenBookingsLimited,
    TeacherDayNotFull,
)
from bookings.rules.people import (
    StudentIsFree,
    TeacherIsAvailable,
    TeacherIsFree,
    TeacherTeachesThis,
)
from bookings.rules.things import ResourcesAreFree, ResourcesAreInDate, ResourcesSuit
from bookings.rules.time import (
    NoticeGiven,
    NotInThePast,
    SchoolIsActive,
    SchoolIsOpen,
    WithinBookingWindow,
    WithinOpeningHours,
)
from bookings.rules.venues import WithinVenueQuota

__all__ = [
    "BookingsThatDayLimited",
    "BookingsThatWeekLimited",
    "NotInThePast",
    "NoticeGiven",
    "OpenBookingsLimited",
    "ResourcesAreFree",
    "ResourcesAreInDate",
    "ResourcesSuit",
    "SchoolIsActive",
    "SchoolIsOpen",
    "StudentIsFree",
    "StudentsAreEligible",
    "TeacherDayNotFull",
    "TeacherIsAvailable",
    "TeacherIsFree",
    "TeacherTeachesThis",
    "WithinBookingWindow",
    "WithinDailyCaps",
    "WithinOpeningHours",
    "WithinVenueQuota",
]

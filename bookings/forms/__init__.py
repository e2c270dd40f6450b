"""What people type on the pages of the calendar."""

from bookings.forms.availability import AbsenceForm, WeeklyHoursForm
from bookings.forms.booking import (
    BookForm,
    DeskBookingForm,
    DeskMoveForm,
    DraftForm,
    MoveForm,
    OverrideForm,
    RequestKeyForm,
)
from bookings.forms.cancelling import CancelForm, ReasonForm, WaiveForm
from bookings.forms.catalogue import LessonTypeForm, ResourceForm
from bookings.forms.rearranging import LessonsForm, MannerForm, RearrangeForm, SwapForm
from bookings.forms.sick_days import SickDayForm
from bookings.forms.suggested import SuggestedForm

__all__ = [
    "AbsenceForm",
    "BookForm",
    "CancelForm",
    "DeskBookingForm",
    "DeskMoveForm",
    "DraftForm",
    "LessonTypeForm",
    "LessonsForm",
    "MannerForm",
    "MoveForm",
    "OverrideForm",
    "RearrangeForm",
    "ReasonForm",
    "RequestKeyForm",
    "ResourceForm",
    "SickDayForm",
    "SuggestedForm",
    "SwapForm",
    "WaiveForm",
    "WeeklyHoursForm",
]

"""The use cases of the calendar: the only place that writes."""

from bookings.queries.proposals import LessonRequest
from bookings.services.answering import accept_offer, decline_offer, expire_offers
from bookings.services.booking import book_lesson
from bookings.services.cancelling import cancel_booking, cancel_place
from bookings.services.completing import Attendance, complete_booking, mark_teacher_no_show
from bookings.services.confirming import confirm_booking
from bookings.services.drafts import change_draft
from bookings.services.holds import expire_holds
from bookings.services.joining import join_booking
from bookings.services.moving import MovePreview, move_booking, preview_move, undo_move
from bookings.services.offering import fill_vacancies, offer_seat, offer_time
from bookings.services.rearranging import (
    Exchange,
    GiveResource,
    GiveTeacher,
    Manner,
    MoveDay,
    Swap,
    preview_rearrangement,
    rearrange_bookings,
)
from bookings.services.reasons import Grounds
from bookings.services.sessions import generate_all, generate_sessions, save_template
from bookings.services.sick_day_plans import Affected, Hindered, sick_day_plan
from bookings.services.sick_days import (
    announce_due_sick_days,
    announce_sick_day,
    report_sick_day,
)
from bookings.services.submitting import submit_booking
from bookings.services.undoing import Loss, Lost, preview_undo, undo_sick_day
from bookings.services.vacancies import follow_change
from bookings.services.venues import note_venue_told, set_venue, write_venue_number
from bookings.services.waiting import (
    WishedTimes,
    add_wish,
    join_waiting_list,
    lapse_entries,
    leave_waiting_list,
)
from bookings.services.waiving import note_waiver

__all__ = [
    "Affected",
    "Attendance",
    "Exchange",
    "GiveResource",
    "GiveTeacher",
    "Grounds",
    "Hindered",
    "LessonRequest",
    "Loss",
    "Lost",
    "Manner",
    "MoveDay",
    "MovePreview",
    "Swap",
    "WishedTimes",
    "accept_offer",
    "add_wish",
    "announce_due_sick_days",
    "announce_sick_day",
    "book_lesson",
    "cancel_booking",
    "cancel_place",
    "change_draft",
    "complete_booking",
    "confirm_booking",
    "decline_offer",
    "expire_holds",
    "expire_offers",
    "fill_vacancies",
    "follow_change",
    "generate_all",
    "generate_sessions",
    "join_booking",
    "join_waiting_list",
    "lapse_entries",
    "leave_waiting_list",
    "mark_teacher_no_show",
    "move_booking",
    "note_venue_told",
    "note_waiver",
    "offer_seat",
    "offer_time",
    "preview_move",
    "preview_rearrangement",
    "preview_undo",
    "rearrange_bookings",
    "report_sick_day",
    "save_template",
    "set_venue",
    "sick_day_plan",
    "submit_booking",
    "undo_move",
    "undo_sick_day",
    "write_venue_number",
]

"""The pages of the calendar."""

from bookings.views.availability import (
    absence_add,
    absence_remove,
    availability,
    own_availability,
)
from bookings.views.book import book
from bookings.views.booking_rules import booking_rules, danish_rules
from bookings.views.calendar import calendar
from bookings.views.cancellation_terms import (
    terms_edit,
    terms_list,
    terms_preset,
    terms_preview,
)
from bookings.views.catalogue import lesson_type_edit, lesson_types
from bookings.views.changes import cancel, confirm, submit
from bookings.views.desk import new_booking
from bookings.views.detail import detail
from bookings.views.drafts import draft_edit
from bookings.views.feeds import busy_times, busy_times_remove, feed, feed_close
from bookings.views.grid import events
from bookings.views.joining import join, sessions_to_join
from bookings.views.listing import booking_list, requested, unfinished
from bookings.views.move_check import move_check
from bookings.views.move_free import move_free
from bookings.views.move_undo import move_undo
from bookings.views.moving import move
from bookings.views.no_show import no_show, teacher_no_show
from bookings.views.occupancy import occupancy
from bookings.views.offer_by_hand import offer_by_hand
from bookings.views.offers import offer
from bookings.views.opening import (
    closed_days,
    closed_days_change,
    opening_hours,
    public_holidays_import,
)
from bookings.views.panel import panel, panel_confirm
from bookings.views.planned_days import planned_day_remove, planned_days
from bookings.views.rearranging import rearrange, swap
from bookings.views.reasons import reason_edit, reasons
from bookings.views.resources import (
    outage_add,
    outage_remove,
    resource_due,
    resource_edit,
    resource_venue,
    resources,
)
from bookings.views.sheet import sheet
from bookings.views.sick_days import (
    sick_day,
    sick_day_announce,
    sick_day_report,
    sick_day_undo,
)
from bookings.views.stale import stale_attendance
from bookings.views.suggested import next_lesson
from bookings.views.venues import venue_number, venue_told, venues
from bookings.views.waiting import leave_line, wait_for, waiting, wish
from bookings.views.waiting_desk import waiting_add, waiting_desk
from bookings.views.why_not import why_not

__all__ = [
    "absence_add",
    "absence_remove",
    "availability",
    "book",
    "booking_list",
    "booking_rules",
    "busy_times",
    "busy_times_remove",
    "calendar",
    "cancel",
    "closed_days",
    "closed_days_change",
    "confirm",
    "danish_rules",
    "detail",
    "draft_edit",
    "events",
    "feed",
    "feed_close",
    "join",
    "leave_line",
    "lesson_type_edit",
    "lesson_types",
    "move",
    "move_check",
    "move_free",
    "move_undo",
    "new_booking",
    "next_lesson",
    "no_show",
    "occupancy",
    "offer",
    "offer_by_hand",
    "opening_hours",
    "outage_add",
    "outage_remove",
    "own_availability",
    "panel",
    "panel_confirm",
    "planned_day_remove",
    "planned_days",
    "public_holidays_import",
    "rearrange",
    "reason_edit",
    "reasons",
    "requested",
    "resource_due",
    "resource_edit",
    "resource_venue",
    "resources",
    "sessions_to_join",
    "sheet",
    "sick_day",
    "sick_day_announce",
    "sick_day_report",
    "sick_day_undo",
    "stale_attendance",
    "submit",
    "swap",
    "teacher_no_show",
    "terms_edit",
    "terms_list",
    "terms_preset",
    "terms_preview",
    "unfinished",
    "venue_number",
    "venue_told",
    "venues",
    "wait_for",
    "waiting",
    "waiting_add",
    "waiting_desk",
    "why_not",
    "wish",
]

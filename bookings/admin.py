"""The calendar for platform administrators: what a school sets up may be corrected, no history."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone

from administration.admin import ReadOnlyAdmin, SchoolAdmin
from bookings.models import (
    Absence,
    AvailabilityException,
    Booking,
    BookingResource,
    BookingSettings,
    BookingTransition,
    CalendarFeed,
    CancellationReason,
    CancellationStep,
    CancellationTerms,
    ClosedDay,
    DailyCap,
    EligibilityRule,
    GroupMember,
    ImportedCalendar,
    LessonType,
    LessonTypeNeed,
    Occupancy,
    OpeningHours,
    Participation,
    ParticipationTransition,
    Resource,
    ResourceDueDate,
    ResourceOutage,
    SessionTemplate,
    SessionTemplateResource,
    SickDay,
    SickDayLesson,
    SkippedSession,
    StudentGroup,
    Vacancy,
    VenueConfirmation,
    WaitingListEntry,
    WaitingListOffer,
    WeeklyAvailability,
)
from bookings.services.venues import QUOTA_FIELDS


@admin.register(LessonType)
class LessonTypeAdmin(SchoolAdmin):
    list_display = ["kind", "licence_category", "duration_minutes", "is_active"]
    list_filter = ["school", "kind", "is_active"]
    search_fields = ["name"]


@admin.register(Resource)
class ResourceAdmin(SchoolAdmin):
    list_display = ["kind", "plate", "owner", "department", "is_active"]
    list_filter = ["school", "kind", "is_active"]
    list_select_related = ["school", "department"]
    search_fields = ["name", "plate", "owner"]

    def save_model(self, request: HttpRequest, obj: Resource, form: Any, change: Any) -> None:
        if set(QUOTA_FIELDS) & set(form.changed_data):
            obj.quota_since = timezone.now()
        super().save_model(request, obj, form, change)


@admin.register(VenueConfirmation)
class VenueConfirmationAdmin(ReadOnlyAdmin):
    list_display = ["booking", "resource", "change", "number", "happened_at", "made_by"]
    list_filter = ["school", "change"]
    list_select_related = ["school", "booking", "resource", "made_by"]
    search_fields = ["number"]


@admin.register(ClosedDay)
class ClosedDayAdmin(SchoolAdmin):
    list_display = ["on", "name", "department"]
    list_select_related = ["school", "department"]


@admin.register(LessonTypeNeed)
class LessonTypeNeedAdmin(ReadOnlyAdmin):
    list_display = ["lesson_type", "kind"]
    list_select_related = ["school", "lesson_type"]


@admin.register(CancellationTerms)
class CancellationTermsAdmin(ReadOnlyAdmin):
    """A booking keeps the version it was made under: a new version is made, none is edited."""

    list_display = ["version", "no_show_percent"]


@admin.register(CancellationStep)
class CancellationStepAdmin(ReadOnlyAdmin):
    list_display = ["terms", "deadline", "amount", "clock_time", "percent", "fixed_minor"]
    list_select_related = ["school", "terms"]


@admin.register(WeeklyAvailability)
class WeeklyAvailabilityAdmin(ReadOnlyAdmin):
    list_display = ["teacher", "weekday", "starts_at", "ends_at", "valid_from"]
    list_select_related = ["school", "teacher__membership__user"]


@admin.register(Absence)
class AbsenceAdmin(ReadOnlyAdmin):
    list_display = ["teacher", "period"]
    list_select_related = ["school", "teacher__membership__user"]


@admin.register(ResourceOutage)
class ResourceOutageAdmin(ReadOnlyAdmin):
    list_display = ["resource", "period", "reason"]
    list_select_related = ["school", "resource"]


@admin.register(Booking)
class BookingAdmin(ReadOnlyAdmin):
    list_display = ["status", "lesson_type", "teacher", "wall_date", "wall_time"]
    list_filter = ["school", "status"]
    list_select_related = ["school", "lesson_type", "teacher__membership__user"]


@admin.register(BookingResource)
class BookingResourceAdmin(ReadOnlyAdmin):
    list_display = ["booking", "resource", "status"]
    list_select_related = ["school", "booking__lesson_type", "resource"]


@admin.register(Participation)
class ParticipationAdmin(ReadOnlyAdmin):
    list_display = ["student", "status", "price_minor", "currency", "minutes_used"]
    list_filter = ["school", "status"]
    list_select_related = ["school", "student__membership__user"]


@admin.register(Occupancy)
class OccupancyAdmin(ReadOnlyAdmin):
    list_display = ["user", "resource", "period", "is_exclusive"]
    list_select_related = ["school", "user", "resource"]


@admin.register(BookingTransition)
class BookingTransitionAdmin(ReadOnlyAdmin):
    list_display = ["change", "to_status", "happened_at", "made_by", "requested_by"]
    list_filter = ["school", "change", "to_status"]
    list_select_related = ["school", "made_by"]


@admin.register(ParticipationTransition)
class ParticipationTransitionAdmin(ReadOnlyAdmin):
    list_display = ["to_status", "minutes_used", "happened_at", "made_by"]
    list_filter = ["school", "to_status"]
    list_select_related = ["school", "made_by"]


@admin.register(AvailabilityException)
class AvailabilityExceptionAdmin(ReadOnlyAdmin):
    list_display = ["teacher", "on", "starts_at", "ends_at"]
    list_select_related = ["school", "teacher__membership__user"]


@admin.register(OpeningHours)
class OpeningHoursAdmin(ReadOnlyAdmin):
    list_display = ["department", "weekday", "opens_at", "closes_at"]
    list_select_related = ["school", "department"]


@admin.register(ImportedCalendar)
class ImportedCalendarAdmin(ReadOnlyAdmin):
    list_display = ["teacher", "name", "imported_at"]
    list_select_related = ["school", "teacher__membership__user"]


@admin.register(BookingSettings)
class BookingSettingsAdmin(ReadOnlyAdmin):
    list_display = ["department", "max_active_bookings", "max_moves", "offer_minutes"]
    list_select_related = ["school", "department"]


@admin.register(DailyCap)
class DailyCapAdmin(ReadOnlyAdmin):
    list_display = ["kind", "most", "most_together", "source"]
    list_select_related = ["school"]


@admin.register(EligibilityRule)
class EligibilityRuleAdmin(ReadOnlyAdmin):
    list_display = ["lesson_type", "attribute", "minimum", "maximum"]
    list_select_related = ["school", "lesson_type"]


@admin.register(CancellationReason)
class CancellationReasonAdmin(ReadOnlyAdmin):
    list_display = ["name", "category", "party", "waives_fee", "is_active"]
    list_select_related = ["school"]


@admin.register(ResourceDueDate)
class ResourceDueDateAdmin(ReadOnlyAdmin):
    list_display = ["resource", "kind", "due_on", "blocks"]
    list_select_related = ["school", "resource"]


@admin.register(SessionTemplate)
class SessionTemplateAdmin(ReadOnlyAdmin):
    list_display = ["name", "lesson_type", "teacher", "weekday", "starts_at", "is_active"]
    list_select_related = ["school", "lesson_type", "teacher__membership__user"]


@admin.register(SessionTemplateResource)
class SessionTemplateResourceAdmin(ReadOnlyAdmin):
    list_display = ["template", "resource", "is_place"]
    list_select_related = ["school", "template", "resource"]


@admin.register(SkippedSession)
class SkippedSessionAdmin(ReadOnlyAdmin):
    list_display = ["template", "on", "code", "message"]
    list_select_related = ["school", "template"]


@admin.register(StudentGroup)
class StudentGroupAdmin(ReadOnlyAdmin):
    list_display = ["name", "department", "starts_on", "max_students"]
    list_select_related = ["school", "department"]


@admin.register(GroupMember)
class GroupMemberAdmin(ReadOnlyAdmin):
    list_display = ["group", "student", "joined_at", "left_at"]
    list_select_related = ["school", "group", "student__membership__user"]


@admin.register(WaitingListEntry)
class WaitingListEntryAdmin(ReadOnlyAdmin):
    list_display = ["student", "lesson_type", "status", "created_at"]
    list_select_related = ["school", "student__membership__user", "lesson_type"]


@admin.register(WaitingListOffer)
class WaitingListOfferAdmin(ReadOnlyAdmin):
    list_display = ["entry", "booking", "status", "expires_at"]
    list_select_related = ["school", "entry", "booking"]


@admin.register(Vacancy)
class VacancyAdmin(ReadOnlyAdmin):
    list_display = ["booking", "teacher", "is_seat", "settled_at"]
    list_select_related = ["school", "booking", "teacher__membership__user"]


@admin.register(SickDay)
class SickDayAdmin(ReadOnlyAdmin):
    list_display = ["teacher", "period", "reported_at", "undone_at"]
    list_select_related = ["school", "teacher__membership__user"]


@admin.register(SickDayLesson)
class SickDayLessonAdmin(ReadOnlyAdmin):
    list_display = ["sick_day", "booking", "outcome"]
    list_select_related = ["school", "sick_day", "booking"]


@admin.register(CalendarFeed)
class CalendarFeedAdmin(ReadOnlyAdmin):
    list_display = ["membership", "created_at", "revoked_at"]
    list_select_related = ["school", "membership__user"]

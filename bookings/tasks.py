"""Celery's doors to the calendar."""

from celery import shared_task
from django.utils import timezone

from bookings import services
from bookings.enums import BookingStatus
from bookings.models import Booking, SessionTemplate, SickDay, Vacancy, WaitingListEntry
from bookings.queries.waiting import IN_LINE
from justdriving.kernel.tenancy import school_scope


@shared_task  # type: ignore[untyped-decorator]  # celery has no types
def expire_holds() -> None:
    """Every minute: give back the time of requests that nobody answered, school by school."""
    at = timezone.now()
    due = Booking.across_schools.filter(status=BookingStatus.PENDING, held_until__lte=at)
    for school_id in due.order_by("school").values_list("school", flat=True).distinct():
        with school_scope(school_id):
            services.expire_holds(at=at)


@shared_task  # type: ignore[untyped-decorator]  # celery has no types
def fill_vacancies() -> None:
    """Every minute, and when something came free: end offers, then make the next ones."""
    at = timezone.now()
    waiting = WaitingListEntry.across_schools.filter(status__in=IN_LINE).values_list("school")
    free = Vacancy.across_schools.filter(settled_at__isnull=True).values_list("school")
    for (school_id,) in waiting.union(free).order_by("school"):
        with school_scope(school_id):
            services.expire_offers(at=at)
            services.lapse_entries(at=at)
            services.fill_vacancies(at=at)


@shared_task  # type: ignore[untyped-decorator]  # celery has no types
def generate_sessions() -> None:
    """Every night: write the weekly sessions that came within reach; twice changes nothing."""
    at = timezone.now()
    templates = SessionTemplate.across_schools.filter(is_active=True)
    for school_id in templates.order_by("school").values_list("school", flat=True).distinct():
        with school_scope(school_id):
            services.generate_all(at=at)


@shared_task  # type: ignore[untyped-decorator]  # celery has no types
def announce_sick_days() -> None:
    """Every minute: tell what became of sick days that can not be undone any more."""
    at = timezone.now()
    due = SickDay.across_schools.filter(undo_until__lte=at, undone_at=None, announced_at=None)
    for school_id in due.order_by("school").values_list("school", flat=True).distinct():
        with school_scope(school_id):
            services.announce_due_sick_days(at=at)

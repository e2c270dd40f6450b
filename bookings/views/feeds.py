"""A person's calendar feed, and busy times from a calendar they upload."""

from hashlib import sha256

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from administration.access import MemberRequest, public, requires
from administration.enums import MembershipStatus, SchoolStatus
from administration.permissions import Permission
from bookings.forms.feeds import CalendarFileForm
from bookings.models import Booking, CalendarFeed, ImportedCalendar
from bookings.queries.feeds import KEPT_CANCELLED, REFRESH, feed_of
from bookings.services.feeds import close_feed, digest, open_feed
from bookings.services.imports import import_busy_times, remove_import
from bookings.views.availability import editable_teachers
from justdriving.kernel.policy import Refused
from justdriving.kernel.tenancy import school_scope


@require_GET
@public
def calendar_feed(request: HttpRequest, token: str) -> HttpResponse:
    """The feed itself: whoever knows the secret address may read it, as calendar programs do."""
    feed = (
        CalendarFeed.across_schools.select_related("membership__school", "membership__user")
        .filter(token_digest=digest(token), revoked_at=None)
        .filter(membership__status=MembershipStatus.ACTIVE)
        .exclude(school__status=SchoolStatus.ARCHIVED)
        .first()
    )
    if feed is None:
        raise Http404
    member = feed.membership
    language = member.user.language or member.school.language
    with school_scope(feed.school_id), translation.override(language):
        content = feed_of(member, timezone.now())
    etag = f'"{sha256(content).hexdigest()}"'
    response = HttpResponse(content, content_type="text/calendar; charset=utf-8")
    response["ETag"] = etag
    response["Cache-Control"] = f"private, max-age={REFRESH.seconds // 2}"
    response["Content-Disposition"] = 'inline; filename="lessons.ics"'
    return get_conditional_response(request, etag=etag, response=response) or response


@require_http_methods(["GET", "POST"])
@requires(Permission.VIEW_BOOKINGS)
def feed(request: MemberRequest) -> HttpResponse:
    """The page about one's feed. A new address is shown once: only its digest is kept."""
    address = ""
    if request.method == "POST":
        token = open_feed(by=request.membership, at=timezone.now())
        address = settings.SITE_URL + reverse("calendar_feed", args=[token])
    context = {
        "address": address,
        "webcal": "webcal://" + address.partition("://")[2] if address else "",
        "standing": CalendarFeed.objects.filter(
            membership=request.membership, revoked_at=None
        ).first(),
        "kept_days": KEPT_CANCELLED.days,
    }
    return render(request, "bookings/feed.html", context)


@require_POST
@requires(Permission.VIEW_BOOKINGS)
def feed_close(request: MemberRequest) -> HttpResponse:
    close_feed(by=request.membership, at=timezone.now())
    messages.success(request, _("The address no longer works."))
    return redirect("bookings:feed", request.school.slug)


@require_http_methods(["GET", "POST"])
@requires(Permission.VIEW_CALENDAR)
def busy_times(request: MemberRequest, teacher_id: int) -> HttpResponse:
    teacher = get_object_or_404(editable_teachers(request), pk=teacher_id)
    form = CalendarFileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            calendar = import_busy_times(
                teacher_id=teacher.pk,
                by=request.membership,
                at=timezone.now(),
                name=file.name,
                content=file.read(),
            )
        except Refused as refused:
            form.add_error("file", str(refused))
        else:
            _tell(request, calendar)
            return redirect("bookings:busy_times", request.school.slug, teacher.pk)
    calendars = ImportedCalendar.objects.filter(teacher=teacher).order_by("name")
    context = {
        "teacher": teacher,
        "form": form,
        "is_own": teacher.membership_id == request.membership.pk,
        "calendars": calendars.prefetch_related("absences"),
    }
    status = 422 if form.is_bound and not form.is_valid() else 200
    return render(request, "bookings/busy_times.html", context, status=status)


@require_POST
@requires(Permission.VIEW_CALENDAR)
def busy_times_remove(request: MemberRequest, teacher_id: int, calendar_id: int) -> HttpResponse:
    teacher = get_object_or_404(editable_teachers(request), pk=teacher_id)
    remove_import(calendar_id=calendar_id, teacher_id=teacher.pk, by=request.membership)
    messages.success(request, _("The imported calendar is removed."))
    return redirect("bookings:busy_times", request.school.slug, teacher.pk)


def _tell(request: MemberRequest, calendar: ImportedCalendar) -> None:
    """Say how many times were read, and how many lessons now stand in one of them."""
    spans = [absence.period for absence in calendar.absences.all()]
    text = ngettext(
        "%(count)s busy time was imported.", "%(count)s busy times were imported.", len(spans)
    )
    messages.success(request, text % {"count": len(spans)})
    lessons = Booking.objects.filter(teacher=calendar.teacher_id).upcoming(after=timezone.now())
    periods = list(lessons.values_list("period", flat=True))
    affected = sum(
        any(span.lower < lesson.upper and lesson.lower < span.upper for span in spans)
        for lesson in periods
    )
    if affected:
        text = ngettext(
            "%(count)s lesson is booked in a time that is now busy.",
            "%(count)s lessons are booked in times that are now busy.",
            affected,
        )
        messages.warning(request, text % {"count": affected})

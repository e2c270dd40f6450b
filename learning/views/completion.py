"""The screen on which a teacher completes a lesson."""

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from administration.access import MemberRequest, requires
from administration.permissions import Permission, may
from bookings.enums import BookingStatus
from bookings.models import Booking
from justdriving.kernel.policy import Refused
from learning import queries, services
from learning.forms import CompletionSheet
from learning.models import LessonRecord
from learning.policies import may_record, may_sign_as_teacher


@require_http_methods(["GET", "POST"])
@requires(Permission.COMPLETE_BOOKING)
def complete(request: MemberRequest, booking_id: int) -> HttpResponse:
    """Who came, what was taught, and the signature: one page, one POST."""
    mine = Booking.objects.taught_by_or_managed_by(request.membership)
    booking = get_object_or_404(
        mine.select_related("lesson_type", "teacher__membership__user", "school"), pk=booking_id
    )
    if booking.status != BookingStatus.CONFIRMED:
        return _resolved(request, booking)
    sheet = _sheet(request, booking)
    if sheet.is_bound and sheet.is_valid() and (done := _complete(request, booking, sheet)):
        return done
    page = {
        "booking": booking,
        "sheet": sheet,
        "may_sign": _may_sign(request, booking),
        "is_over": booking.ends_at <= timezone.now(),
    }
    return render(request, "learning/complete.html", page, status=422 if sheet.is_bound else 200)


def _sheet(request: MemberRequest, booking: Booking) -> CompletionSheet:
    seats = queries.seats_of(booking)
    taught_by = booking.teacher.membership_id
    records = may_record(request.membership, taught_by_membership_id=taught_by) is None
    classes = queries.classes_of(booking, seats) if records else ()
    data = request.POST if request.method == "POST" else None
    return CompletionSheet(
        seats,
        classes,
        minutes=booking.minutes,
        is_class=booking.capacity > 1,
        all_came="all" in request.GET,
        data=data,
    )


def _may_sign(request: MemberRequest, booking: Booking) -> bool:
    taught_by = booking.teacher.membership_id
    return may_sign_as_teacher(request.membership, taught_by_membership_id=taught_by) is None


def _complete(
    request: MemberRequest, booking: Booking, sheet: CompletionSheet
) -> HttpResponse | None:
    try:
        records = services.complete_lesson(
            booking_id=booking.pk,
            attendance=sheet.attendance,
            teaching=sheet.teaching,
            sign=sheet.sign and _may_sign(request, booking),
            by=request.membership,
            at=timezone.now(),
            ip=get_adapter().get_client_ip(request),
        )
    except Refused as refused:
        sheet.refuse(refused)
        return None
    messages.success(request, _said(records, signed=sheet.sign))
    if booking.capacity == 1 and len(records) == 1 and may(request.membership, Permission.BOOK):
        return redirect("bookings:next_lesson", request.school.slug, records[0].student_id)
    return redirect("home:home", request.school.slug)


def _said(records: list[LessonRecord], *, signed: bool) -> str:
    if not records:
        return _("The lesson is closed: nobody came.")
    if signed and len(records) == 1:
        words = _("The lesson is completed. %(student)s has been asked to sign.")
        return words % {"student": records[0].student}
    return _("The lesson is completed.")


def _resolved(request: MemberRequest, booking: Booking) -> HttpResponse:
    """A lesson that is completed shows what was taught; for a class, the record of each."""
    taught = LessonRecord.objects.visible_to(request.membership).live().with_signatures()
    records = queries.recorded(taught.filter(participation__booking=booking))
    records = records.order_by("student__membership__user__full_name", "pk")
    if len(records) == 1:
        return redirect("learning:record", request.school.slug, records[0].pk)
    page = {"booking": booking, "records": records}
    return render(request, "learning/completed.html", page)

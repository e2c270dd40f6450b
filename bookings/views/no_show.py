"""Somebody did not come: what it costs, or that it costs nothing, stands above the button."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from administration.access import MemberRequest, requires
from administration.permissions import Permission
from bookings.enums import BookingStatus, ParticipationStatus
from bookings.forms import ReasonForm
from bookings.models import Booking, Participation
from bookings.policies import may_blame_teacher, party_of
from bookings.ports import pricing
from bookings.services import Attendance, complete_booking, mark_teacher_no_show
from bookings.views.access import get_booking
from justdriving.kernel.policy import Refused


@require_http_methods(["GET", "POST"])
@requires(Permission.COMPLETE_BOOKING)
def no_show(request: MemberRequest, booking_id: int) -> HttpResponse:
    """The student did not come: what it costs them stands above the button."""
    mine = Booking.objects.taught_by_or_managed_by(request.membership)
    booking = get_booking(mine, booking_id)
    problem = ""
    if request.method == "POST":
        try:
            _register_no_show(request, booking)
        except Refused as refused:
            problem = str(refused)
        else:
            messages.success(request, _("The no-show is registered."))
            return redirect("bookings:detail", request.school.slug, booking.pk)
    fees = [(place.student, pricing().no_show_fee(place)) for place in _booked(booking)]
    is_office = may_blame_teacher(party_of(request.membership)) is None
    context = {"booking": booking, "problem": problem, "fees": fees, "is_office": is_office}
    return render(request, "bookings/no_show.html", context, status=422 if problem else 200)


def _register_no_show(request: MemberRequest, booking: Booking) -> None:
    absent = {place.pk: Attendance(attended=False) for place in _booked(booking)}
    complete_booking(
        booking_id=booking.pk, by=request.membership, at=timezone.now(), attendance=absent
    )


def _booked(booking: Booking) -> list[Participation]:
    places = booking.participations.all()
    return [place for place in places if place.status == ParticipationStatus.BOOKED]


@require_http_methods(["GET", "POST"])
@requires(Permission.COMPLETE_BOOKING)
def teacher_no_show(request: MemberRequest, booking_id: int) -> HttpResponse:
    """The teacher did not come: nobody pays, and the students are told."""
    mine = Booking.objects.taught_by_or_managed_by(request.membership)
    booking = get_booking(mine, booking_id)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            mark_teacher_no_show(
                booking_id=booking.pk,
                by=request.membership,
                at=timezone.now(),
                reason=form.cleaned_data["reason"],
            )
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("The no-show is registered. Nobody pays for the lesson."))
            return redirect("bookings:detail", request.school.slug, booking.pk)
    if booking.status != BookingStatus.CONFIRMED and not form.errors:
        return redirect("bookings:detail", request.school.slug, booking.pk)
    context = {"booking": booking, "form": form, "students": _booked(booking)}
    page = "bookings/teacher_no_show.html"
    return render(request, page, context, status=422 if form.errors else 200)

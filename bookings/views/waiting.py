"""A student's waiting list: offers to answer, places in line, wishes."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from administration.access import MemberRequest, requires
from administration.models import Student
from administration.permissions import Permission
from bookings.forms.waiting import WishForm
from bookings.models import Booking, WaitingListEntry
from bookings.queries.waiting import in_line, open_offers
from bookings.services import add_wish, join_waiting_list, leave_waiting_list
from bookings.views.joining import own_student
from bookings.views.wording import entry_line, offer_line
from justdriving.kernel.policy import Refused

SHOWN = (
    "lesson_type",
    "teacher__membership__user",
    "department",
    "booking__teacher__membership__user",
)


@require_GET
@requires(Permission.BOOK)
def waiting(request: MemberRequest) -> HttpResponse:
    if request.membership.is_staff_role:
        return redirect("bookings:waiting_desk", request.school.slug)
    student = own_student(request)
    entries = in_line(request.membership).select_related(*SHOWN).order_by("created_at", "pk")
    context = {
        "entries": [entry_line(entry) for entry in entries],
        "offers": [offer_line(offer) for offer in open_offers([student], at=timezone.now())],
    }
    return render(request, "bookings/waiting.html", context)


@require_http_methods(["GET", "POST"])
@requires(Permission.BOOK)
def wish(request: MemberRequest) -> HttpResponse:
    """Say when a lesson would suit; the address may name the type."""
    student = own_student(request)
    form = WishForm(
        request.POST or None,
        member=request.membership,
        student=student,
        initial={"lesson_type": request.GET.get("type")},
    )
    if request.method == "POST" and form.is_valid() and save_wish(request, form, student):
        return redirect("bookings:waiting", request.school.slug)
    return render(request, "bookings/wish.html", {"form": form}, status=422 if form.errors else 200)


def save_wish(request: MemberRequest, form: WishForm, student: Student) -> bool:
    """Whether the wish was taken; a refusal becomes an error of the form."""
    try:
        add_wish(
            student_id=student.pk,
            lesson_type_id=form.cleaned_data["lesson_type"].pk,
            by=request.membership,
            at=timezone.now(),
            times=form.times,
        )
    except Refused as refused:
        form.add_error(None, str(refused))
        return False
    messages.success(request, _("Noted. An offer comes by e-mail and SMS as soon as it fits."))
    return True


@require_POST
@requires(Permission.BOOK)
def wait_for(request: MemberRequest, booking_id: int) -> HttpResponse:
    """Stand in line for a session; if a seat came free meanwhile, back to the session."""
    student = own_student(request)
    session = get_object_or_404(Booking.objects.filter(capacity__gt=1), pk=booking_id)
    try:
        join_waiting_list(
            student_id=student.pk, booking_id=session.pk, by=request.membership, at=timezone.now()
        )
    except Refused as refused:
        messages.error(request, str(refused))
        if refused.refusal.code == "seat-free":
            return redirect("bookings:join", request.school.slug, session.pk)
    else:
        messages.success(
            request, _("You are on the waiting list. An offer comes by e-mail and SMS.")
        )
    return redirect("bookings:waiting", request.school.slug)


@require_POST
@requires(Permission.BOOK)
def leave_line(request: MemberRequest, entry_id: int) -> HttpResponse:
    """Wait no more: one's own entry, or for the office anybody's it manages."""
    entry = get_object_or_404(WaitingListEntry.objects.visible_to(request.membership), pk=entry_id)
    try:
        leave_waiting_list(entry_id=entry.pk, by=request.membership, at=timezone.now())
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("Taken off the waiting list."))
    where = "bookings:waiting_desk" if request.membership.is_office else "bookings:waiting"
    return redirect(where, request.school.slug)

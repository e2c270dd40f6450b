"""A draft is changed: the same fields as when it was made, with what it says now."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from administration.access import MemberRequest, requires
from administration.permissions import Permission
from bookings.enums import BookingStatus
from bookings.forms import DraftForm
from bookings.models import Booking
from bookings.services import change_draft
from bookings.views.access import get_booking
from justdriving.kernel.policy import Refused


@require_http_methods(["GET", "POST"])
@requires(Permission.BOOK)
def draft_edit(request: MemberRequest, booking_id: int) -> HttpResponse:
    """What is refused stays as it was typed; a lesson that is no draft any more is shown."""
    rows = Booking.objects.taught_by_or_managed_by(request.membership)
    booking = get_booking(rows, booking_id)
    typed = request.POST if request.method == "POST" else None
    form = DraftForm(typed, member=request.membership, initial=DraftForm.initial_of(booking))
    if typed is not None and form.is_valid():
        try:
            change_draft(
                booking_id=booking.pk,
                wanted=form.wanted,
                by=request.membership,
                at=timezone.now(),
                overrides=form.overrides,
            )
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("The draft is changed."))
            return redirect("bookings:detail", request.school.slug, booking.pk)
    if booking.status != BookingStatus.DRAFT and not form.errors:
        return redirect("bookings:detail", request.school.slug, booking.pk)
    context = {"booking": booking, "form": form}
    return render(request, "bookings/draft_edit.html", context, status=422 if form.errors else 200)

"""The office waives a fee: why, on what paper, and what becomes of the invoice."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from administration.access import MemberRequest, requires
from administration.permissions import Permission
from bookings.enums import Party
from bookings.forms import WaiveForm
from bookings.models import Booking, Participation
from bookings.ports import pricing
from finance.services import waive_fee
from justdriving.kernel.policy import Refused


@require_http_methods(["GET", "POST"])
@requires(Permission.WAIVE_FEE)
def waive(request: MemberRequest, participation_id: int) -> HttpResponse:
    mine = Booking.objects.taught_by_or_managed_by(request.membership).values("pk")
    places = Participation.objects.select_related(
        "student__membership__user", "booking__lesson_type"
    )
    place = get_object_or_404(places.filter(booking__in=mine), pk=participation_id)
    form = WaiveForm(request.POST or None, member=request.membership, party=Party.STUDENT)
    if request.method == "POST" and form.is_valid():
        try:
            waive_fee(
                participation_id=place.pk,
                by=request.membership,
                at=timezone.now(),
                grounds=form.grounds,
            )
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("The fee is waived."))
            return redirect("bookings:detail", request.school.slug, place.booking_id)
    fee = pricing().fees_standing(place.booking_id).get(place.pk)
    if fee is None and not form.errors:
        return redirect("bookings:detail", request.school.slug, place.booking_id)
    context = {"place": place, "booking": place.booking, "form": form, "fee": fee}
    return render(request, "finance/waive.html", context, status=422 if form.errors else 200)

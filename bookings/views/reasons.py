"""The reasons people choose from when they cancel."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from administration.access import MemberRequest, requires
from administration.permissions import Permission
from bookings.forms.terms import ReasonForm
from bookings.models import CancellationReason
from bookings.services.terms import save_reason
from bookings.views.answers import history_of
from justdriving.kernel.policy import Refused


@require_GET
@requires(Permission.MANAGE_BOOKING_RULES)
def reasons(request: MemberRequest) -> HttpResponse:
    rows = CancellationReason.objects.order_by("-is_active", "party", "name")
    return render(request, "bookings/reasons.html", {"reasons": rows})


@require_http_methods(["GET", "POST"])
@requires(Permission.MANAGE_BOOKING_RULES)
def reason_edit(request: MemberRequest, reason_id: int | None = None) -> HttpResponse:
    rows = CancellationReason.objects.all()
    reason = get_object_or_404(rows, pk=reason_id) if reason_id else None
    name = reason.name if reason else ""
    form = ReasonForm(request.POST or None, instance=reason)
    if request.method == "POST" and form.is_valid():
        try:
            saved = save_reason(
                values=form.cleaned_data,
                reason_id=reason_id,
                by=request.membership,
                at=timezone.now(),
            )
        except Refused as refused:
            form.add_error("name", str(refused))
        else:
            messages.success(request, _("%(name)s is saved.") % {"name": saved.name})
            return redirect("bookings:reasons", request.school.slug)
    context = {"form": form, "name": name, "history": history_of(reason) if reason else None}
    status = 422 if form.errors else 200
    return render(request, "bookings/reason_edit.html", context, status=status)

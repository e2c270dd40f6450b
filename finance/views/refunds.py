"""Giving money back: what waits, asking for it, agreeing, paying out."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from administration.access import MemberRequest, requires
from administration.permissions import Permission
from finance.enums import PaymentMethod, RefundStatus
from finance.forms.refunds import RefundForm
from finance.models import Payment, Refund
from finance.services import approve_refund, decline_refund, pay_out, request_refund
from justdriving.kernel.policy import Refused

PER_PAGE = 25


@requires(Permission.MANAGE_INVOICES)
def refunds(request: MemberRequest) -> HttpResponse:
    """Every refund this member may manage, newest first."""
    rows = Refund.objects.visible_to(request.membership).select_related(
        "student__membership__user", "requested_by", "payment"
    )
    if request.GET.get("show") == "waiting":
        rows = rows.waiting()
    page = Paginator(rows.order_by("-pk"), PER_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "show": request.GET.get("show", "")}
    return render(request, "finance/refunds.html", context)


@require_http_methods(["GET", "POST"])
@requires(Permission.MANAGE_INVOICES)
def refund_new(request: MemberRequest, pk: int) -> HttpResponse:
    """Give back what of one payment is free; the sum is confirmed before anything happens."""
    seen = Payment.objects.visible_to(request.membership).received().with_free()
    payment = get_object_or_404(seen.select_related("student__membership__user"), pk=pk)
    form = RefundForm(request.POST or None, payment=payment)
    asked = None
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data["amount"] if form.asks() else None
        refund = None if asked else _request(request, payment, form)
        if refund is not None:
            return redirect("finance:refund", request.school.slug, refund.pk)
    context = {"payment": payment, "form": form, "asked": asked}
    return render(request, "finance/refund_new.html", context, status=422 if form.errors else 200)


def _request(request: MemberRequest, payment: Payment, form: RefundForm) -> Refund | None:
    said = form.cleaned_data
    try:
        return request_refund(
            payment_id=payment.pk,
            amount=said["amount"],
            method=PaymentMethod(said["method"]),
            reason=said["reason"],
            by=request.membership,
            at=timezone.now(),
            request_key=said["request_key"],
        )
    except Refused as refused:
        field = {"more-than-free": "amount", "amount-not-positive": "amount"}
        form.add_error(field.get(refused.refusal.code), str(refused))
    return None


@requires(Permission.MANAGE_INVOICES)
def refund(request: MemberRequest, pk: int) -> HttpResponse:
    """One refund with its history and what can be done about it."""
    rows = Refund.objects.visible_to(request.membership).select_related(
        "student__membership__user", "requested_by", "decided_by", "payment"
    )
    found = get_object_or_404(rows, pk=pk)
    mine = found.requested_by_id == request.membership.user_id
    status = RefundStatus(found.status)
    context: dict[str, Any] = {
        "refund": found,
        "events": found.events.select_related("made_by"),
        "may_approve": status == RefundStatus.REQUESTED and not (found.needs_approval and mine),
        "waits_for_another": status == RefundStatus.REQUESTED and found.needs_approval and mine,
        "may_decline": status in {RefundStatus.REQUESTED, RefundStatus.APPROVED},
        "may_pay_out": status == RefundStatus.APPROVED
        or (status == RefundStatus.SENT and not found.external_id),
        "by_hand": found.gateway == "none",
    }
    return render(request, "finance/refund.html", context)


@requires(Permission.MANAGE_INVOICES)
@require_POST
def refund_approve(request: MemberRequest, pk: int) -> HttpResponse:
    return _do(request, pk, approve_refund, _("The refund is approved."))


@requires(Permission.MANAGE_INVOICES)
@require_POST
def refund_decline(request: MemberRequest, pk: int) -> HttpResponse:
    return _do(request, pk, decline_refund, _("Nothing is given back."))


@requires(Permission.MANAGE_INVOICES)
@require_POST
def refund_pay_out(request: MemberRequest, pk: int) -> HttpResponse:
    return _do(request, pk, pay_out, _("The money is given back."))


def _do(request: MemberRequest, pk: int, service: Callable[..., Refund], done: str) -> HttpResponse:
    get_object_or_404(Refund.objects.visible_to(request.membership), pk=pk)
    try:
        after = service(refund_id=pk, by=request.membership, at=timezone.now())
    except Refused as refused:
        messages.warning(request, str(refused))
    else:
        is_done = after.status != RefundStatus.FAILED
        text = done if is_done else _("The card company refused. The money is credit again.")
        (messages.success if is_done else messages.warning)(request, text)
    return redirect("finance:refund", request.school.slug, pk)

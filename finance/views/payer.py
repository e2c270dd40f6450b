"""What students and guardians see: what to pay, how, and what was paid."""

from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from administration.access import MemberRequest, requires
from administration.models import Student
from administration.permissions import Permission, may
from finance.documents import credit_note_pdf as pdf_of_credit_note
from finance.documents import invoice_pdf as pdf_of_invoice
from finance.documents import receipt_pdf as pdf_of_receipt
from finance.enums import CheckoutStatus, GatewayName
from finance.gateways import gateway_named
from finance.history import follow_up_lines, history_of
from finance.models import Checkout, CreditNote, Invoice, Payment
from finance.queries import account_of, settings_of
from finance.reminder_queries import pause_of, with_holding
from finance.services import confirm_payment, settle_checkout, start_checkout
from justdriving.kernel.policy import Refusal, Refused


@requires(Permission.VIEW_INVOICES)
def account(request: MemberRequest) -> HttpResponse:
    """Money: what to pay now, invoices, payments. A guardian chooses between children."""
    if request.membership.is_staff_role:
        return redirect("finance:invoices", school=request.school.slug)
    students = list(
        Student.objects.visible_to(request.membership)
        .select_related("school", "membership__user")
        .order_by("pk")
    )
    chosen = next((s for s in students if str(s.pk) == request.GET.get("student")), None)
    student = chosen or (students[0] if students else None)
    today = timezone.localdate()
    context = {
        "students": students,
        "account": account_of(student, request.membership, today=today) if student else None,
        "pays_online": _pays_online(request),
        "request_key": uuid4(),
    }
    return render(request, "finance/account.html", context)


def _pays_online(request: MemberRequest) -> bool:
    has_page = gateway_named(settings_of(request.school).gateway) is not None
    return has_page and may(request.membership, Permission.PAY_ONLINE)


@requires(Permission.VIEW_INVOICES)
def invoice(request: MemberRequest, pk: int) -> HttpResponse:
    """One invoice with its lines and history."""
    return _invoice_page(request, pk)


def _invoice_page(request: MemberRequest, pk: int, refusal: Refusal | None = None) -> HttpResponse:
    seen = Invoice.objects.visible_to(request.membership)
    today = timezone.localdate()
    rows = with_holding(seen.with_paid().with_overdue(today=today), today=today)
    found = get_object_or_404(
        rows.select_related("school", "student__membership__user"),
        pk=pk,
    )
    is_staff = request.membership.is_staff_role
    context: dict[str, Any] = {
        "invoice": found,
        "lines": found.lines.select_related("vat_code").prefetch_related("parts"),
        "history": history_of(found, for_staff=is_staff),
        "is_staff": is_staff,
        "may_credit": is_staff and found.has_left and _may_manage(request),
        "pays_online": _pays_online(request),
        "bank_details": settings_of(request.school).bank_details,
        "request_key": uuid4(),
        "refusal": refusal,
    }
    if is_staff and _may_manage(request):
        pause = pause_of(found, today=today)
        context |= {"log": follow_up_lines(found), "pause": pause, "follows_up": True}
    return render(request, "finance/invoice.html", context, status=422 if refusal else 200)


def _may_manage(request: MemberRequest) -> bool:
    return may(request.membership, Permission.MANAGE_INVOICES)


@requires(Permission.VIEW_INVOICES)
def invoice_pdf(request: MemberRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Invoice.objects.visible_to(request.membership).issued(), pk=pk)
    return _pdf(pdf_of_invoice(found, get_language() or "en"), found.number)


@requires(Permission.VIEW_INVOICES)
def credit_note_pdf(request: MemberRequest, pk: int) -> HttpResponse:
    seen = CreditNote.objects.visible_to(request.membership).select_related("school", "invoice")
    found = get_object_or_404(seen, pk=pk)
    return _pdf(pdf_of_credit_note(found, get_language() or "en"), found.number)


@requires(Permission.VIEW_INVOICES)
def receipt_pdf(request: MemberRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(
        Payment.objects.visible_to(request.membership).received().select_related("student"), pk=pk
    )
    return _pdf(pdf_of_receipt(found, get_language() or "en"), found.number)


def _pdf(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{name}.pdf"'
    return response


@requires(Permission.PAY_ONLINE)
@require_POST
def pay(request: MemberRequest, pk: int) -> HttpResponse:
    """Send the payer to the payment page; a refusal is shown on the invoice."""
    get_object_or_404(Invoice.objects.visible_to(request.membership), pk=pk)
    try:
        checkout = start_checkout(
            invoice_id=pk,
            by=request.membership,
            at=timezone.now(),
            request_key=_request_key(request),
        )
    except Refused as refused:
        return _invoice_page(request, pk, refused.refusal)
    return redirect(checkout.url)


def _request_key(request: MemberRequest) -> UUID:
    try:
        return UUID(request.POST.get("request_key", ""))
    except ValueError as error:
        raise BadRequest(_("This form is incomplete. Load the page again.")) from error


def _visit(request: MemberRequest, pk: int) -> Checkout:
    visits = Checkout.objects.visible_to(request.membership)
    return get_object_or_404(visits.select_related("school", "invoice__student"), pk=pk)


@requires(Permission.PAY_ONLINE)
def paid(request: MemberRequest, pk: int) -> HttpResponse:
    """Where the payment page sends people back to. It believes our books, not the address."""
    checkout = _visit(request, pk)
    payment = Payment.objects.filter(checkout=checkout).first()
    return render(request, "finance/paid.html", {"checkout": checkout, "payment": payment})


@requires(Permission.PAY_ONLINE)
@require_POST
def check_payment(request: MemberRequest, pk: int) -> HttpResponse:
    """Ask the gateway how this visit ended, then show what our books say."""
    checkout = _visit(request, pk)
    settle_checkout(checkout=checkout, at=timezone.now())
    return redirect("finance:paid", school=request.school.slug, pk=pk)


@requires(Permission.PAY_ONLINE)
def demo_checkout(request: MemberRequest, pk: int) -> HttpResponse:
    """The card company of the demonstration. It does not exist outside demo mode."""
    checkout = _visit(request, pk)
    if checkout.gateway != GatewayName.DEMO or gateway_named(GatewayName.DEMO) is None:
        raise Http404
    if checkout.status == CheckoutStatus.PAID:
        return redirect("finance:paid", school=request.school.slug, pk=pk)
    if request.method != "POST":
        return render(request, "finance/demo_checkout.html", {"checkout": checkout})
    if request.POST.get("answer") != "pay":
        messages.info(request, _("Nothing was paid."))
        return redirect("finance:invoice", school=request.school.slug, pk=checkout.invoice_id)
    confirm_payment(
        gateway=checkout.gateway,
        external_id=checkout.external_id or "",
        amount=checkout.amount,
        at=timezone.now(),
    )
    return redirect("finance:paid", school=request.school.slug, pk=pk)

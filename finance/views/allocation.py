"""One screen: the money of a student, and the open invoices it may cover."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from administration.access import MemberRequest, requires
from administration.models import Student
from administration.permissions import Permission
from finance.forms.allocation import AllocationForm
from finance.models import Invoice, Payment
from finance.queries import shares_of
from finance.services import put_against, take_back
from finance.services.allocation import suggested
from justdriving.kernel.policy import Refused


@require_http_methods(["GET", "POST"])
@requires(Permission.MANAGE_INVOICES)
def allocate(request: MemberRequest, pk: int) -> HttpResponse:
    """Which payment, which invoices, how much; the oldest debt is suggested first."""
    seen = Student.objects.visible_to(request.membership).select_related(
        "school", "membership__user"
    )
    student = get_object_or_404(seen, pk=pk)
    payments = Payment.objects.visible_to(request.membership).filter(student=student)
    spare = list(payments.with_credit_left().order_by("pk"))
    chosen = _chosen(request, spare)
    invoices = list(
        Invoice.objects.visible_to(request.membership)
        .open()
        .filter(student=student)
        .with_paid()
        .order_by("due_on", "pk")
    )
    context: dict[str, Any] = {
        "student": student,
        "spare": spare,
        "chosen": chosen,
        "invoices": invoices,
        "total": sum((one.due for one in invoices), request.school.money(0)),
        "covered": shares_of(student),
    }
    if chosen is None or not invoices:
        return render(request, "finance/allocate.html", context)
    form = AllocationForm(
        request.POST or None, invoices=invoices, suggested=suggested(invoices, chosen.free)
    )
    if request.method == "POST" and form.is_valid() and _put(request, chosen, form):
        messages.success(request, _("The money is put against the invoices."))
        return redirect("finance:student_account", request.school.slug, pk)
    context["form"] = form
    return render(request, "finance/allocate.html", context, status=422 if form.errors else 200)


def _chosen(request: MemberRequest, spare: list[Payment]) -> Payment | None:
    wanted = request.GET.get("payment")
    found = next((one for one in spare if str(one.pk) == wanted), None)
    return found or (spare[0] if spare and not wanted else None)


def _put(request: MemberRequest, payment: Payment, form: AllocationForm) -> bool:
    try:
        put_against(
            payment_id=payment.pk,
            shares=form.shares(),
            by=request.membership,
            at=timezone.now(),
            request_key=form.cleaned_data["request_key"],
        )
    except Refused as refused:
        form.refuse(refused)
        return False
    return True


@requires(Permission.MANAGE_INVOICES)
@require_POST
def take_payment_back(request: MemberRequest, pk: int, invoice_id: int) -> HttpResponse:
    """A payment covers this invoice no more."""
    payment = get_object_or_404(Payment.objects.visible_to(request.membership), pk=pk)
    try:
        key = UUID(request.POST.get("request_key", ""))
    except ValueError as error:
        raise BadRequest(_("This form is incomplete. Load the page again.")) from error
    try:
        take_back(
            payment_id=pk,
            invoice_id=invoice_id,
            reason=request.POST.get("reason", ""),
            by=request.membership,
            at=timezone.now(),
            request_key=key,
        )
    except Refused as refused:
        messages.warning(request, str(refused))
    else:
        messages.success(request, _("The money is credit again."))
    return redirect("finance:allocate", request.school.slug, payment.student_id)

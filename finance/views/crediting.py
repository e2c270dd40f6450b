"""The office takes something off an invoice."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from administration.access import MemberRequest, requires
from administration.permissions import Permission
from finance.forms.credits import CreditForm
from finance.models import Invoice
from finance.services import issue_credit_note
from finance.services.crediting import lines_left
from justdriving.kernel.policy import Refused


@require_http_methods(["GET", "POST"])
@requires(Permission.MANAGE_INVOICES)
def credit(request: MemberRequest, pk: int) -> HttpResponse:
    """A credit note for one invoice: of each line what is left, or less; with or without a fee."""
    seen = Invoice.objects.visible_to(request.membership).issued()
    found = get_object_or_404(
        seen.with_paid().select_related("school", "student__membership__user"), pk=pk
    )
    form = CreditForm(request.POST or None, lines=lines_left(found), currency=found.currency)
    if request.method == "POST" and form.is_valid():
        try:
            note = issue_credit_note(
                invoice_id=pk,
                parts=form.parts(),
                reason=form.cleaned_data["reason"],
                by=request.membership,
                at=timezone.now(),
                request_key=form.cleaned_data["request_key"],
            )
        except Refused as refused:
            form.refuse(refused)
        else:
            facts = {"number": note.number, "amount": note.total}
            messages.success(request, _("%(number)s over %(amount)s is issued.") % facts)
            return redirect("finance:invoice", request.school.slug, pk)
    context = {"invoice": found, "form": form}
    return render(request, "finance/credit.html", context, status=422 if form.errors else 200)

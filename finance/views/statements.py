"""A student's statement of account: to read, to print, to keep as a file."""

from datetime import date

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from administration.access import MemberRequest, requires
from administration.models import Student
from administration.permissions import Permission
from finance.statements import Statement, statement_of
from justdriving.kernel.clock import day_named
from justdriving.spreadsheets import spreadsheet


@require_GET
@requires(Permission.VIEW_INVOICES)
def statement(request: MemberRequest, pk: int) -> HttpResponse:
    """The ledger of one student in some days; at first of this year."""
    seen = Student.objects.visible_to(request.membership)
    student = get_object_or_404(seen.select_related("school", "membership__user"), pk=pk)
    today = timezone.localdate()
    try:
        first = day_named(request.GET.get("from")) or date(today.year, 1, 1)
        last = day_named(request.GET.get("to")) or today
    except ValueError as error:
        raise Http404 from error
    found = statement_of(student, min(first, last), max(first, last))
    if "csv" in request.GET:
        return _as_csv(found)
    context = {"statement": found, "is_staff": request.membership.is_staff_role}
    return render(request, "finance/statement.html", context)


def _as_csv(found: Statement) -> HttpResponse:
    head = [_("Date"), _("Description"), _("Number"), _("Amount"), _("Balance")]
    return spreadsheet(
        f"statement-{found.student.pk}-{found.first}-{found.last}",
        head,
        (
            (str(line.day), line.what, line.document, line.amount, line.balance)
            for line in found.lines
        ),
    )

"""What the office sees: invoices, one student's account, payments by hand, the settings."""

from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from administration.access import MemberRequest, requires
from administration.forms.fields import typed
from administration.models import Student
from administration.permissions import Permission, may
from finance.enums import InvoiceFilter, PaymentMethod
from finance.forms import PaymentForm, SettingsForm
from finance.models import Invoice
from finance.queries import account_of, invoices_found, settings_of, sums_of
from finance.services import register_manual_payment, save_settings
from justdriving.kernel.policy import Refusal, Refused

PER_PAGE = 25


@requires(Permission.MANAGE_INVOICES)
def invoices(request: MemberRequest) -> HttpResponse:
    """Every invoice this member may manage: search, filter, sums, pages."""
    search, show = request.GET.get("q", ""), request.GET.get("show", "")
    today = timezone.localdate()
    found = invoices_found(request.membership, search=search, show=show, today=today)
    rows = (
        found.with_paid()
        .with_overdue(today=today)
        .select_related("student__membership__user")
        .prefetch_related("lines")
    )
    context = {
        "page": Paginator(rows, PER_PAGE).get_page(request.GET.get("page")),
        "sums": sums_of(found, request.school),
        "search": search,
        "query": f"{urlencode({'q': search, 'show': show})}&",
        "may_price": may(request.membership, Permission.MANAGE_LESSON_TYPES),
        "may_report": may(request.membership, Permission.VIEW_REPORTS),
        "may_set": may(request.membership, Permission.MANAGE_SCHOOL),
        "selects": [
            {
                "name": "show",
                "label": _("Which invoices"),
                "options": InvoiceFilter.choices,
                "value": show,
            }
        ],
    }
    return render(request, "finance/invoices.html", context)


@requires(Permission.MANAGE_INVOICES)
def student_account(request: MemberRequest, pk: int) -> HttpResponse:
    student = _student(request, pk)
    account = account_of(student, request.membership, today=timezone.localdate())
    return render(request, "finance/student_account.html", {"account": account})


def _student(request: MemberRequest, pk: int) -> Student:
    seen = Student.objects.visible_to(request.membership)
    return get_object_or_404(seen.select_related("school", "membership__user"), pk=pk)


@requires(Permission.REGISTER_PAYMENT)
def payment_new(request: MemberRequest, pk: int) -> HttpResponse:
    """Register money received by hand from one student."""
    student = _student(request, pk)
    form = _payment_form(request, student)
    if request.method == "POST" and form.is_valid():
        try:
            payment = _register(request, student, form)
        except Refused as refused:
            _explain(form, refused.refusal)
        else:
            text = _("%(amount)s registered.") % {"amount": payment.amount}
            messages.success(request, text)
            return redirect(_account_of(request, student))
    context = {"form": form, "student": student, "back_url": _account_of(request, student)}
    return render(request, "finance/payment_new.html", context, status=422 if form.errors else 200)


def _payment_form(request: MemberRequest, student: Student) -> PaymentForm:
    open_ = Invoice.objects.visible_to(request.membership).open().filter(student=student)
    choices = open_.with_paid().order_by("due_on", "pk")
    wanted = request.GET.get("invoice")
    chosen = [invoice for invoice in choices if wanted in {None, str(invoice.pk)}]
    due = sum((invoice.due for invoice in chosen), request.school.money(0))
    return PaymentForm(
        request.POST or None,
        school=request.school,
        invoices=choices,
        initial={
            "amount": typed(due) if due else "",
            "invoices": [invoice.pk for invoice in chosen],
            "request_key": uuid4(),
        },
    )


def _register(request: MemberRequest, student: Student, form: PaymentForm) -> Any:
    said = form.cleaned_data
    return register_manual_payment(
        student_id=student.pk,
        invoice_ids=[invoice.pk for invoice in said["invoices"]],
        amount=said["amount"],
        method=PaymentMethod(said["method"]),
        received_on=said["received_on"],
        by=request.membership,
        at=timezone.now(),
        request_key=said["request_key"],
        even_if_double=said["even_if_double"],
    )


FIELD_OF = {"amount-not-positive": "amount", "payment-in-future": "received_on"}


def _explain(form: PaymentForm, refusal: Refusal) -> None:
    if refusal.code == "payment-looks-double":
        form.ask_about_double()
    form.add_error(FIELD_OF.get(refusal.code), refusal.message)


def _account_of(request: MemberRequest, student: Student) -> str:
    """The student's account; for a teacher, who may not see it, this page itself."""
    managed = may(request.membership, Permission.MANAGE_INVOICES)
    route = "finance:student_account" if managed else "finance:payment_new"
    return reverse(route, args=[request.school.slug, student.pk])


@requires(Permission.MANAGE_SCHOOL)
def settings(request: MemberRequest) -> HttpResponse:
    """How the school bills and is paid."""
    books = settings_of(request.school)
    form = SettingsForm(request.POST or None, books=books)
    if request.method == "POST" and form.is_valid():
        save_settings(values=form.values(), by=request.membership, at=timezone.now())
        messages.success(request, _("Saved."))
        return redirect("finance:settings", school=request.school.slug)
    return render(
        request, "finance/settings.html", {"form": form}, status=422 if form.errors else 200
    )

"""Price lists and their lines, and the question what a lesson would cost."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from administration.access import MemberRequest, requires
from administration.models import Department, Student, Teacher
from administration.permissions import Permission, may
from bookings.models import LessonType
from bookings.ports import Quote, pricing
from bookings.views.answers import history_of
from finance.enums import PriceListFilter
from finance.models import PriceList, PriceRate
from finance.price_forms import CalculatorForm, PriceListForm, RateForm
from finance.price_queries import price_lists_found
from finance.price_words import rate_in_words, sentence
from finance.services import remove_rate, save_price_list, save_rate
from justdriving.kernel.clock import instant_or_next
from justdriving.kernel.policy import Refused

PER_PAGE = 25


@require_GET
@requires(Permission.MANAGE_LESSON_TYPES)
def price_lists(request: MemberRequest) -> HttpResponse:
    """Every price list: those that hold now, will hold, or held."""
    search, show = request.GET.get("q", ""), request.GET.get("show", "")
    today = timezone.localdate()
    found = price_lists_found(request.membership, search=search, show=show, today=today)
    context = {
        "page": Paginator(found, PER_PAGE).get_page(request.GET.get("page")),
        "today": today,
        "search": search,
        "is_narrowed": bool(search or show),
        "query": f"{urlencode({'q': search, 'show': show})}&",
        "selects": [
            {
                "name": "show",
                "label": _("Which lists"),
                "options": PriceListFilter.choices,
                "value": show,
            }
        ],
    }
    return render(request, "finance/price_lists.html", context)


@require_http_methods(["GET", "POST"])
@requires(Permission.MANAGE_LESSON_TYPES)
def price_list(request: MemberRequest, pk: int | None = None) -> HttpResponse:
    """One price list: its dates and place, its lines, its history."""
    found = _list(request, pk) if pk else None
    form = PriceListForm(
        request.POST or None,
        departments=Department.objects.visible_to(request.membership).order_by("name"),
        price_list=found,
    )
    if request.method == "POST" and form.is_valid():
        try:
            saved = save_price_list(
                price_list=found, values=form.values(), by=request.membership, at=timezone.now()
            )
        except Refused as refused:
            field = "valid_until" if refused.refusal.code == "ends-before" else None
            form.add_error(field, refused.refusal.message)
        else:
            messages.success(request, _("%(name)s is saved.") % {"name": saved.name})
            return redirect("finance:price_list", request.school.slug, saved.pk)
    context = {"form": form, "list": found, **_lines(found)}
    return render(request, "finance/price_list.html", context, status=422 if form.errors else 200)


def _list(request: MemberRequest, pk: int) -> PriceList:
    return get_object_or_404(PriceList.objects.visible_to(request.membership), pk=pk)


def _lines(found: PriceList | None) -> dict[str, Any]:
    if found is None:
        return {}
    rates = found.rates.select_related("product", "level", "school").order_by(
        "effect", "product__name", "name", "pk"
    )
    lines = [{"rate": rate, "words": rate_in_words(rate)} for rate in rates]
    return {"lines": lines, "history": history_of(found)}


@require_http_methods(["GET", "POST"])
@requires(Permission.MANAGE_LESSON_TYPES)
def rate(request: MemberRequest, list_pk: int, pk: int | None = None) -> HttpResponse:
    """One line of a price list."""
    owner = _list(request, list_pk)
    rates = PriceRate.objects.filter(price_list=owner).select_related("school", "product", "level")
    found = get_object_or_404(rates, pk=pk) if pk else None
    form = RateForm(request.POST or None, school=request.school, rate=found)
    if request.method == "POST" and form.is_valid():
        try:
            save_rate(
                price_list=owner,
                rate=found,
                values=form.values(),
                by=request.membership,
                at=timezone.now(),
            )
        except Refused as refused:
            form.add_error("ends_at", refused.refusal.message)
        else:
            messages.success(request, _("Saved. It counts for what is booked from now on."))
            return redirect("finance:price_list", request.school.slug, owner.pk)
    words = rate_in_words(found) if found else ""
    context = {"form": form, "list": owner, "rate": found, "words": words}
    return render(request, "finance/rate.html", context, status=422 if form.errors else 200)


@require_POST
@requires(Permission.MANAGE_LESSON_TYPES)
def rate_remove(request: MemberRequest, list_pk: int, pk: int) -> HttpResponse:
    owner = _list(request, list_pk)
    rates = PriceRate.objects.filter(price_list=owner)
    found = get_object_or_404(
        rates.select_related("price_list", "school", "product", "level"), pk=pk
    )
    remove_rate(rate=found, by=request.membership, at=timezone.now())
    messages.success(request, _("The line is taken off the list."))
    return redirect("finance:price_list", request.school.slug, owner.pk)


@require_GET
@requires(Permission.MANAGE_INVOICES)
def calculator(request: MemberRequest) -> HttpResponse:
    """What a lesson would cost at a time, with a teacher, for somebody; nothing is stored."""
    asked = "lesson_type" in request.GET
    form = CalculatorForm(request.GET if asked else None, choices=_choices(request))
    form.initial = {"day": timezone.localdate(), "time": "18:00"}
    context: dict[str, Any] = {
        "form": form,
        "may_price": may(request.membership, Permission.MANAGE_LESSON_TYPES),
    }
    if asked and form.is_valid():
        try:
            quote = _quote(request, form)
        except Refused as refused:
            form.add_error("lesson_type", str(refused))
        else:
            currency = quote.amount.currency
            steps = pricing().in_words(quote.parts, currency)
            context |= {
                "quote": quote,
                "sentence": sentence(quote.parts, currency),
                "steps": [{"name": name, "amount": amount} for name, amount in steps],
            }
    return render(request, "finance/calculator.html", context, status=422 if form.errors else 200)


def _choices(request: MemberRequest) -> dict[str, Any]:
    member = request.membership
    students = Student.objects.visible_to(member).select_related("membership__user")
    teachers = Teacher.objects.visible_to(member).select_related("membership__user")
    return {
        "lesson_type": LessonType.objects.filter(is_active=True).order_by("name"),
        "teacher": teachers.filter(is_active=True).order_by("membership__user__full_name"),
        "department": Department.objects.visible_to(member).order_by("name"),
        "student": students.order_by("membership__user__full_name"),
    }


def _quote(request: MemberRequest, form: CalculatorForm) -> Quote:
    """Raises Refused with ``no-price``."""
    said = form.cleaned_data
    starts_at = instant_or_next(said["day"], said["time"], request.school.zone)
    student, teacher = said["student"], said["teacher"]
    quotes = pricing().quotes(
        [said["lesson_type"]],
        students=[student] if student else [],
        lower=starts_at,
        upper=starts_at,
        at=timezone.now(),
    )
    return quotes.quote(
        said["lesson_type"],
        student_id=student.pk if student else None,
        teacher_id=teacher.pk if teacher else None,
        department_id=said["department"].pk,
        starts_at=starts_at,
    )

"""The discounts of the school."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from administration.access import MemberRequest, requires
from administration.permissions import Permission
from bookings.views.answers import history_of
from finance.discount_forms import DiscountForm, StackingForm
from finance.discount_queries import discounts_found
from finance.enums import DiscountFilter
from finance.models import Discount
from finance.queries import settings_of
from finance.services import save_discount, save_stacking
from justdriving.kernel.policy import Refused

PER_PAGE = 25


@require_http_methods(["GET", "POST"])
@requires(Permission.MANAGE_LESSON_TYPES)
def discounts(request: MemberRequest) -> HttpResponse:
    """Every discount, and what holds when somebody gets several at once."""
    search, show = request.GET.get("q", ""), request.GET.get("show", "")
    form = StackingForm(request.POST or None, books=settings_of(request.school))
    if request.method == "POST" and form.is_valid():
        save_stacking(values=form.cleaned_data, by=request.membership, at=timezone.now())
        messages.success(request, _("Saved. It counts for what is booked from now on."))
        return redirect("finance:discounts", request.school.slug)
    found = discounts_found(search=search, show=show, today=timezone.localdate())
    context = {
        "form": form,
        "page": Paginator(found, PER_PAGE).get_page(request.GET.get("page")),
        "search": search,
        "is_narrowed": bool(search or show),
        "query": f"{urlencode({'q': search, 'show': show})}&",
        "selects": [
            {
                "name": "show",
                "label": _("Which discounts"),
                "options": DiscountFilter.choices,
                "value": show,
            }
        ],
    }
    return render(request, "finance/discounts.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@requires(Permission.MANAGE_LESSON_TYPES)
def discount(request: MemberRequest, pk: int | None = None) -> HttpResponse:
    rows = Discount.objects.select_related("school").prefetch_related("products")
    found = get_object_or_404(rows, pk=pk) if pk else None
    name = found.name if found else ""
    form = DiscountForm(
        request.POST or None,
        school=request.school,
        discount=found,
        initial={"valid_from": timezone.localdate()},
    )
    if request.method == "POST" and form.is_valid() and _save(request, found, form):
        messages.success(request, _("Saved. It counts for what is booked from now on."))
        return redirect("finance:discounts", request.school.slug)
    history: Any = history_of(found) if found else None
    context = {"form": form, "name": name, "history": history}
    return render(request, "finance/discount.html", context, status=422 if form.errors else 200)


FIELD_OF = {"name-taken": "name", "ends-before": "valid_until"}


def _save(request: MemberRequest, found: Discount | None, form: DiscountForm) -> bool:
    """Whether it was saved; else the form says why not."""
    try:
        save_discount(
            discount=found,
            values=form.values(),
            products=form.cleaned_data["products"],
            by=request.membership,
            at=timezone.now(),
        )
    except Refused as refused:
        form.add_error(FIELD_OF.get(refused.refusal.code), refused.refusal.message)
        return False
    return True

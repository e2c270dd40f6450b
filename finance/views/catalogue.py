"""What the school sells, and its VAT codes."""

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
from administration.forms.fields import typed
from administration.permissions import Permission
from bookings.views.answers import history_of
from finance.catalogue_forms import ProductForm, VatCodeForm
from finance.enums import ProductFilter
from finance.models import Product, VatCode
from finance.queries import products_found
from finance.services import open_books, save_product, save_vat_code
from justdriving.kernel.policy import Refused

PER_PAGE = 25


@require_GET
@requires(Permission.MANAGE_LESSON_TYPES)
def products(request: MemberRequest) -> HttpResponse:
    """The price list: search, filter, pages."""
    search, show = request.GET.get("q", ""), request.GET.get("show", "")
    found = products_found(request.membership, search=search, show=show)
    context = {
        "page": Paginator(found, PER_PAGE).get_page(request.GET.get("page")),
        "search": search,
        "query": f"{urlencode({'q': search, 'show': show})}&",
        "is_started": VatCode.objects.exists(),
        "is_narrowed": bool(search or show),
        "selects": [
            {
                "name": "show",
                "label": _("What kind"),
                "options": ProductFilter.choices,
                "value": show,
            }
        ],
    }
    return render(request, "finance/products.html", context)


@requires(Permission.MANAGE_LESSON_TYPES)
@require_POST
def start_price_list(request: MemberRequest) -> HttpResponse:
    """Give a new school its VAT codes, so that it can write its first price."""
    open_books(school=request.school)
    return redirect("finance:product_new", school=request.school.slug)


@require_http_methods(["GET", "POST"])
@requires(Permission.MANAGE_LESSON_TYPES)
def product(request: MemberRequest, pk: int | None = None) -> HttpResponse:
    seen = Product.objects.visible_to(request.membership).select_related("school")
    found = get_object_or_404(seen, pk=pk) if pk else None
    form = ProductForm(
        request.POST or None, school=request.school, product=found, initial=_as_typed(found)
    )
    if request.method == "POST" and form.is_valid():
        try:
            saved = save_product(
                product=found, values=form.values(), by=request.membership, at=timezone.now()
            )
        except Refused as refused:
            field = "vat_code" if refused.refusal.code == "outlay-code" else None
            form.add_error(field, refused.refusal.message)
        else:
            messages.success(request, _("%(product)s saved.") % {"product": saved.name})
            return redirect("finance:products", school=request.school.slug)
    history = history_of(found) if found else None
    context = {"form": form, "product": found, "history": history}
    return render(request, "finance/product.html", context, status=422 if form.errors else 200)


def _as_typed(found: Product | None) -> dict[str, Any]:
    if found is None:
        return {}
    names = ("name", "vat_code", "account_code", "is_active")
    return {name: getattr(found, name) for name in names} | {"price": typed(found.price)}


@require_GET
@requires(Permission.MANAGE_LESSON_TYPES)
def vat_codes(request: MemberRequest) -> HttpResponse:
    codes = VatCode.objects.order_by("-is_active", "-rate_basis_points", "code")
    return render(request, "finance/vat_codes.html", {"codes": codes})


@require_http_methods(["GET", "POST"])
@requires(Permission.MANAGE_LESSON_TYPES)
def vat_code(request: MemberRequest, pk: int | None = None) -> HttpResponse:
    found = get_object_or_404(VatCode.objects.all(), pk=pk) if pk else None
    name = found.name if found else ""
    form = VatCodeForm(request.POST or None, vat_code=found)
    if request.method == "POST" and form.is_valid():
        try:
            saved = save_vat_code(
                vat_code=found, values=form.values(), by=request.membership, at=timezone.now()
            )
        except Refused as refused:
            form.add_error(VAT_FIELD_OF.get(refused.refusal.code), refused.refusal.message)
        else:
            messages.success(request, _("%(name)s is saved.") % {"name": saved.name})
            return redirect("finance:vat_codes", school=request.school.slug)
    history = history_of(found) if found else None
    context = {"form": form, "code": found, "name": name, "history": history}
    return render(request, "finance/vat_code.html", context, status=422 if form.errors else 200)


VAT_FIELD_OF = {"code-taken": "code", "vat-rate": "rate", "code-in-use": "is_active"}

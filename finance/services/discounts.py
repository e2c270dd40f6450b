"""Discounts: the rules, what is given by hand, and who belongs to which family."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from administration.models import Membership, Student
from administration.services.noting import note_changes, set_and_note
from finance.enums import DiscountKind
from finance.models import (
    Discount,
    DiscountGrant,
    DiscountProduct,
    Family,
    FamilyMember,
    FinanceSettings,
    Product,
)
from finance.services.catalogue import open_books
from justdriving.kernel.policy import Refusal, Refused
from justdriving.kernel.transactions import refusing, use_case


@use_case
def save_discount(
    *,
    discount: Discount | None,
    values: dict[str, Any],
    products: Collection[Product],
    by: Membership,
    at: datetime,
) -> Discount:
    """Add a discount or change one, for what is booked from now on.

    ``values`` are the fields of Discount; without ``products`` it is for everything but outlays.
    Raises Refused: ``name-taken``, ``ends-before``.
    """
    discount = discount or Discount(school=by.school)
    with refusing(
        {
            "discount_name_once": lambda: Refusal(
                "name-taken", _("There is one with this name already.")
            ),
            "discount_ends_after_it_begins": lambda: Refusal(
                "ends-before", _("It ends before it begins.")
            ),
        }
    ):
        set_and_note(discount, values, by=by, at=at)
    _set_products(discount, products, by, at)
    return discount


def _set_products(
    discount: Discount, products: Collection[Product], by: Membership, at: datetime
) -> None:
    old = {one.pk: one.name for one in discount.products.all()}
    new = {one.pk: one.name for one in products}
    discount.product_links.exclude(product__in=new).delete()
    DiscountProduct.objects.bulk_create(
        DiscountProduct(school=by.school, discount=discount, product_id=pk)
        for pk in new.keys() - old.keys()
    )
    words = [", ".join(sorted(names.values())) for names in (old, new)]
    note_changes(discount, {"products": (words[0], words[1])}, by=by, at=at, name=discount.name)


@use_case
def save_stacking(*, values: dict[str, Any], by: Membership, at: datetime) -> FinanceSettings:
    """Say what holds when somebody gets several discounts at once, from now on."""
    books = open_books(school=by.school)
    set_and_note(books, values, by=by, at=at, name="")
    return books


@use_case
def grant_discount(
    *,
    student: Student,
    discount: Discount,
    reason: str,
    valid_until: Any,
    by: Membership,
    at: datetime,
) -> DiscountGrant:
    """Give one student a discount of the kind that is given by hand.

    ``valid_until`` is the last day on which it can be agreed, None for no end. Raises Refused:
    ``reason-missing``, ``not-by-hand``, ``given-already``.
    """
    if not reason.strip():
        raise Refused(Refusal("reason-missing", _("Write the reason.")))
    if discount.kind != DiscountKind.MANUAL or not discount.is_active:
        raise Refused(Refusal("not-by-hand", _("This discount is not given by hand.")))
    already = Refusal("given-already", _("The student has this discount already."))
    with refusing({"discount_given_once_at_a_time": lambda: already}):
        return DiscountGrant.objects.create(
            school=by.school,
            student=student,
            discount=discount,
            reason=reason.strip(),
            valid_until=valid_until,
            granted_by=by.user,
            granted_at=at,
        )


@use_case
def withdraw_discount(*, grant: DiscountGrant, by: Membership, at: datetime) -> None:
    """Take a discount back for what is booked from now on; what is agreed stays."""
    DiscountGrant.objects.filter(pk=grant.pk, withdrawn_at=None).update(
        withdrawn_at=at, withdrawn_by=by.user
    )


@use_case
def join_families(*, student: Student, other: Student, by: Membership, at: datetime) -> Family:
    """Say that two students are of one family; whoever belongs to either belongs to it then.

    Raises Refused with ``same-student``.
    """
    if student.pk == other.pk:
        raise Refused(Refusal("same-student", _("Choose somebody else.")))
    held = {
        one.student_id: one
        for one in FamilyMember.objects.select_for_update().filter(student__in=[student, other])
    }
    known = [held[one.pk].family_id for one in (student, other) if one.pk in held]
    family = (
        Family.objects.get(pk=known[0])
        if known
        else Family.objects.create(school=by.school, created_at=at)
    )
    FamilyMember.objects.filter(family__in=known).update(family=family)
    FamilyMember.objects.bulk_create(
        FamilyMember(school=by.school, family=family, student=one)
        for one in (student, other)
        if one.pk not in held
    )
    change = {"member": ("", str(other))}
    note_changes(FamilyMember, change, by=by, at=at, name=str(student), subject_id=student.pk)
    return family


@use_case
def leave_family(*, student: Student, by: Membership, at: datetime) -> None:
    """The student belongs to no family of the school's own making any more."""
    gone, _rows = FamilyMember.objects.filter(student=student).delete()
    if gone:
        change = {"member": (str(student), "")}
        note_changes(FamilyMember, change, by=by, at=at, name=str(student), subject_id=student.pk)

"""What lessons cost beyond the standard price: evenings, Saturdays, and who has taught longest."""

import datetime as dt
from typing import TYPE_CHECKING, Any

from administration.enums import DocumentKind
from administration.models import School, Student, Teacher
from bookings.enums import LessonKind
from finance.enums import DiscountKind, RateEffect, VatTreatment
from finance.models import (
    Discount,
    PriceList,
    PriceRate,
    Product,
    TeacherAtLevel,
    TeacherLevel,
    VatCode,
)
from finance.services import join_families

if TYPE_CHECKING:
    from justdriving.demo.structure import Structure

SATURDAY = 5


def set_prices(school: School, today: dt.date) -> None:
    """Evening and weekend surcharges, a senior level, discounts, the test fee as an outlay."""
    senior = TeacherLevel.objects.create(school=school, name="Erfaren lærer")
    TeacherAtLevel.objects.create(school=school, teacher=Teacher.objects.latest("pk"), level=senior)
    prices = PriceList.objects.create(
        school=school, name=f"Priser {today.year}", valid_from=dt.date(today.year - 1, 1, 1)
    )
    on_top = {"school": school, "price_list": prices}
    lesson = Product.objects.order_by("pk").get(lesson_type__name="Køretime")
    for values in (
        {"name": "Aften", "starts_at": dt.time(17), "amount_minor": 50_00},
        {"name": "Lørdag", "weekdays": [SATURDAY], "amount_minor": 75_00},
        {"name": "Erfaren lærer", "level": senior, "amount_minor": 30_00},
    ):
        PriceRate.objects.create(effect=RateEffect.ADD, product=lesson, **on_top, **values)
    give_discounts(school, prices.valid_from)
    outlay = VatCode.objects.get(treatment=VatTreatment.OUTLAY)
    Product.objects.filter(lesson_type__kind=LessonKind.EXAM).update(vat_code=outlay)


def give_discounts(school: School, since: dt.date) -> None:
    """Siblings pay less from the second on, students with a card too; goodwill is by hand."""
    kinds: tuple[dict[str, Any], ...] = (
        {"name": "Søskenderabat", "kind": DiscountKind.FAMILY, "from_sibling": 2},
        {
            "name": "Studierabat",
            "kind": DiscountKind.PROFILE,
            "document_kind": DocumentKind.STUDENT_CARD,
        },
        {"name": "Kulance", "kind": DiscountKind.MANUAL},
    )
    for position, values in enumerate(kinds, start=1):
        Discount.objects.create(
            school=school, percent=10, valid_from=since, position=position, **values
        )


def join_siblings(structure: "Structure", *, at: dt.datetime) -> None:
    """Åse and Emma Lind are sisters; Emma, who came second, pays less."""
    first, second = (
        Student.objects.get(membership__user__email=f"{name}@nordlys.example")
        for name in ("aase", "emma")
    )
    join_families(student=first, other=second, by=structure.office, at=at)

"""What a school's front page shows of the apps above administration: lessons and their prices."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from django.db.models import Prefetch

from administration.enums import LicenceCategory
from administration.models import School
from administration.ports import Offer
from bookings.models import LessonType
from finance.models import FinanceSettings, Product

ORDER = {category: place for place, category in enumerate(LicenceCategory.values)}


class CatalogueOffers:
    """The sign-up fee, then every lesson type in use, by licence and name."""

    def offers(self, school: School, *, at: datetime) -> Sequence[Offer]:  # noqa: ARG002 -- part of the port
        return [*_signup_fee(school), *_lessons(school)]


def _signup_fee(school: School) -> Iterator[Offer]:
    found = FinanceSettings.objects.select_related("signup_fee").first()
    if found and found.signup_fee:
        fee = found.signup_fee
        yield Offer(fee.name, "", "", 0, school.money(fee.price_minor))


def _lessons(school: School) -> Iterator[Offer]:
    lesson_types = LessonType.objects.filter(is_active=True).prefetch_related(
        Prefetch("products", Product.objects.sold(), to_attr="sold")
    )
    for lesson in sorted(lesson_types, key=lambda one: (ORDER[one.licence_category], one.name)):
        price = lesson.sold[0].price_minor if lesson.sold else None  # type: ignore[attr-defined]  # to_attr
        yield Offer(
            name=lesson.name,
            kind=lesson.get_kind_display(),
            licence_category=lesson.licence_category,
            minutes=lesson.duration_minutes,
            price=None if price is None else school.money(price),
        )

"""What decides a price is read by a statement that is written once, as the ORM would read it."""

import datetime as dt
import itertools

import pytest

from administration.enums import DocumentKind
from administration.models import StudentDocument
from finance.enums import DiscountKind
from finance.models import DiscountProduct, PriceList, Product
from finance.price_queries import _facts, price_facts
from finance.services import join_families, open_books
from justdriving.kernel.tenancy import NoActiveSchool, school_scope
from tests.cast import make_catalogue
from tests.factories import NOON, LessonTypeFactory
from tests.finance.test_discounts import by_hand, give, rule
from tests.finance.test_price_lists import level_of, line

SPRING = (dt.date(2026, 3, 1), dt.date(2026, 5, 31))
DAY = dt.timedelta(days=1)


@pytest.fixture
def priced(cast, other_school):
    """The cast's school with something in each part of the statement."""
    open_books(school=cast.school)
    make_catalogue(LessonTypeFactory(school=cast.school, name="Night driving"))
    make_catalogue(retired := LessonTypeFactory(school=cast.school, name="Trailer"))
    Product.objects.filter(lesson_type=retired).update(is_active=False)
    always, spring = (
        PriceList.objects.create(school=cast.school, valid_from=first, **more)
        for first, more in (
            (dt.date(2026, 1, 1), {"name": "2026"}),
            (
                SPRING[0],
                {"name": "Spring", "valid_until": SPRING[1], "department": cast.department},
            ),
        )
    )
    line(always, weekdays=[6], product=Product.objects.earliest("pk"))
    line(always, starts_at=dt.time(16), product=Product.objects.latest("pk"))
    line(spring, level=level_of(cast.teacher))
    siblings = rule(cast)
    DiscountProduct.objects.create(
        school=cast.school, discount=siblings, product=Product.objects.earliest("pk")
    )
    rule(cast, name="Card", kind=DiscountKind.PROFILE, document_kind=DocumentKind.STUDENT_CARD)
    give(cast, by_hand(cast))
    StudentDocument.objects.create(
        school=cast.school,
        student=cast.other_student,
        kind=DocumentKind.STUDENT_CARD,
        valid_from=SPRING[0],
    )
    join_families(student=cast.student, other=cast.other_student, by=cast.office, at=NOON)
    return cast


def every_question(cast):
    """Lesson types, product, students and days that somebody may ask about."""
    products = list(Product.objects.order_by("pk"))
    types = tuple(one.lesson_type_id for one in products if one.lesson_type_id)
    students = (cast.student.pk, cast.other_student.pk)
    wanted = [(some, None) for some in ((), types[:1], types[1:2], types, types[::-1])]
    wanted += [((), one.pk) for one in products]
    days = [(day, day) for day in (SPRING[0] - DAY, SPRING[0], SPRING[1], SPRING[1] + DAY)]
    who = ((), students[:1], students[1:], students)
    for (some, product), whom, period in itertools.product(wanted, who, [*days, SPRING]):
        yield some, product, whom, *period


def test_the_same_is_found_as_the_orm_finds(priced, other_school):
    found, questions = {}, list(every_question(priced))
    for school in (priced.school, other_school.school):
        with school_scope(school.pk):
            for asked in questions:
                found[school.pk, asked] = _facts(*asked)
                assert found[school.pk, asked] == list(_facts._query(*asked)), asked

    answers = [answer for (answer,) in found.values()]
    assert all(any(answer[part] for answer in answers) for part in answers[0])
    assert len({str(answer) for answer in answers}) > 20, "else nothing was compared"


def test_the_school_is_the_one_in_scope(priced, other_school):
    asked = {"lesson_types": [priced.lesson_type.pk], "lower": NOON, "upper": NOON}
    asked["students"] = [priced.student.pk]
    assert price_facts(**asked).products

    with school_scope(other_school.school.pk):
        elsewhere = price_facts(**asked)

    assert not any((elsewhere.products, elsewhere.rates, elsewhere.discounts, elsewhere.people))


def test_a_price_without_a_school_is_an_error(db):
    with pytest.raises(NoActiveSchool):
        price_facts(lesson_types=[1], lower=NOON, upper=NOON)

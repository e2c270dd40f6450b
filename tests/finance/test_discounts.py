"""Discounts: agreed with the booking, written beside the line, given and taken back by people."""

import datetime as dt

import pytest
from django.db import ProgrammingError, connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from administration.enums import DocumentKind, StudentChange, StudentStatus
from administration.models import SettingChange, Student, StudentDocument, StudentEvent
from bookings.services import Attendance, complete_booking
from finance.documents import invoice_pdf
from finance.enums import DiscountKind, Stacking
from finance.models import (
    Discount,
    DiscountGrant,
    DiscountProduct,
    FamilyMember,
    FinanceSettings,
    Invoice,
    InvoiceLine,
    InvoiceLinePart,
    LedgerEntry,
    Product,
    VatCode,
)
from finance.services import (
    bill_registration,
    grant_discount,
    join_families,
    leave_family,
    open_books,
    save_discount,
    withdraw_discount,
)
from justdriving.kernel.policy import Refused
from tests.factories import NOON, GuardianFactory, StudentFactory, UserFactory
from tests.finance.factories import PRICE, kroner
from tests.finance.test_price_lists import AT_FIVE, booked
from tests.finance.test_pricing import quote_for

NEW_YEAR = dt.date(2026, 1, 1)


@pytest.fixture(autouse=True)
def books(cast):
    return open_books(school=cast.school)


def rule(cast, **fields):
    values = {"name": "Siblings", "kind": DiscountKind.FAMILY, "percent": 10, "from_sibling": 2}
    if "kind" in fields:
        values.pop("from_sibling")
    return Discount.objects.create(school=cast.school, valid_from=NEW_YEAR, **values | fields)


def by_hand(cast, **fields):
    values = {"name": "Goodwill", "kind": DiscountKind.MANUAL, "percent": 20}
    return rule(cast, **values | fields)


def give(cast, discount, **said):
    values = {"student": cast.student, "reason": "The car broke down", "valid_until": None}
    return grant_discount(discount=discount, by=cast.office, at=NOON, **values | said)


def came_later(cast):
    """The other student of the cast registered before the student did."""
    Student.objects.filter(pk=cast.other_student.pk).update(
        registered_at=cast.student.registered_at - dt.timedelta(days=1)
    )


def url(cast, route, *args):
    return reverse(f"finance:{route}", args=[cast.school.slug, *args])


def plain(answer):
    return answer.content.decode().replace("\xa0", " ").replace("&nbsp;", " ")


def cost(cast):
    return quote_for(cast).amount


def test_siblings_share_a_guardian_or_are_said_to_be(cast):
    came_later(cast)
    rule(cast)
    assert cost(cast) == kroner(PRICE)

    parent = UserFactory()
    GuardianFactory(student=cast.student, user=parent, email="a@home.example")
    GuardianFactory(student=cast.other_student, user=parent, email="b@home.example")
    assert cost(cast) == kroner(495_00)


def test_a_guardian_without_an_account_is_known_by_the_address(cast):
    came_later(cast)
    rule(cast)
    for student in (cast.student, cast.other_student):
        GuardianFactory(student=student, user=None, email="Home@Example.com")

    assert cost(cast) == kroner(495_00)


def test_grown_ups_are_a_family_because_the_school_says_so(cast):
    came_later(cast)
    rule(cast)
    join_families(student=cast.student, other=cast.other_student, by=cast.office, at=NOON)
    assert cost(cast) == kroner(495_00)

    leave_family(student=cast.student, by=cast.office, at=NOON)
    assert cost(cast) == kroner(PRICE)


def test_families_that_are_joined_become_one(cast):
    third, fourth = StudentFactory(school=cast.school), StudentFactory(school=cast.school)
    said = {"by": cast.office, "at": NOON}
    join_families(student=cast.student, other=cast.other_student, **said)
    join_families(student=third, other=fourth, **said)
    join_families(student=cast.other_student, other=fourth, **said)

    assert FamilyMember.objects.values("family").distinct().count() == 1


@pytest.mark.parametrize(
    ("status", "counts"), ((StudentStatus.ACTIVE, True), (StudentStatus.LEFT, False))
)
def test_only_who_still_learns_counts(cast, status, counts):
    came_later(cast)
    rule(cast)
    join_families(student=cast.student, other=cast.other_student, by=cast.office, at=NOON)
    Student.objects.filter(pk=cast.other_student.pk).update(status=status)

    assert cost(cast) == kroner(495_00 if counts else PRICE)


def test_a_student_card_counts_while_it_is_valid(cast):
    rule(cast, kind=DiscountKind.PROFILE, document_kind=DocumentKind.STUDENT_CARD)
    StudentDocument.objects.create(
        school=cast.school,
        student=cast.student,
        kind=DocumentKind.STUDENT_CARD,
        valid_from=NEW_YEAR,
        valid_until=NOON.date(),
    )

    assert cost(cast) == kroner(495_00)
    tomorrow = quote_for(cast, starts_at=NOON + dt.timedelta(days=1))
    assert tomorrow.amount == kroner(PRICE)


def test_what_is_only_passed_on_is_never_discounted(cast):
    give(cast, by_hand(cast))
    Product.objects.update(vat_code=VatCode.objects.get(code="OUTLAY"))

    assert cost(cast) == kroner(PRICE)


def test_a_discount_is_for_its_products_only(cast):
    lesson = Product.objects.get()
    book = Product.objects.create(
        school=cast.school, name="Book", kind="other", price_minor=1, vat_code=lesson.vat_code
    )
    discount = by_hand(cast)
    give(cast, discount)
    DiscountProduct.objects.create(school=cast.school, discount=discount, product=book)
    assert cost(cast) == kroner(PRICE)

    DiscountProduct.objects.create(school=cast.school, discount=discount, product=lesson)
    assert cost(cast) == kroner(440_00)


def test_the_schools_rule_says_what_holds_of_several(cast):
    give(cast, by_hand(cast))
    give(cast, by_hand(cast, name="Other", percent=10, position=2))
    assert cost(cast) == kroner(440_00)

    FinanceSettings.objects.update(stacking=Stacking.ADD_UP, discount_cap_percent=25)
    assert cost(cast) == kroner(412_50)
    FinanceSettings.objects.update(stacking=Stacking.IN_ORDER)
    assert cost(cast) == kroner(396_00)


def driven(cast):
    """The lesson of Thursday 16.00 is booked and attended; its invoice."""
    place = booked(cast)
    complete_booking(
        booking_id=place.booking_id,
        by=cast.teacher.membership,
        at=AT_FIVE + dt.timedelta(minutes=90),
        attendance={place.pk: Attendance(attended=True)},
    )
    return Invoice.objects.get()


def test_the_invoice_says_which_discount_and_why(cast, signed_in):
    give(cast, by_hand(cast))

    invoice = driven(cast)

    line = InvoiceLine.objects.get()
    assert (invoice.total, line.total, line.net, line.vat) == (
        kroner(440_00),
        kroner(440_00),
        kroner(352_00),
        kroner(88_00),
    )
    assert [(part.label, part.amount_minor) for part in line.parts.all()] == [
        ("Standard", PRICE),
        ("Goodwill (The car broke down)", -110_00),
    ]
    assert LedgerEntry.objects.get().amount == kroner(440_00)
    page = plain(signed_in(cast.student).get(url(cast, "invoice", invoice.pk)))
    assert "Goodwill (The car broke down)" in page
    assert invoice_pdf(invoice, "en").startswith(b"%PDF")


def test_the_parts_of_an_issued_line_are_final(cast):
    give(cast, by_hand(cast))
    driven(cast)
    part = InvoiceLinePart.objects.first()

    with pytest.raises(ProgrammingError, match="Cannot update"):
        InvoiceLinePart.objects.filter(pk=part.pk).update(amount_minor=1)


def test_what_is_agreed_stays_when_the_discount_is_taken_back(cast):
    grant = give(cast, by_hand(cast))
    place = booked(cast)

    withdraw_discount(grant=grant, by=cast.office, at=NOON)

    place.refresh_from_db()
    assert place.price == kroner(440_00)
    assert cost(cast) == kroner(PRICE)


def test_a_lesson_that_is_free_is_not_invoiced(cast):
    give(cast, by_hand(cast, percent=100))
    place = booked(cast)

    complete_booking(
        booking_id=place.booking_id,
        by=cast.teacher.membership,
        at=AT_FIVE + dt.timedelta(minutes=90),
        attendance={place.pk: Attendance(attended=True)},
    )

    assert place.price == kroner(0)
    assert not Invoice.objects.exists()


def test_the_sign_up_fee_is_discounted_too(cast, books):
    lesson = Product.objects.get()
    books.signup_fee = Product.objects.create(
        school=cast.school,
        name="Sign-up",
        kind="signup_fee",
        price_minor=500_00,
        vat_code=lesson.vat_code,
    )
    books.save()
    born = cast.student.born_on
    rule(cast, kind=DiscountKind.PROFILE, younger_than=NOON.year - born.year + 1, name="Young")
    event = StudentEvent.objects.create(
        school=cast.school, student=cast.student, change=StudentChange.REGISTERED, happened_at=NOON
    )

    invoice = bill_registration(event)

    assert invoice.total == kroner(450_00)
    assert [part.amount_minor for part in InvoiceLinePart.objects.all()] == [500_00, -50_00]


@pytest.mark.parametrize(
    ("said", "code"),
    (({"reason": "  "}, "reason-missing"), ({}, "not-by-hand")),
)
def test_by_hand_needs_a_reason_and_a_discount_for_it(cast, said, code):
    discount = by_hand(cast) if said else rule(cast)

    with pytest.raises(Refused) as refused:
        give(cast, discount, **said)

    assert refused.value.refusal.code == code


def test_a_discount_is_given_once_at_a_time(cast):
    discount = by_hand(cast)
    grant = give(cast, discount)
    with pytest.raises(Refused) as refused:
        give(cast, discount)
    assert refused.value.refusal.code == "given-already"

    withdraw_discount(grant=grant, by=cast.office, at=NOON)
    assert give(cast, discount)


def test_a_grant_is_withdrawn_and_otherwise_final(cast):
    grant = give(cast, by_hand(cast))

    with pytest.raises(ProgrammingError, match="Cannot update"):
        DiscountGrant.objects.filter(pk=grant.pk).update(reason="Other")


def test_pricing_stays_one_statement_with_discounts(cast, django_assert_num_queries):
    give(cast, by_hand(cast))
    rule(cast)

    with django_assert_num_queries(1):
        quote_for(cast)


def test_the_owner_writes_a_discount(cast, signed_in):
    client = signed_in(cast.owner)
    values = {
        "name": "Siblings",
        "kind": "family",
        "from_sibling": "2",
        "percent": "10",
        "valid_from": "2026-01-01",
        "position": "1",
        "is_active": "on",
    }
    wrong = client.post(url(cast, "discount_new"), values | {"from_sibling": ""})
    both = client.post(url(cast, "discount_new"), values | {"fixed": "50"})
    client.post(url(cast, "discount_new"), values)
    discount = Discount.objects.get()
    changed = values | {"percent": "15", "products": [Product.objects.get().pk]}
    client.post(url(cast, "discount", discount.pk), changed)

    assert (wrong.status_code, both.status_code) == (422, 422)
    discount.refresh_from_db()
    assert discount.percent == 15
    kept = SettingChange.objects.filter(topic="finance.Discount").order_by("pk")
    assert [(one.field, one.old, one.new) for one in kept] == [
        ("created", "", "Siblings"),
        ("percent", "10", "15"),
        ("products", "", "Driving lesson"),
    ]
    assert "Siblings" in plain(client.get(url(cast, "discounts")))


def test_the_owner_says_how_discounts_add_up(cast, signed_in):
    values = {"stacking": "add_up", "discount_cap_percent": "30"}

    assert signed_in(cast.owner).post(url(cast, "discounts"), values).status_code == 302
    books = FinanceSettings.objects.get()
    assert (books.stacking, books.discount_cap_percent) == (Stacking.ADD_UP, 30)


def test_the_office_gives_and_takes_back(cast, signed_in):
    discount = by_hand(cast)
    client = signed_in(cast.office)
    page = url(cast, "student_discounts", cast.student.pk)

    refused = client.post(page, {"discount": discount.pk, "reason": ""})
    client.post(page, {"discount": discount.pk, "reason": "Waited in the rain"})
    grant = DiscountGrant.objects.get()
    shown = plain(client.get(page))
    client.post(url(cast, "withdraw", cast.student.pk, grant.pk))

    assert refused.status_code == 422
    assert "Waited in the rain" in shown
    grant.refresh_from_db()
    assert (grant.granted_by, grant.withdrawn_by) == (cast.office.user, cast.office.user)


def test_the_office_says_who_belongs_together(cast, signed_in):
    client = signed_in(cast.office)
    client.post(url(cast, "family", cast.student.pk), {"other": cast.other_student.pk})

    page = plain(client.get(url(cast, "student_discounts", cast.student.pk)))
    assert "Noah Berg" in page
    client.post(url(cast, "family_left", cast.student.pk))
    assert FamilyMember.objects.get().student == cast.other_student


@pytest.mark.parametrize("who", ("teacher", "student"))
def test_nobody_else_gives_discounts(cast, signed_in, who):
    member = getattr(cast, who).membership
    discount = by_hand(cast)

    for route, args in (("student_discounts", (cast.student.pk,)), ("discounts", ())):
        assert signed_in(member).get(url(cast, route, *args)).status_code == 403
    client = signed_in(member)
    client.post(
        url(cast, "student_discounts", cast.student.pk), {"discount": discount.pk, "reason": "x"}
    )
    assert not DiscountGrant.objects.exists()


def test_the_office_reads_no_rules_and_no_student_of_another_school(cast, other_school, signed_in):
    client = signed_in(cast.office)

    assert client.get(url(cast, "discounts")).status_code == 403
    foreign = url(cast, "student_discounts", other_school.student.pk)
    assert client.get(foreign).status_code == 404


@pytest.mark.parametrize("route", ("discounts", "student_discounts"))
def test_pages_take_the_same_queries_for_one_and_many(cast, signed_in, route):
    client = signed_in(cast.owner)
    page = url(cast, route, *([cast.student.pk] if route == "student_discounts" else []))
    first = by_hand(cast, name="First")
    give(cast, first)
    save_discount(
        discount=first,
        values={"percent": 5},
        products=[Product.objects.get()],
        by=cast.owner,
        at=NOON,
    )
    client.get(page)

    def queries():
        with CaptureQueriesContext(connection) as caught:
            client.get(page)
        return len(caught)

    one = queries()
    for number in range(6):
        discount = by_hand(cast, name=f"Discount {number}")
        give(cast, discount)
        DiscountProduct.objects.create(
            school=cast.school, discount=discount, product=Product.objects.get()
        )

    assert queries() == one

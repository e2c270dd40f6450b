"""The pages about money, over HTTP: who sees what, and what a click does."""

import datetime as dt
import re
import uuid

import pytest
import time_machine
from django.urls import reverse

from administration.enums import Role
from finance.enums import GatewayName, InvoiceStatus, ProductKind
from finance.models import Checkout, FinanceSettings, Invoice, Payment, Product, VatCode
from tests.factories import GuardianFactory, MembershipFactory, StudentFactory
from tests.finance.factories import OVER, PRICE, drive, pay_by_hand, use_gateway, visit


@pytest.fixture(autouse=True)
def today():
    """Two hours after the first lesson; nothing here is overdue yet."""
    with time_machine.travel(OVER + dt.timedelta(hours=2), tick=False):
        yield


def url(cast, route, *args) -> str:
    return reverse(f"finance:{route}", args=[cast.school.slug, *args])


def text(answer) -> str:
    """What a reader sees: tags gone, space tidied."""
    plain = re.sub(r"<[^>]+>", " ", answer.content.decode())
    return re.sub(r"\s+", " ", plain.replace("&nbsp;", " ").replace("\xa0", " "))


@pytest.fixture
def demo(cast, settings):
    settings.DEMO = True
    settings.STORAGES = {**settings.STORAGES}
    return use_gateway(cast, GatewayName.DEMO, bank_details="Reg. 1234 account 567890")


def test_a_student_sees_what_to_pay_first(cast, signed_in, demo):
    drive(cast)

    page = text(signed_in(cast.student).get(url(cast, "account")))

    assert "To pay now DKK 550.00" in page
    assert "Pay DKK 550.00 for F-00001" in page
    assert "Driving lesson, Thu 5 Mar 12:00–13:30 F-00001 · pay by Fri 13 Mar" in page


def test_a_student_without_debt_is_told_so(cast, signed_in):
    assert "Everything is paid." in text(signed_in(cast.student).get(url(cast, "account")))


def test_credit_is_shown(cast, signed_in):
    pay_by_hand(cast, 100_00)

    page = text(signed_in(cast.student).get(url(cast, "account")))

    assert "You have DKK 100.00 to your credit." in page


def test_the_office_is_led_to_the_list(cast, signed_in):
    answer = signed_in(cast.office).get(url(cast, "account"))

    assert (answer.status_code, answer.url) == (302, url(cast, "invoices"))


def guardian_of(cast, *students):
    membership = MembershipFactory(school=cast.school, role=Role.GUARDIAN)
    for student in students:
        GuardianFactory(student=student, user=membership.user)
    return membership


def test_a_guardian_sees_the_child_and_pays(cast, signed_in, demo):
    invoice = drive(cast)
    client = signed_in(guardian_of(cast, cast.student))

    assert "To pay now DKK 550.00" in text(client.get(url(cast, "account")))
    answer = client.post(url(cast, "pay", invoice.pk), {"request_key": uuid.uuid4()})
    assert answer.url == url(cast, "demo_checkout", Checkout.objects.get().pk)


def test_a_guardian_of_two_chooses(cast, signed_in):
    drive(cast, student=cast.other_student)
    client = signed_in(guardian_of(cast, cast.student, cast.other_student))

    chosen = client.get(url(cast, "account"), {"student": cast.other_student.pk})

    assert "Everything is paid." in text(client.get(url(cast, "account")))
    assert "To pay now DKK 550.00" in text(chosen)


def test_a_guardian_without_a_child_gets_a_kind_page(cast, signed_in):
    page = text(signed_in(guardian_of(cast)).get(url(cast, "account")))

    assert "Nothing to see here yet" in page


@pytest.mark.parametrize("many", (1, 12))
def test_the_account_takes_the_same_queries_for_any_number_of_rows(
    cast, signed_in, django_assert_num_queries, many
):
    for number in range(many):
        pay_by_hand(cast, 100_00 + number, drive(cast, hours=2 * number))
    client = signed_in(cast.student)
    client.get(url(cast, "account"))

    with django_assert_num_queries(10):
        client.get(url(cast, "account"))


@pytest.mark.parametrize("many", (1, 12))
def test_the_list_takes_the_same_queries_for_any_number_of_rows(
    cast, signed_in, django_assert_num_queries, many
):
    for number in range(many):
        drive(cast, hours=2 * number)
    client = signed_in(cast.office)
    client.get(url(cast, "invoices"))

    with django_assert_num_queries(9):
        client.get(url(cast, "invoices"))


PAGES = ("invoice", "invoice_pdf")


@pytest.mark.parametrize("route", PAGES)
def test_another_students_invoice_does_not_exist(cast, signed_in, route):
    invoice = drive(cast)

    assert signed_in(cast.student).get(url(cast, route, invoice.pk)).status_code == 200
    assert signed_in(cast.other_student).get(url(cast, route, invoice.pk)).status_code == 404


@pytest.mark.parametrize("route", PAGES)
def test_an_invoice_of_another_school_does_not_exist(cast, other_school, signed_in, route):
    invoice = drive(cast)
    foreign = reverse(f"finance:{route}", args=[other_school.school.slug, invoice.pk])

    assert signed_in(other_school.owner).get(foreign).status_code == 404


@pytest.mark.parametrize("route", ("invoices", "products", "settings", "product_new"))
@pytest.mark.parametrize("who", ("student", "teacher"))
def test_pages_of_the_office_are_not_for_students_and_teachers(cast, signed_in, route, who):
    assert signed_in(getattr(cast, who)).get(url(cast, route)).status_code == 403


def test_office_limited_to_a_department_sees_its_students_only(cast, signed_in):
    member = cast.office
    member.department = StudentFactory(school=cast.school).department
    member.save()

    assert signed_in(member).get(url(cast, "invoice", drive(cast).pk)).status_code == 404


@pytest.mark.parametrize(("language", "title"), (("da", b"Faktura"), ("en", b"Invoice")))
def test_the_invoice_comes_as_pdf_in_the_readers_language(cast, signed_in, language, title):
    user = cast.student.membership.user
    user.language = language
    user.save()

    answer = signed_in(cast.student).get(url(cast, "invoice_pdf", drive(cast).pk))

    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == 'inline; filename="F-00001.pdf"'
    assert answer.content.startswith(b"%PDF-")
    assert b"pdfuaid" in answer.content
    assert title in answer.content


def test_a_receipt_is_its_payers_own(cast, signed_in):
    receipt = url(cast, "receipt_pdf", pay_by_hand(cast, PRICE, drive(cast)).pk)

    assert signed_in(cast.student).get(receipt).content.startswith(b"%PDF-")
    assert signed_in(cast.other_student).get(receipt).status_code == 404


def test_paying_in_the_demonstration_from_click_to_receipt(cast, signed_in, demo):
    invoice = drive(cast)
    client = signed_in(cast.student)

    sent = client.post(url(cast, "pay", invoice.pk), {"request_key": uuid.uuid4()})
    card_page = client.get(sent.url)
    back = client.post(sent.url, {"answer": "pay"}, follow=True)

    assert "Demonstration: no card, no real money" in text(card_page)
    assert back.redirect_chain == [(url(cast, "paid", Checkout.objects.get().pk), 302)]
    assert "DKK 550.00 received" in text(back)
    assert Invoice.objects.get().status == InvoiceStatus.PAID


def test_giving_up_pays_nothing(cast, signed_in, demo):
    checkout = visit(cast, drive(cast))

    back = signed_in(cast.student).post(
        url(cast, "demo_checkout", checkout.pk), {"answer": "leave"}, follow=True
    )

    assert "Nothing was paid." in text(back)
    assert not Payment.objects.exists()


def test_looking_at_the_return_page_books_nothing(cast, signed_in, demo):
    checkout = visit(cast, drive(cast))

    page = signed_in(cast.student).get(url(cast, "paid", checkout.pk), {"status": "paid"})

    assert "Waiting for the card company" in text(page)
    assert not Payment.objects.exists()


def test_asking_the_gateway_leads_back_to_the_return_page(cast, signed_in, demo):
    checkout = visit(cast, drive(cast))

    answer = signed_in(cast.student).post(url(cast, "check_payment", checkout.pk))

    assert (answer.status_code, answer.url) == (302, url(cast, "paid", checkout.pk))


@pytest.mark.parametrize("route", ("paid", "demo_checkout"))
def test_another_students_visit_does_not_exist(cast, signed_in, demo, route):
    checkout = visit(cast, drive(cast))

    assert signed_in(cast.other_student).get(url(cast, route, checkout.pk)).status_code == 404


def test_the_demo_page_does_not_exist_outside_the_demo(cast, signed_in, settings):
    settings.DEMO = False
    checkout = visit(cast, drive(cast))
    page = url(cast, "demo_checkout", checkout.pk)

    assert signed_in(cast.student).get(page).status_code == 404
    assert signed_in(cast.student).post(page, {"answer": "pay"}).status_code == 404
    assert not Payment.objects.exists()


def test_a_refused_payment_is_explained_on_the_invoice(cast, signed_in):
    invoice = drive(cast)

    answer = signed_in(cast.student).post(
        url(cast, "pay", invoice.pk), {"request_key": uuid.uuid4()}
    )

    assert answer.status_code == 422
    assert "This school does not take payment online." in text(answer)


def test_a_form_without_its_key_is_a_bad_request(cast, signed_in, demo):
    answer = signed_in(cast.student).post(url(cast, "pay", drive(cast).pk))

    assert (answer.status_code, Checkout.objects.count()) == (400, 0)


def said(**values) -> dict:
    return {
        "amount": "550,00",
        "method": "cash",
        "received_on": "2026-03-05",
        "request_key": str(uuid.uuid4()),
    } | values


def test_the_office_registers_a_payment(cast, signed_in):
    invoice = drive(cast)
    page = url(cast, "payment_new", cast.student.pk)

    answer = signed_in(cast.office).post(page, said(invoices=[invoice.pk]), follow=True)

    assert answer.redirect_chain == [(url(cast, "student_account", cast.student.pk), 302)]
    assert "DKK 550.00 registered." in text(answer)
    assert Invoice.objects.get().status == InvoiceStatus.PAID


def test_the_form_suggests_what_is_due(cast, signed_in):
    first, _second = drive(cast), drive(cast, hours=2)
    page = url(cast, "payment_new", cast.student.pk)
    client = signed_in(cast.office)

    both = client.get(page).context["form"]
    one = client.get(page, {"invoice": first.pk}).context["form"]

    assert both["amount"].value() == "1100,00"
    assert (one["amount"].value(), one["invoices"].value()) == ("550,00", [first.pk])


@pytest.mark.parametrize(
    ("wrong", "field"),
    (
        ({"amount": "lots"}, "amount"),
        ({"amount": "0"}, "amount"),
        ({"received_on": "2026-03-06"}, "received_on"),
        ({"method": "gold"}, "method"),
    ),
)
def test_a_refused_payment_keeps_what_was_typed(cast, signed_in, wrong, field):
    page = url(cast, "payment_new", cast.student.pk)

    answer = signed_in(cast.office).post(page, said(**wrong))

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert answer.context["form"][field].value() == wrong[field]


def test_a_likely_twin_must_be_confirmed(cast, signed_in):
    page = url(cast, "payment_new", cast.student.pk)
    client = signed_in(cast.office)
    client.post(page, said())

    warned = client.post(page, said())
    client.post(page, said(even_if_double="on"))

    assert warned.status_code == 422
    assert "DKK 550.00 was already received from Åse Lind that day" in text(warned)
    assert 'type="checkbox" name="even_if_double"' in warned.content.decode()
    assert Payment.objects.count() == 2


@pytest.mark.parametrize(("allowed", "status"), ((True, 200), (False, 403)))
def test_teachers_register_payments_where_the_school_allows(cast, signed_in, allowed, status):
    cast.school.teachers_register_payments = allowed
    cast.school.save()
    client = signed_in(cast.teacher)

    assert client.get(url(cast, "payment_new", cast.student.pk)).status_code == status


def test_a_teacher_registers_for_own_students_only(cast, signed_in):
    cast.school.teachers_register_payments = True
    cast.school.save()
    stranger = StudentFactory(school=cast.school)

    assert signed_in(cast.teacher).get(url(cast, "payment_new", stranger.pk)).status_code == 404


@pytest.mark.parametrize(
    ("show", "on", "numbers"),
    (
        ("", 0, ["F-00003", "F-00002", "F-00001"]),
        ("open", 0, ["F-00003", "F-00002"]),
        ("paid", 0, ["F-00001"]),
        ("overdue", 8, []),
        ("overdue", 9, ["F-00003", "F-00002"]),
    ),
)
def test_the_list_is_filtered(cast, signed_in, show, on, numbers):
    first, _second, _third = (drive(cast, hours=2 * n) for n in range(3))
    pay_by_hand(cast, PRICE, first)

    with time_machine.travel(OVER + dt.timedelta(days=on), tick=False):
        answer = signed_in(cast.office).get(url(cast, "invoices"), {"show": show})

    assert [invoice.number for invoice in answer.context["page"]] == numbers


@pytest.mark.parametrize(
    ("words", "found"), (("åse", 1), ("lind åse", 1), ("F-00002", 1), ("noah", 1), ("nobody", 0))
)
def test_the_list_is_searched_by_name_and_number(cast, signed_in, words, found):
    drive(cast)
    drive(cast, hours=2, student=cast.other_student)

    answer = signed_in(cast.office).get(url(cast, "invoices"), {"q": words})

    assert answer.context["sums"].count == found


def test_the_sums_are_of_everything_found(cast, signed_in):
    pay_by_hand(cast, 100_00, drive(cast))
    drive(cast, hours=2)

    sums = signed_in(cast.office).get(url(cast, "invoices")).context["sums"]

    assert (sums.count, sums.total.minor, sums.due.minor) == (2, 1100_00, 1000_00)


def test_the_owner_changes_a_price_and_history_keeps_the_old_one(cast, signed_in):
    from administration.models import SettingChange  # noqa: PLC0415 -- only here

    product = Product.objects.get()
    values = {
        "name": product.name,
        "price": "600",
        "vat_code": product.vat_code_id,
        "is_active": "on",
    }

    answer = signed_in(cast.owner).post(url(cast, "product", product.pk), values)

    assert answer.status_code == 302
    assert Product.objects.get().price_minor == 600_00
    change = SettingChange.objects.get()
    assert (change.subject, change.field, change.old, change.new, change.made_by) == (
        "Driving lesson",
        "price_minor",
        "55000",
        "60000",
        cast.owner.user,
    )


def test_a_lesson_type_has_one_price(cast, signed_in):
    values = {
        "name": "Again",
        "price": "600",
        "vat_code": VatCode.objects.get().pk,
        "lesson_type": cast.lesson_type.pk,
        "is_active": "on",
    }

    answer = signed_in(cast.owner).post(url(cast, "product_new"), values)

    assert answer.status_code == 422
    assert "This lesson type already has a price." in text(answer)


def test_a_new_school_starts_its_price_list(school, client, signed_in):
    owner = MembershipFactory(school=school, role=Role.OWNER)
    client = signed_in(owner)
    start = reverse("finance:start_price_list", args=[school.slug])

    assert start in client.get(reverse("finance:products", args=[school.slug])).content.decode()
    client.post(start)
    fee = {"name": "Sign-up", "price": "500", "vat_code": VatCode.objects.get(code="EXEMPT").pk}
    client.post(reverse("finance:product_new", args=[school.slug]), fee | {"is_active": "on"})

    assert (Product.objects.get().kind, VatCode.objects.count()) == (ProductKind.OTHER, 3)


def test_the_owner_says_how_the_school_is_paid(cast, signed_in):
    page = url(cast, "settings")
    values = {"payment_days": "14", "invoice_prefix": "NK", "gateway": "none"}
    values["credit_note_prefix"] = "KN"

    refused = signed_in(cast.owner).post(page, values | {"invoice_prefix": "n-k"})
    saved = signed_in(cast.owner).post(page, values | {"bank_details": "MobilePay 12345"})

    assert (refused.status_code, saved.status_code) == (422, 302)
    books = FinanceSettings.objects.get()
    assert (books.payment_days, books.invoice_prefix) == (14, "NK")
    assert drive(cast).number == "NK-00001"

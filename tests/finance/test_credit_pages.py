"""The credit note over HTTP: who may write one, what the page offers, and where it is seen."""

import datetime as dt
import uuid

import pytest
import time_machine
from django.urls import reverse

from bookings.enums import ParticipationStatus
from finance.models import CreditNote
from finance.services.crediting import Part
from notifications.models import Message
from tests.finance.factories import (
    OVER,
    PRICE,
    credit_all,
    credit_parts,
    drive,
    kroner,
    pay_by_hand,
)
from tests.finance.test_views import text, url


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(OVER + dt.timedelta(hours=2), tick=False):
        yield


def said(invoice, **changes):
    line = invoice.lines.get()
    values = {
        f"amount_{line.pk}": "550,00",
        f"keep_{line.pk}": "",
        "reason": "Wrong price",
        "request_key": uuid.uuid4(),
    }
    return values | {key.replace("line", str(line.pk)): value for key, value in changes.items()}


def test_the_page_offers_all_that_is_left(cast, signed_in):
    invoice = drive(cast)
    credit_parts(cast, invoice, Part(invoice.lines.get().pk, amount=kroner(100_00)))

    answer = signed_in(cast.office).get(url(cast, "credit", invoice.pk))

    assert "Up to DKK 450.00, VAT included." in text(answer)
    assert 'value="450,00"' in answer.content.decode()


def test_the_office_credits_a_part_and_keeps_a_fee(cast, signed_in):
    invoice = drive(cast)

    answer = signed_in(cast.office).post(
        url(cast, "credit", invoice.pk),
        said(invoice, amount_line="300", keep_line="50"),
        follow=True,
    )

    (note,) = CreditNote.objects.all()
    assert (note.total, note.reason) == (kroner(250_00), "Wrong price")
    assert "K-00001 over DKK 250.00 is issued." in text(answer)
    assert "Credit note K-00001: DKK 250.00" in text(answer)


def test_a_form_sent_twice_makes_one_credit_note(cast, signed_in):
    invoice = drive(cast)
    values = said(invoice, amount_line="100")
    client = signed_in(cast.office)

    for _ in range(2):
        assert client.post(url(cast, "credit", invoice.pk), values).status_code == 302

    assert CreditNote.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    (
        ({"amount_line": "551"}, "DKK 550.00 is left to credit."),
        ({"amount_line": "0"}, "There is nothing to credit."),
        ({"amount_line": "100", "keep_line": "101"}, "Keep no more than is credited."),
        ({"reason": ""}, "This field is required."),
    ),
)
def test_what_cannot_be_is_explained(cast, signed_in, changes, words):
    invoice = drive(cast)

    answer = signed_in(cast.office).post(url(cast, "credit", invoice.pk), said(invoice, **changes))

    assert answer.status_code == 422
    assert words in text(answer)
    assert not CreditNote.objects.exists()


@pytest.mark.parametrize("who", ("student", "teacher"))
def test_students_and_teachers_credit_nothing(cast, signed_in, who):
    invoice = drive(cast)

    answer = signed_in(getattr(cast, who)).post(url(cast, "credit", invoice.pk), said(invoice))

    assert answer.status_code == 403
    assert not CreditNote.objects.exists()


def test_invoices_of_another_school_do_not_exist(cast, other_school, signed_in):
    invoice = drive(cast)
    foreign = reverse("finance:credit", args=[other_school.school.slug, invoice.pk])

    assert signed_in(other_school.office).post(foreign, said(invoice)).status_code == 404


def test_the_credit_note_is_read_by_its_student_alone(cast, signed_in):
    note = credit_all(cast, drive(cast))
    page = url(cast, "credit_note_pdf", note.pk)

    answer = signed_in(cast.student).get(page)
    assert answer["Content-Disposition"] == 'inline; filename="K-00001.pdf"'
    assert answer.content.startswith(b"%PDF-")
    assert signed_in(cast.other_student).get(page).status_code == 404
    assert signed_in(cast.teacher).get(page).status_code == 403


def test_the_credit_note_is_sent_to_whoever_got_the_invoice(cast):
    credit_all(cast, drive(cast))

    events = Message.objects.order_by("pk").values_list("event", "address")
    address = cast.student.membership.user.email
    assert list(events) == [("invoice", address), ("credit_note", address)]


def test_the_page_of_an_invoice_tells_all_that_happened(cast, signed_in):
    invoice = drive(cast)
    pay_by_hand(cast, PRICE, invoice)
    credit_parts(cast, invoice, Part(invoice.lines.get().pk, amount=kroner(50_00)), at=OVER)
    number = invoice.allocations.first().payment.number

    office = text(signed_in(cast.office).get(url(cast, "invoice", invoice.pk)))
    student = text(signed_in(cast.student).get(url(cast, "invoice", invoice.pk)))

    for line in (
        "Issued",
        f"DKK 550.00 paid with {number}",
        f"DKK 50.00 of {number} given back as credit",
        "Credit note K-00001: DKK 50.00",
    ):
        assert line in office
        assert line in student
    letter = f"Invoice to {cast.student.membership.user.email}"
    assert letter in office
    assert letter not in student


@pytest.mark.parametrize("many", (1, 6))
def test_the_page_of_an_invoice_takes_the_same_queries_for_any_history(
    cast, signed_in, django_assert_num_queries, many
):
    invoice = drive(cast)
    for number in range(many):
        pay_by_hand(cast, 10_00 + number, invoice)
        part = Part(invoice.lines.get().pk, amount=kroner(5_00))
        credit_parts(cast, invoice, part)
    client = signed_in(cast.office)
    client.get(url(cast, "invoice", invoice.pk))

    with django_assert_num_queries(15):
        client.get(url(cast, "invoice", invoice.pk))


def test_a_place_keeps_its_status_when_its_invoice_is_credited(cast):
    invoice = drive(cast)
    credit_all(cast, invoice)

    place = invoice.lines.get().entry.participation_transition.participation
    assert place.status == ParticipationStatus.ATTENDED

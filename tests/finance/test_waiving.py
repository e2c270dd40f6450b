"""A waived fee is a charge and a credit: nothing is owed, and nothing is forgotten."""

import datetime as dt

import pytest

from bookings.models import BookingTransition, CancellationReason
from bookings.services import Grounds, cancel_booking
from finance.models import Invoice, LedgerEntry
from finance.queries import balance_of, credit_of, fees_standing
from finance.services import bill_participation, waive_fee
from justdriving.doctor import examine
from justdriving.kernel.policy import Refused
from tests.factories import NOON
from tests.finance.factories import book, cancel, finish, kroner, pay_by_hand

LATE = NOON - dt.timedelta(hours=1)
AFTER = NOON + dt.timedelta(days=1)


def entries() -> list[tuple[str, int]]:
    return list(LedgerEntry.objects.order_by("pk").values_list("kind", "amount_minor"))


def ill(**changes) -> Grounds:
    return Grounds(**{"party": "student", "words": "Ill", "waive_fee": True} | changes)


@pytest.fixture
def certificate(cast) -> CancellationReason:
    return CancellationReason.objects.create(
        school=cast.school,
        name="Illness with a doctor's note",
        category="illness",
        waives_fee=True,
        needs_document=True,
    )


@pytest.fixture
def late(cast):
    """The student cancelled an hour before: 550 kr. were charged and invoiced."""
    place = book(cast)
    cancel(cast, place, by=cast.student.membership, at=LATE)
    return place


def test_a_fee_waived_with_the_cancellation_is_charged_and_credited(cast):
    place = book(cast)

    cancel_booking(booking_id=place.booking_id, by=cast.office, at=LATE, grounds=ill())

    assert entries() == [("cancellation_fee", 550_00), ("correction", -550_00)]
    assert LedgerEntry.objects.last().reason == "Ill"
    assert not Invoice.objects.exists()
    assert balance_of(cast.student) == kroner(0)
    assert BookingTransition.objects.last().fee_waived


def test_telling_finance_again_changes_nothing(cast):
    place = book(cast)
    cancel_booking(booking_id=place.booking_id, by=cast.office, at=LATE, grounds=ill())

    bill_participation(place.transitions.get())

    assert len(entries()) == 2


def test_the_office_cancels_for_the_student_at_the_students_price(cast):
    place = book(cast)

    cancel_booking(
        booking_id=place.booking_id,
        by=cast.office,
        at=LATE,
        grounds=Grounds(party="student", words="Called in"),
        expected_fee=kroner(550_00),
    )

    assert entries() == [("cancellation_fee", 550_00)]
    place.booking.refresh_from_db()
    assert place.booking.cancelled_by == "student"


def test_where_nothing_is_owed_nothing_is_waived(cast):
    place = book(cast)

    cancel_booking(
        booking_id=place.booking_id, by=cast.office, at=LATE, grounds=ill(party="school")
    )

    assert entries() == []
    assert not BookingTransition.objects.last().fee_waived


def test_a_fee_waived_later_is_credited_and_its_invoice_closed(cast, late, certificate):
    credit = waive_fee(
        participation_id=late.pk,
        by=cast.office,
        at=AFTER,
        grounds=ill(reason_id=certificate.pk, words="", document_seen=True),
    )

    assert credit.amount == kroner(-550_00)
    assert credit.reason == "Illness with a doctor's note"
    assert Invoice.objects.get().status == "credited"
    assert (balance_of(cast.student), fees_standing(late.booking_id)) == (kroner(0), {})
    line = BookingTransition.objects.order_by("pk").last()
    assert (line.change, line.fee_waived, line.document_seen) == ("changed", True, True)
    assert [found for found in examine() if found.code.startswith("finance")] == []


def test_a_paid_fee_that_is_waived_becomes_credit(cast, late):
    pay_by_hand(cast, 550_00, Invoice.objects.get(), at=AFTER)

    waive_fee(participation_id=late.pk, by=cast.office, at=AFTER, grounds=ill())

    assert Invoice.objects.get().status == "credited"
    assert balance_of(cast.student) == kroner(-550_00)
    assert credit_of(cast.student) == kroner(550_00)


def test_a_no_show_can_be_waived_too(cast):
    place = book(cast)
    finish(cast, place, attended=False)

    waive_fee(participation_id=place.pk, by=cast.office, at=AFTER, grounds=ill())

    assert entries() == [("no_show_fee", 550_00), ("credit_note", -550_00)]


def test_a_fee_is_waived_once(cast, late):
    waive_fee(participation_id=late.pk, by=cast.office, at=AFTER, grounds=ill())

    with pytest.raises(Refused) as refused:
        waive_fee(participation_id=late.pk, by=cast.office, at=AFTER, grounds=ill())

    assert refused.value.refusal.code == "nothing-to-waive"
    assert len(entries()) == 2
    assert BookingTransition.objects.filter(fee_waived=True).count() == 1


def test_a_lesson_that_was_paid_for_is_no_fee(cast):
    place = book(cast)
    finish(cast, place)

    with pytest.raises(Refused) as refused:
        waive_fee(participation_id=place.pk, by=cast.office, at=AFTER, grounds=ill())

    assert refused.value.refusal.code == "nothing-to-waive"


@pytest.mark.parametrize("who", ("teacher", "student"))
def test_only_the_office_waives(cast, late, who):
    with pytest.raises(Refused) as refused:
        waive_fee(
            participation_id=late.pk,
            by=getattr(cast, who).membership,
            at=AFTER,
            grounds=ill(),
        )

    assert refused.value.refusal.code == "not-allowed"


def test_another_student_does_not_find_it(cast, late):
    with pytest.raises(Refused) as refused:
        waive_fee(
            participation_id=late.pk, by=cast.other_student.membership, at=AFTER, grounds=ill()
        )

    assert refused.value.refusal.code == "not-found"


@pytest.mark.parametrize(
    ("changes", "code"),
    (
        ({"words": " "}, "reason-missing"),
        ({"reason": True}, "document-missing"),
        ({"reason": True, "words": ""}, "document-missing"),
    ),
)
def test_a_waiver_needs_its_reason_and_its_document(cast, late, certificate, changes, code):
    if changes.pop("reason", False):
        changes["reason_id"] = certificate.pk

    with pytest.raises(Refused) as refused:
        waive_fee(participation_id=late.pk, by=cast.office, at=AFTER, grounds=ill(**changes))

    assert refused.value.refusal.code == code
    assert len(entries()) == 1


def test_a_students_chosen_reason_asks_and_never_waives(cast, certificate):
    place = book(cast)

    cancel_booking(
        booking_id=place.booking_id,
        by=cast.student.membership,
        at=LATE,
        grounds=Grounds(reason_id=certificate.pk),
    )

    assert entries() == [("cancellation_fee", 550_00)]
    line = BookingTransition.objects.last()
    assert (line.cancellation_reason, line.reason_category) == (certificate, "illness")
    assert not line.fee_waived


def test_a_student_cannot_waive_by_asking(cast):
    place = book(cast)

    with pytest.raises(Refused) as refused:
        cancel_booking(
            booking_id=place.booking_id, by=cast.student.membership, at=LATE, grounds=ill()
        )

    assert refused.value.refusal.code == "not-allowed"
    assert entries() == []

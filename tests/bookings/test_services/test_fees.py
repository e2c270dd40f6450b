"""The fee shown before the click is the fee that is charged: any terms, any side, any moment."""

import datetime as dt

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bookings.enums import DeadlineKind, Party
from bookings.models import CancellationReason, CancellationStep, CancellationTerms
from bookings.policies import may_act_for, party_of
from bookings.queries import cancellation_quote
from bookings.services import Grounds, cancel_booking
from finance.models import LedgerEntry
from justdriving.doctor import examine
from justdriving.kernel.policy import Refused
from tests.bookings.test_services.words import LATE, codes
from tests.factories import NOON, BookingFactory

STEP = st.builds(
    dict,
    deadline=st.sampled_from(DeadlineKind.values),
    amount=st.integers(0, 5),
    clock_time=st.times(max_value=dt.time(23, 59)).map(lambda time: time.replace(microsecond=0)),
    party=st.sampled_from([Party.STUDENT, Party.SCHOOL]),
    cost=st.one_of(
        st.integers(0, 100).map(lambda percent: {"percent": percent}),
        st.integers(0, 900_00).map(lambda fixed: {"fixed_minor": fixed}),
        st.just({"consumes_lesson": True}),
    ),
)
BEFORE = st.integers(1, 7 * 24 * 3600).map(lambda seconds: dt.timedelta(seconds=seconds))


def write_terms(school, steps) -> CancellationTerms:
    number = CancellationTerms.objects.count() + 1
    terms = CancellationTerms.objects.create(school=school, name=f"Terms of {number}")
    for step in steps:
        fields = {name: value for name, value in step.items() if name != "cost"}
        CancellationStep.objects.create(school=school, terms=terms, **fields, **step["cost"])
    return terms


@given(
    steps=st.lists(STEP, max_size=3),
    before=BEFORE,
    side=st.sampled_from(["student", "for the student", "school"]),
    price=st.integers(0, 2000_00),
)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_the_fee_shown_is_the_fee_charged(cast, steps, before, side, price):
    booking = BookingFactory(
        school=cast.school,
        department=cast.department,
        lesson_type=cast.lesson_type,
        teacher=cast.teacher,
        students=[cast.student],
        cancellation_terms=write_terms(cast.school, steps),
    )
    booking.participations.update(price_minor=price)
    by = cast.student.membership if side == "student" else cast.office
    party = Party.SCHOOL if side == "school" else Party.STUDENT
    shown = cancellation_quote(booking=booking, by=by, at=NOON - before, party=party)

    cancel_booking(
        booking_id=booking.pk,
        by=by,
        at=NOON - before,
        grounds=Grounds(party=party),
        expected_fee=shown.total,
    )

    charged = LedgerEntry.objects.filter(participation_transition__participation__booking=booking)
    assert sum(entry.amount_minor for entry in charged) == shown.total.minor
    assert [found for found in examine() if found.code.startswith("finance")] == []


def cancel(cast, booking, by, grounds, at=LATE):
    return cancel_booking(booking_id=booking.pk, by=by, at=at, grounds=grounds)


@pytest.mark.parametrize(
    ("who", "allowed"),
    (
        ("student", {Party.STUDENT}),
        ("teacher", {Party.STUDENT, Party.TEACHER}),
        ("office", {Party.STUDENT, Party.TEACHER, Party.SCHOOL}),
        ("owner", {Party.STUDENT, Party.TEACHER, Party.SCHOOL}),
    ),
)
def test_staff_pass_on_what_a_student_asks_for(cast, book, who, allowed):
    by = getattr(getattr(cast, who), "membership", getattr(cast, who))

    refused = {party for party in Party if may_act_for(party_of(by), party)}

    assert set(Party) - refused == allowed


def test_nobody_speaks_for_a_side_that_is_not_theirs(cast, book):
    with pytest.raises(Refused) as refused:
        cancel(cast, book(), cast.student.membership, Grounds(party="school"))

    assert codes(refused) == ["not-allowed"]


@pytest.fixture
def reason(cast):
    def make(**fields):
        values = {"school": cast.school, "name": "Illness", "category": "illness"}
        return CancellationReason.objects.create(**values | fields)

    return make


def test_a_reason_keeps_its_category(cast, book, reason):
    chosen = reason()

    change = cancel(cast, book(), cast.student.membership, Grounds(reason_id=chosen.pk))

    assert (change.cancellation_reason, change.reason_category) == (chosen, "illness")
    assert change.booking.reason_category == "illness"


@pytest.mark.parametrize("fields", ({"party": "school"}, {"is_active": False}))
def test_a_reason_of_another_side_or_out_of_use_is_not_found(cast, book, reason, fields):
    with pytest.raises(Refused) as refused:
        cancel(cast, book(), cast.student.membership, Grounds(reason_id=reason(**fields).pk))

    assert codes(refused) == ["not-found"]


def test_a_reason_of_another_school_is_not_found(cast, book, other_school):
    chosen = CancellationReason.across_schools.create(
        school=other_school.school, name="Theirs", category="other"
    )

    with pytest.raises(Refused) as refused:
        cancel(cast, book(), cast.student.membership, Grounds(reason_id=chosen.pk))

    assert codes(refused) == ["not-found"]


def test_a_teacher_cannot_waive(cast, book):
    with pytest.raises(Refused) as refused:
        cancel(
            cast,
            book(),
            cast.teacher.membership,
            Grounds(party="student", words="Kind", waive_fee=True),
        )

    assert codes(refused) == ["not-allowed"]

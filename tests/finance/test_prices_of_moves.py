"""What a moved lesson costs: its student pays for the new time, the school changes nothing."""

import datetime as dt
import uuid

import pytest
import time_machine
from django.urls import reverse

from bookings.models import BookingTransition, Participation
from bookings.services import LessonRequest, book_lesson, move_booking
from bookings.views.history import history_of
from finance.enums import RateEffect
from finance.models import PriceList, PriceRate, Product
from justdriving.doctor import examine
from justdriving.kernel.policy import Refused
from notifications.content import compose
from notifications.enums import Event
from notifications.models import Message
from tests.factories import NOON, NOW
from tests.finance.factories import PRICE, kroner

TOMORROW_AT_FIVE = NOON + dt.timedelta(days=1, hours=4)
"""Friday 16.00 in Copenhagen."""
EVENING = 50_00


@pytest.fixture
def evenings(cast):
    """From 16.00 on a lesson costs more."""
    prices = PriceList.objects.create(
        school=cast.school, name="2026", valid_from=dt.date(2026, 1, 1)
    )
    PriceRate.objects.create(
        school=cast.school,
        price_list=prices,
        name="Evening",
        effect=RateEffect.ADD,
        amount_minor=EVENING,
        starts_at=dt.time(16),
        ends_at=dt.time(22),
    )


@pytest.fixture
def lesson(cast, evenings):
    return booked(cast)


def booked(cast):
    """Åse's lesson with Mette on Thursday at noon, in the car."""
    return book_lesson(
        wanted=LessonRequest(
            lesson_type_id=cast.lesson_type.pk,
            teacher_id=cast.teacher.pk,
            student_ids=(cast.student.pk,),
            resource_ids=(cast.vehicle.pk,),
            starts_at=NOON,
        ),
        by=cast.office,
        at=NOW,
        request_key=uuid.uuid4(),
    )


def moved(cast, booking, by, **changes):
    wanted = {"starts_at": TOMORROW_AT_FIVE} | changes
    return move_booking(booking_id=booking.pk, by=by, at=NOW, **wanted)


def place():
    return Participation.objects.get()


def test_a_student_pays_for_the_time_they_move_to(cast, lesson):
    transition = moved(cast, lesson, cast.student.membership)

    assert place().price == kroner(PRICE + EVENING)
    assert sum(part["minor"] for part in place().price_parts) == PRICE + EVENING
    assert (transition.from_price_minor, transition.to_price_minor) == (PRICE, PRICE + EVENING)
    assert "finance.agreed_price_is_its_steps" not in {one.code for one in examine()}


def test_and_pays_less_for_a_cheaper_one(cast, lesson):
    moved(cast, lesson, cast.student.membership)

    moved(cast, lesson, cast.student.membership, starts_at=NOON + dt.timedelta(days=1))

    assert place().price == kroner(PRICE)


@pytest.mark.parametrize("who", ("office", "teacher"))
def test_what_the_school_moves_keeps_its_price(cast, lesson, who):
    member = cast.office if who == "office" else cast.teacher.membership

    transition = moved(cast, lesson, member)

    assert place().price == kroner(PRICE)
    assert transition.to_price_minor is None


def test_what_was_agreed_holds_for_a_type_that_has_no_price_any_more(cast, lesson):
    Product.objects.update(is_active=False)

    moved(cast, lesson, cast.student.membership)

    assert place().price == kroner(PRICE)


def test_a_price_that_was_not_shown_is_not_charged(cast, lesson):
    with pytest.raises(Refused) as refused:
        moved(cast, lesson, cast.student.membership, expected_price=kroner(PRICE))

    assert refused.value.refusal.code == "price-changed"
    assert place().price == kroner(PRICE)
    assert BookingTransition.objects.count() == 1


def test_the_page_shows_the_price_before_the_click(cast, lesson, client):
    client.force_login(cast.student.membership.user)
    slot = f"{TOMORROW_AT_FIVE:%Y%m%dT%H%MZ}-{cast.teacher.pk}"
    url = reverse("bookings:move", args=[cast.school.slug, lesson.pk])
    with time_machine.travel(NOW, tick=False):
        page = client.get(url, {"slot": slot}).content.decode().replace("\xa0", " ")
        stale = client.post(url, {"slot": slot, "expected_price": PRICE})
        answer = client.post(url, {"slot": slot, "expected_price": PRICE + EVENING})

    assert f'name="expected_price" value="{PRICE + EVENING}"' in page
    assert "instead of" in page
    assert stale.status_code == 422
    assert f'name="expected_price" value="{PRICE + EVENING}"' in stale.content.decode()
    assert answer.status_code == 302
    assert place().price == kroner(PRICE + EVENING)


def test_staff_are_not_asked_about_prices(cast, lesson, client):
    client.force_login(cast.office.user)
    url = reverse("bookings:move", args=[cast.school.slug, lesson.pk])
    with time_machine.travel(NOW, tick=False):
        page = client.get(url).content.decode()

    assert "expected_price" not in page


def test_history_and_mail_tell_the_new_price(cast, lesson):
    moved(cast, lesson, cast.student.membership)

    (latest, *_rest) = history_of(lesson, cast.student.membership)
    assert "instead of" in latest["note"]
    assert kroner(PRICE + EVENING).localized() in latest["note"]
    mails = Message.objects.filter(event=Event.BOOKING_MOVED, channel="email")
    to_student = mails.get(recipient=cast.student.membership.user)
    assert f"New price: {kroner(PRICE + EVENING).localized()}" in compose(to_student).text
    assert "New price" not in compose(mails.get(recipient=cast.teacher.membership.user)).text

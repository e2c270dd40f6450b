"""What these tests begin with."""

import pytest

from bookings.enums import SelfBooking
from bookings.models import LessonType
from bookings.signals import booking_changed, participation_changed
from tests.bookings.sessions import group, plan, room, theory, track, values

__all__ = ["group", "plan", "room", "theory", "track", "values"]


@pytest.fixture(autouse=True)
def _in_english(in_english):
    return in_english


@pytest.fixture
def told():
    """Everything the calendar announces, in order."""
    heard = []

    def hear(sender, transition, **kwargs):
        heard.append((sender.__name__, transition.pk, transition.to_status))

    booking_changed.connect(hear)
    participation_changed.connect(hear)
    yield heard
    booking_changed.disconnect(hear)
    participation_changed.disconnect(hear)


@pytest.fixture
def request_(cast, book):
    LessonType.objects.update(self_booking=SelfBooking.REQUEST)
    return book(by=cast.student.membership, resource_ids=None)


@pytest.fixture
def class_(cast, book):
    LessonType.objects.update(capacity=2)
    return book()

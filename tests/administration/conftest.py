"""A visitor who fills in the registration form, and a recorder of what is announced."""

import datetime as dt
import uuid

import pytest
from django.core.signing import Signer
from django.test import Client
from django.utils import timezone

from administration.signals import membership_changed, registration_repeated, student_changed


def answers(**changes):
    """What a visitor of age types; the page was opened ten seconds ago."""
    opened = timezone.now() - dt.timedelta(seconds=10)
    typed = {
        "full_name": "Freja Dam",
        "email": "freja@people.example",
        "phone": "20 11 22 33",
        "born_on": "2000-05-04",
        "address": "Nørrebrogade 44",
        "licence_category": "B",
        "gearbox": "manual",
        "terms": "on",
        "request_key": str(uuid.uuid4()),
        "opened": Signer(salt="registration").sign(int(opened.timestamp())),
    }
    return {name: value for name, value in (typed | changes).items() if value is not None}


@pytest.fixture
def fresh_cache(settings):
    """A corner of the cache of this test's own: no other test uses up its attempts."""
    own = settings.CACHES["default"] | {"KEY_PREFIX": f"test-{uuid.uuid4()}"}
    settings.CACHES = settings.CACHES | {"default": own}


@pytest.fixture
def visitor(fresh_cache):
    return Client(REMOTE_ADDR="192.0.2.7")


class Announcements(list):
    def hear(self, **kwargs):
        self.append(kwargs.get("event") or kwargs)


def recorder(signal):
    heard = Announcements()
    signal.connect(heard.hear, weak=False, dispatch_uid=f"test-{id(heard)}")
    return heard


@pytest.fixture
def student_events():
    heard = recorder(student_changed)
    yield heard
    student_changed.disconnect(dispatch_uid=f"test-{id(heard)}")


@pytest.fixture
def member_events():
    heard = recorder(membership_changed)
    yield heard
    membership_changed.disconnect(dispatch_uid=f"test-{id(heard)}")


@pytest.fixture
def repetitions():
    heard = recorder(registration_repeated)
    yield heard
    registration_repeated.disconnect(dispatch_uid=f"test-{id(heard)}")

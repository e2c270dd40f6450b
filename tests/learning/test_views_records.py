"""A lesson record: staff write it up, the student reads and signs."""

import pytest
import time_machine
from django.utils import translation

from learning.enums import Side
from learning.models import Signature
from learning.services import Taught
from tests.learning.factories import (
    follow,
    steps,
    taught_lesson,
)
from tests.learning.pages import LATER, url


@pytest.fixture(autouse=True)
def _an_hour_after_the_lesson():
    with time_machine.travel(LATER, tick=False), translation.override("en"):
        yield


def test_the_teacher_writes_up_later_and_signs(cast, signed_in):
    plan = follow(cast)
    record = taught_lesson(cast)
    client = signed_in(cast.teacher)
    data = {f"plan{plan.pk}-covered": steps(plan, 6, "7.1"), f"plan{plan.pk}-note_shared": "A"}

    client.post(url(cast, "record", record.pk), data)
    page = client.get(url(cast, "record", record.pk))
    answer = client.post(url(cast, "record", record.pk), data | {"sign": "1"})
    closed = client.get(url(cast, "record", record.pk))

    assert f'value="{steps(plan, 6, "7.1")[0]}" checked' in page.text
    assert answer.status_code == 302
    assert Signature.objects.get().signed_as == Side.TEACHER
    assert "Save and sign" not in closed.text
    assert "The student has not signed" in closed.text


def test_a_refused_record_keeps_what_was_filled_in(cast, signed_in):
    plan = follow(cast)
    record = taught_lesson(cast)

    page = signed_in(cast.teacher).post(
        url(cast, "record", record.pk),
        {f"plan{plan.pk}-note_internal": "Kept words", "sign": "1"},
    )

    assert page.status_code == 422
    assert "Kept words" in page.text


def test_the_office_reads_a_record_and_cannot_write_it(cast, signed_in):
    record = taught_lesson(cast, Taught(note_internal="For the school"))
    client = signed_in(cast.office)

    page = client.get(url(cast, "record", record.pk))
    client.post(url(cast, "record", record.pk), {"plan0-note_shared": "Mine", "sign": "1"})

    assert "For the school" in page.text
    assert "Save and sign" not in page.text
    record.refresh_from_db()
    assert (record.note_shared, record.signatures.count()) == ("", 0)


@pytest.fixture
def signed(cast):
    plan = follow(cast)
    return taught_lesson(
        cast,
        Taught(covered=steps(plan, 6, "7.1"), note_shared="Good", note_internal="Secret"),
        sign=True,
    )


def test_the_student_reads_and_signs(cast, signed_in, signed):
    client = signed_in(cast.student)

    waiting = client.get(url(cast, "to_sign"))
    page = client.get(url(cast, "review", signed.pk))
    answer = client.post(url(cast, "review", signed.pk), {"content_hash": signed.content_hash})
    signed_page = client.get(url(cast, "review", signed.pk))

    assert url(cast, "review", signed.pk) in waiting.text
    for words in ("Moving off and stopping", "Good", "Sign as Åse Lind", signed.content_hash):
        assert words in page.text
    assert "Secret" not in page.text
    assert (answer.status_code, answer.url) == (302, url(cast, "to_sign"))
    assert Signature.objects.filter(signed_as=Side.STUDENT).count() == 1
    assert "Sign as" not in signed_page.text
    assert "Nothing to sign" in client.get(url(cast, "to_sign")).text


def test_signing_twice_signs_once(cast, signed_in, signed):
    client = signed_in(cast.student)

    for _ in range(2):
        client.post(url(cast, "review", signed.pk), {"content_hash": signed.content_hash})

    assert Signature.objects.count() == 2


def test_looking_signs_nothing(cast, signed_in, signed):
    client = signed_in(cast.student)

    client.get(url(cast, "review", signed.pk) + f"?content_hash={signed.content_hash}")

    assert Signature.objects.count() == 1


def test_what_changed_since_it_was_read_is_refused(cast, signed_in, signed):
    page = signed_in(cast.student).post(url(cast, "review", signed.pk), {"content_hash": "0" * 64})

    assert page.status_code == 422
    assert "changed since you read it" in page.text
    assert f'value="{signed.content_hash}"' in page.text
    assert Signature.objects.count() == 1


@pytest.mark.parametrize(
    ("who", "status"),
    (
        ("other_student", 404),
        ("teacher", 403),
        ("office", 403),
        ("owner", 403),
    ),
)
def test_nobody_else_reaches_the_students_signature(cast, signed_in, signed, who, status):
    client = signed_in(getattr(cast, who))
    data = {"content_hash": signed.content_hash}

    assert client.get(url(cast, "review", signed.pk)).status_code == status
    assert client.post(url(cast, "review", signed.pk), data).status_code == status
    assert Signature.objects.count() == 1


def test_a_lesson_that_the_teacher_has_not_signed_cannot_be_reviewed(cast, signed_in):
    record = taught_lesson(cast)

    page = signed_in(cast.student).get(url(cast, "review", record.pk))

    assert page.status_code == 404

"""A refusal that no form caught is an answer with its reason."""

import pytest
from django.db import OperationalError, connection, transaction
from django.test import RequestFactory

from administration import services
from administration.middleware import RefusalsAreAnswers
from administration.models import User
from justdriving.kernel.policy import Refusal, Refused
from tests.factories import UserFactory


@pytest.fixture
def request_(db):
    request = RequestFactory().post("/")
    request.user = UserFactory()
    return request


def answer_to(error, request):
    return RefusalsAreAnswers(lambda request: None).process_exception(request, error)


@pytest.mark.parametrize(
    ("code", "status", "retry"), (("last_owner", 409, None), ("busy", 503, "5"))
)
def test_the_reason_is_shown(request_, code, status, retry):
    answer = answer_to(Refused(Refusal(code, "Because of <that>.")), request_)

    assert (answer.status_code, answer.get("Retry-After")) == (status, retry)
    assert "Because of &lt;that&gt;." in answer.content.decode()


@pytest.mark.parametrize(
    ("query", "status"), (("q=%C3%86", 200), ("q=%00", 400), ("q=" + "9" * 5000, 400))
)
def test_an_address_that_nobody_types_is_turned_away(client, cast, query, status):
    assert client.get(f"/schools/{cast.school.slug}/?{query}", follow=True).status_code == status


def test_a_page_that_takes_too_long_asks_to_try_again(request_):
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = '20ms'; SELECT pg_sleep(5)")
    except OperationalError as too_slow:
        answer = answer_to(too_slow, request_)

    assert (answer.status_code, answer["Retry-After"]) == (503, "5")


def test_any_other_error_stays_an_error(request_):
    assert answer_to(ValueError("broken"), request_) is None


def test_a_refusal_in_a_view_never_becomes_an_error_of_ours(cast, signed_in, monkeypatch):
    """The row is locked by somebody else for too long: the page says to try again."""

    def too_busy(**kwargs):
        raise Refused(Refusal("busy", "Please try again."))

    monkeypatch.setattr(services, "set_language", too_busy)

    answer = signed_in(cast.student).post("/language/", {"language": "da"})

    assert answer.status_code == 503
    assert User.objects.get(pk=cast.student.membership.user_id).language == "en"

"""The diary of the program names no person and holds no key."""

import logging

import pytest

from justdriving.logs import without_people


@pytest.mark.parametrize(
    ("request_line", "kept"),
    (
        ("GET /schools/nordlys/students/?q=%C3%85se+Lind", "GET /schools/nordlys/students/"),
        (
            "GET /accounts/password/reset/key/3-c8x4-2f1d0a/",
            "GET /accounts/password/reset/key/…/",
        ),
        ("GET /accounts/confirm-email/Mg:1u:abc/?next=/", "GET /accounts/confirm-email/…/"),
        ("GET /calendar/aB3-xyz.ics", "GET /calendar/…"),
        (
            "POST /schools/nordlys/bookings/offers/4:1u:abc/",
            "POST /schools/nordlys/bookings/offers/…/",
        ),
        ("GET /schools/nordlys/bookings/calendar/", "GET /schools/nordlys/bookings/calendar/"),
        ("POST /schools/nordlys/bookings/7/cancel/", "POST /schools/nordlys/bookings/7/cancel/"),
    ),
)
def test_a_line_about_a_request_keeps_its_path_alone(request_line, kept):
    line = {"event": "request_started", "request": request_line, "user_agent": "Firefox"}

    assert without_people(None, "info", line) == {"event": "request_started", "request": kept}


def test_a_request_is_written_down_without_what_was_searched_for(client, db, caplog):
    with caplog.at_level(logging.INFO, logger="django_structlog"):
        client.get("/healthz?q=Aase", headers={"user-agent": "Firefox 5"})

    lines = [str(record.msg) for record in caplog.records]
    assert any("GET /healthz" in line for line in lines)
    assert not any(word in line for line in lines for word in ("Aase", "Firefox", "127.0.0.1"))

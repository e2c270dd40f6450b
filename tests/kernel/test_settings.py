"""Production refuses to start on a missing or unsafe setting, and says which."""

import os
import subprocess
import sys

import pytest

GOOD = {
    "JD_MODE": "production",
    "SECRET_KEY": "k9" * 30,
    "ALLOWED_HOSTS": "justdriving.example",
    "SITE_URL": "https://justdriving.example",
    "DATABASE_URL": "postgres://app@db.example/app",
    "REDIS_URL": "redis://cache.example/0",
    "EMAIL_URL": "smtp://user:secret@mail.example:587",
    "DEFAULT_FROM_EMAIL": "Just Driving <post@justdriving.example>",
}
MISSING = object()


def start(code="import justdriving.settings", **changes):
    """Import the settings in a process of its own; its standard error."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    chosen = {**GOOD, **changes}
    environment = {name: value for name, value in chosen.items() if value is not MISSING}
    return subprocess.run(
        [sys.executable, "-c", code],
        env=kept | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_complete_production_configuration_starts():
    assert (start().returncode, start().stderr) == (0, "")


@pytest.mark.parametrize(
    ("changes", "proxies"),
    (({}, 1), ({"BEHIND_PROXY": "false"}, 0), ({"JD_MODE": "development", "DEBUG": "false"}, 0)),
)
def test_the_visitors_address_is_the_proxys_word_only_behind_a_proxy(changes, proxies):
    code = "from justdriving import settings; print(settings.ALLAUTH_TRUSTED_PROXY_COUNT)"

    assert start(code, **changes).stdout == f"{proxies}\n"


@pytest.mark.parametrize(
    ("changes", "said"),
    (
        ({"SECRET_KEY": MISSING}, "SECRET_KEY is missing"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY is shorter than 50 characters"),
        ({"SECRET_KEY": "development-only-" + "0" * 50}, "SECRET_KEY is the development key"),
        ({"ALLOWED_HOSTS": MISSING}, "ALLOWED_HOSTS is missing"),
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS must not contain *"),
        ({"DATABASE_URL": MISSING}, "DATABASE_URL is missing"),
        ({"REDIS_URL": MISSING}, "REDIS_URL is missing"),
        ({"SITE_URL": MISSING}, "SITE_URL is missing"),
        ({"SITE_URL": "http://justdriving.example"}, "SITE_URL must begin with https://"),
        ({"EMAIL_URL": MISSING}, "EMAIL_URL is missing"),
        ({"DEFAULT_FROM_EMAIL": MISSING}, "DEFAULT_FROM_EMAIL is missing"),
        ({"DEBUG": "true"}, "DEBUG must be off"),
        ({"JD_DEMO": "true"}, "JD_DEMO must be off"),
        ({"JD_MODE": "staging"}, "must be development or production"),
    ),
)
def test_production_refuses_to_start_and_says_why(changes, said):
    refused = start(**changes)

    assert refused.returncode == 1
    assert said in refused.stderr

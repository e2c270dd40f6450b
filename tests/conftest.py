"""The fixtures everyone uses, and a loud word when journeys could not run."""

import os
import shutil

import hypothesis
import pytest
from django.db import connection
from django.test import TransactionTestCase
from playwright.sync_api import sync_playwright
from xdist.scheduler import LoadScopeScheduling

from administration.models import User
from justdriving.kernel.tenancy import school_scope
from justdriving.templatetags import formats
from tests.cast import Cast, make_cast
from tests.databases import empty, may_pass_triggers, template
from tests.factories import NOW, SchoolFactory

# The same examples in every run, so that a red run is about the change in hand. New ones are
# searched for with `make test ARGS=--hypothesis-profile=search`.
hypothesis.settings.register_profile("repeatable", derandomize=True, deadline=None)
hypothesis.settings.register_profile("search", print_blob=True, deadline=None)
hypothesis.settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings):
    connection.settings_dict["TEST"]["TEMPLATE"] = template()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        if may_pass_triggers():
            TransactionTestCase._fixture_teardown = lambda _case: empty()


@pytest.fixture(autouse=True)
def the_year_of_the_tests(monkeypatch):
    """Days are written without it, in whatever year the suite runs."""
    monkeypatch.setattr(formats, "this_year", lambda: NOW.year)


@pytest.fixture
def school(db):
    school = SchoolFactory()
    with school_scope(school.pk):
        yield school


@pytest.fixture
def cast(db) -> Cast:
    """A school with everybody in it; the test runs inside its scope."""
    people = make_cast()
    with school_scope(people.school.pk):
        yield people


@pytest.fixture
def other_school(db) -> Cast:
    """A complete school that must never show."""
    return make_cast(name="Elsewhere")


@pytest.fixture
def signed_in(client):
    """A function that signs somebody in: a user, a membership, a teacher or a student."""

    def sign_in(person):
        membership = getattr(person, "membership", person)
        user = person if isinstance(person, User) else membership.user
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return sign_in


def chromium() -> str | None:
    """The browser of the journeys: JD_CHROMIUM, or one on the PATH."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return os.environ.get("JD_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


@pytest.fixture(scope="module")
def find_browser():
    """A function that gives the Chromium of this file; one that died is replaced.

    While it is open an event loop runs in this thread, and Django opens other connections; so it
    is shut before the next file begins.
    """
    with sync_playwright() as playwright:
        # Chromium refuses its sandbox to root, which is who runs in most containers.
        flags = ["--no-sandbox"] if os.geteuid() == 0 else []
        opened = []

        def find():
            if not opened or not opened[-1].is_connected():
                opened.append(playwright.chromium.launch(executable_path=chromium(), args=flags))
            return opened[-1]

        yield find
        for one in opened:
            one.close()


@pytest.fixture
def browser(find_browser):
    return find_browser()


class JourneysTogether(LoadScopeScheduling):
    """Hands out test by test; the journeys as one, for there is one site to walk through.

    The mark ``xdist_group`` has no effect: pytest-xdist 3.8 writes it into an attribute of the
    tests that pytest 9.2 no longer reads.
    """

    def _split_scope(self, nodeid):
        return "journeys" if nodeid.startswith("tests/journeys/") else nodeid


def pytest_xdist_make_scheduler(config, log):
    return JourneysTogether(config, log)


def pytest_terminal_summary(terminalreporter):
    if chromium() is None:
        terminalreporter.section("JOURNEYS NOT RUN", red=True, bold=True)
        terminalreporter.line("No Chromium found: install one or set JD_CHROMIUM to its path.")


def pytest_ignore_collect(collection_path):
    if "journeys" in collection_path.parts and chromium() is None:
        return True
    return None

"""A running site, a browser, and a person to steer it."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from tests.journeys.person import Person
from tests.journeys.site import Site, running_site
from tests.journeys.steps import DESKTOP, prepare, sign_in

PATIENCE = 20_000
"""Milliseconds to wait for what should be seen: the machine may be busy with other tests."""


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    with running_site(tmp_path_factory.mktemp("site")) as running:
        yield running


@pytest.fixture
def person(site: Site, browser: Browser):
    """A function that opens a browser of its own for somebody.

    Every page that person sees is checked: no console error, no CSP violation, nothing for axe.
    """
    people = []

    def arrive(*, language: str = "da", screen: dict | None = None, theme: str = "light") -> Person:
        context = browser.new_context(
            base_url=site.url,
            locale={"da": "da-DK", "en": "en-GB"}[language],
            viewport=screen or DESKTOP,
            color_scheme=theme,
        )
        context.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)
        newcomer = Person(context.new_page(), Axe())
        people.append(newcomer)
        return newcomer

    yield arrive
    for somebody in people:
        somebody.page.context.close()
    assert [fault for somebody in people for fault in somebody.faults] == []
    assert site.findings() == []


@pytest.fixture
def world(site, walk):
    """A function that makes the people of a story, see ``preparing.people``."""

    def make(teacher, *students, **more):
        names = {"family": walk.family, "language": walk.language} | more
        (people,) = prepare(site, ("people", names | {"teacher": teacher, "students": students}))
        return people

    return make


@pytest.fixture
def arrive(person, walk):
    """A function that lets somebody of the story sign in, on the screen of this walk."""

    def come(who):
        return sign_in(person(**walk.look), who["email"])

    return come

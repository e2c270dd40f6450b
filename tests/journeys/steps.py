"""What many stories have in common: the two walks, signing in, and a world prepared beforehand."""

import re
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Locator

from justdriving.demo import PASSWORD
from tests.journeys.person import Person
from tests.journeys.site import Site
from tests.journeys.words import Words

SCHOOL = "/schools/nordlys/"
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1440, "height": 900}


@dataclass(frozen=True)
class Walk:
    """A language, a screen and a theme; ``family`` keeps the people of two walks apart."""

    language: str
    screen: dict = field(hash=False)
    theme: str
    family: str

    @property
    def words(self) -> Words:
        return Words(self.language)

    @property
    def look(self) -> dict:
        return {"language": self.language, "screen": self.screen, "theme": self.theme}

    def __str__(self) -> str:
        return f"{self.language}-{'phone' if self.screen == PHONE else 'desktop'}"


ON_THE_PHONE = Walk("da", PHONE, "light", "Rask")
AT_THE_DESK = Walk("en", DESKTOP, "dark", "Swift")
both_walks = pytest.mark.parametrize("walk", (ON_THE_PHONE, AT_THE_DESK), ids=str)


def prepare(site: Site, *calls: tuple[str, dict]) -> list:
    """Call functions of ``preparing`` inside the site, by name; what each of them gives back."""
    return [site.prepare("preparing", function, arguments) for function, arguments in calls]


def sign_in(somebody: Person, email: str) -> Person:
    """Through the page, but without looking at it: a story of its own does."""
    page = somebody.page
    page.goto("/accounts/login/")
    page.get_by_role("textbox").first.fill(email)
    page.locator("input[type=password]").fill(PASSWORD)
    page.locator("input[type=password]").press("Enter")
    page.wait_for_url("**/schools/**")
    return somebody


def like(text: str) -> re.Pattern[str]:
    """A pattern for a text of the product; each value it names may be anything."""
    plain = re.sub(r"%\\?\([a-z_]+\\?\)[sd]", "(.+?)", re.escape(text).replace(r"\%", "%"))
    return re.compile(plain.replace(r"\ ", r"\s"))


def link_to(where: Locator) -> str:
    """The address a link leads to."""
    address = where.first.get_attribute("href")
    assert address
    return address

"""Somebody with a browser, who notices every fault on the way."""

import re

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Error, Page, Request, expect

QUIET = (
    "the server responded with a status of 422",
    "the document's frame is sandboxed",
    "htmx:afterRequest",
    "htmx:sendAbort",
)
"""Not errors: a refusal is an answer, no script of ours runs in the frame of a letter, and the next
click gives up the request of the one before."""

TOASTS_STAY = """
document.addEventListener("DOMContentLoaded", () => {
    for (const toast of document.querySelectorAll("[data-toast]")) toast.dataset.stay = "";
});
"""
"""On a busy machine a toast would leave before anybody could read it."""


TICK, TICKS = 30, 4
"""Milliseconds, and how many of them without a request make a page that has come to rest."""


class Person:
    """One browser window. Each page looked at is checked by axe as it stands."""

    def __init__(self, page: Page, axe: Axe) -> None:
        self.page, self.axe = page, axe
        self.faults: list[str] = []
        self._asked: set[Request] = set()
        page.add_init_script(TOASTS_STAY)
        page.on("request", lambda request: self._asked.add(request))
        page.on("requestfinished", lambda request: self._asked.discard(request))
        page.on("requestfailed", lambda request: self._asked.discard(request))
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.faults.append(f"{page.url}: {error}"))

    def _hear(self, message) -> None:
        if message.type == "error" and not any(quiet in message.text for quiet in QUIET):
            self.faults.append(f"{self.page.url}: {message.text}")

    def open(self, address: str) -> None:
        self.page.goto(address)
        self.look()

    def look(self) -> None:
        """Take the page in: it must be whole, and nothing may stand in anyone's way."""
        self.rest()
        try:
            faults = self._faults_of_page()
        except Error:  # another page came while this one was looked at
            self.rest()
            faults = self._faults_of_page()
        self.faults += faults

    def rest(self) -> None:
        """Wait until the page is whole and asks for nothing more."""
        self.page.wait_for_load_state("load")
        calm = 0
        while calm < TICKS:
            self.page.wait_for_timeout(TICK)
            calm = 0 if self._asked else calm + 1

    def _faults_of_page(self) -> list[str]:
        url, faults = self.page.url, []
        for violation in self.axe.run(self.page).response["violations"]:
            nodes = [node["html"][:160] for node in violation["nodes"][:3]]
            faults.append(f"{url}: {violation['id']}: {nodes}")
        overflow = self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        if overflow > 0:
            faults.append(f"{url}: {overflow} px wider than the screen")
        return faults

    def follow(self, name: str | re.Pattern[str]) -> None:
        self.page.get_by_role("link", name=name).first.click()
        self.look()

    def press(self, name: str | re.Pattern[str]) -> None:
        self.page.get_by_role("button", name=name).first.click()
        self.look()

    def write(self, label: str | re.Pattern[str], text: str) -> None:
        self.page.get_by_label(label).first.fill(text)

    def choose(self, label: str | re.Pattern[str], option: str) -> None:
        self.page.get_by_label(label).first.select_option(label=option)

    def tick(self, label: str | re.Pattern[str]) -> None:
        self.page.get_by_label(label).first.check()

    def sees(self, text: str | re.Pattern[str]) -> None:
        expect(self.page.get_by_text(text).first).to_be_visible()

    def does_not_see(self, text: str | re.Pattern[str]) -> None:
        expect(self.page.get_by_text(text)).to_have_count(0)

"""Money that is late: the office sees it, agrees something, and it goes when it is paid."""

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.steps import SCHOOL, both_walks, like

pytestmark = pytest.mark.journey

MONEY = f"{SCHOOL}money/"


@both_walks
def test_the_office_follows_an_overdue_invoice_until_it_is_paid(walk, world, arrive):
    """What the sign-up cost two months ago was never paid."""
    words, people = walk.words, world("Walther", "Wilma")
    office, student = arrive(people["office"]), arrive(people["Wilma"])
    name = people["Wilma"]["name"]
    office.open(f"{MONEY}overdue/?q={name}")
    office.sees(words("Days overdue"))
    office.follow(name)
    office.page.get_by_role("link", name=re.compile(r"F-\d+")).first.click()
    office.look()

    agreed = "Ringet op; betaler ved næste løn"
    office.follow(words("Write or pause"))
    office.tick(words("Pause the reminders"))
    office.press(words("Save"))
    office.sees(words("Write what was agreed."))
    office.write(words("What was said or agreed"), agreed)
    office.press(words("Save"))
    office.sees(words("The reminders rest until somebody resumes them."))
    office.sees(agreed)

    student.open(MONEY)
    student.press(like(words("Pay %(amount)s for %(number)s")))
    student.press(like(words("Pay %(amount)s")))
    student.open(MONEY)
    student.sees(words("Nothing. Everything is paid."))
    expect(student.page.get_by_text(agreed)).to_have_count(0)

    office.open(f"{MONEY}overdue/?q={name}")
    office.sees(words("Nobody like that owes anything"))

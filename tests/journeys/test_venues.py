"""A track that belongs to somebody else: its quota, its number, and what a move does to both."""

import pytest
from playwright.sync_api import expect

from tests.journeys.staging import cast_of, stage
from tests.journeys.steps import SCHOOL, both_walks, like

pytestmark = pytest.mark.journey

BOOKINGS = f"{SCHOOL}bookings/"
FULL = "%(resource)s: %(owner)s allows %(most)d booking a day, and %(day)s there are %(count)d."


@both_walks
def test_a_venue_confirms_with_a_number_until_the_lesson_moves(site, walk, arrive):
    words = walk.words
    cast, name = cast_of(walk, "Vagner", "Yngve", "Ove"), f"Banetur {walk.family}"
    made = stage(site, "track_lessons", cast=cast, name=name, driving=["Yngve", "Ove"])
    first, second = made["lessons"]
    office, owner = arrive(made["people"]["office"]), f"Motorbanen {walk.family}"

    office.open(f"{BOOKINGS}resources/{made['track']}/")
    office.page.get_by_text(words("It belongs to somebody else")).click()
    office.write(like(words("belongs to").capitalize()), owner)
    office.page.locator("[name=contact_phone]").fill("44 11 22 33")
    office.page.locator("[name=max_bookings_per_day]").fill("1")
    office.press(words("Save the venue"))
    office.sees(words("%(name)s is saved.", name=made["name"]))

    office.open(f"{BOOKINGS}venues/?q=Yngve")
    row = office.page.locator("tbody tr").filter(has_text=f"Yngve {walk.family}")
    expect(row).to_contain_text(owner)
    row.locator("[name=number]").fill("4711")
    row.get_by_role("button").click()
    office.look()
    office.sees(like(words("%(booking)s: %(venue)s has confirmed with no. %(number)s.")))

    urd = arrive(made["people"]["Yngve"])
    urd.open(f"{BOOKINGS}{first}/")
    urd.sees(owner)
    urd.sees(words("no. %(number)s", number="4711"))

    # The other lesson stands on a day of its own: the day of the first has no room for it.
    office.open(f"{BOOKINGS}{second}/move/")
    office.page.locator("[name=day]").fill(made["day"])
    office.page.locator("[name=time]").fill("15:00")
    office.page.locator("[name=resource]").select_option(str(made["track"]))
    office.press(words("Move the lesson"))
    office.sees(like(words(FULL)))

    teacher = arrive(made["people"]["teacher"])
    teacher.open(f"{BOOKINGS}{first}/move/")
    teacher.page.locator("[name=time]").fill("13:00")
    teacher.press(words("Move the lesson"))
    teacher.sees(words("Needs a new confirmation"))
    urd.open(f"{BOOKINGS}{first}/")
    urd.does_not_see(words("no. %(number)s", number="4711"))
    teacher.open(f"{BOOKINGS}venues/?show=lapsed")
    teacher.sees(words("Needs a new confirmation: no. %(number)s no longer holds.", number="4711"))
    teacher.page.locator("[name=number]").fill("4712")
    teacher.page.locator(".venue-form").get_by_role("button").click()
    teacher.look()
    urd.open(f"{BOOKINGS}{first}/")
    urd.sees(words("no. %(number)s", number="4712"))

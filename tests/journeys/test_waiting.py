"""The waiting list: what comes free is offered in turn, by a link, with a while to decide."""

import datetime as dt
import re

import pytest
from playwright.sync_api import expect

from tests.journeys.person import Person
from tests.journeys.post import Inbox
from tests.journeys.staging import cast_of, stage
from tests.journeys.steps import SCHOOL, both_walks, like
from tests.journeys.words import Words

pytestmark = pytest.mark.journey

BOOKINGS = f"{SCHOOL}bookings/"
WAITING = f"{BOOKINGS}waiting/"
OFFERS = "/bookings/offers/"


@pytest.fixture
def letters(person, walk):
    """A function: the inbox of somebody, read in a window where nobody is signed in."""
    reader = person(**walk.look)

    def of(who: dict) -> Inbox:
        return Inbox(reader, who["email"])

    return of


def wait_in_line(somebody: Person, words: Words, session: int) -> None:
    somebody.open(f"{BOOKINGS}join/{session}/")
    somebody.sees(words("There is no place left"))
    somebody.press(words("Join the waiting list"))
    somebody.sees(words("You are on the waiting list. An offer comes by e-mail and SMS."))


def cancel(somebody: Person, words: Words, lesson: int) -> None:
    somebody.open(f"{BOOKINGS}{lesson}/cancel/")
    somebody.page.get_by_role("radio").first.check()
    somebody.press(words("Cancel the lesson free of charge"))
    somebody.sees(words("The lesson is cancelled. The time is free again."))


def hours_recovered(office: Person, words: Words) -> float:
    region = office.page.get_by_role("region", name=words("Recovered hours this month"))
    (said,) = re.findall(r"[\d.]+(?= (?:h|t)\b)", region.inner_text())[:1]
    return float(said)


@both_walks
def test_a_freed_seat_is_offered_to_one_after_the_other(site, walk, arrive, letters):
    words = walk.words
    cast = cast_of(walk, "Toke", "Bente", "Camma", "Dagfin", "Egon")
    name = f"Regnvejr {walk.family}"
    made = stage(site, "session", cast=cast, name=name, seats=2, seated=["Bente", "Egon"])
    bente, camma, dagfin = (made["people"][first] for first in ("Bente", "Camma", "Dagfin"))
    first, second = arrive(camma), arrive(dagfin)
    wait_in_line(first, words, made["id"])
    wait_in_line(second, words, made["id"])

    cancel(arrive(bente), words, made["id"])

    link = letters(camma).link(OFFERS)
    second.open(f"{BOOKINGS}join/{made['id']}/")
    second.sees(words("You are no. %(position)s in line", position="2"))
    asked = letters(camma).reader
    asked.open(link)
    asked.sees(words("An offer for %(name)s", name="Camma"))
    asked.sees(like(words("Yes please, for %(price)s")))
    asked.press(words("No thanks"))
    asked.sees(words("You said no"))
    asked.open(letters(dagfin).link(OFFERS))
    asked.sees(words("An offer for %(name)s", name="Dagfin"))
    asked.press(like(words("Yes please, for %(price)s")))
    asked.sees(words("It is yours"))
    asked.page.goto(link)
    asked.sees(words("You said no"))

    office = arrive(made["people"]["office"])
    office.open(f"{BOOKINGS}sessions/{made['id']}/")
    seated = [made["people"][one]["name"] for one in ("Dagfin", "Egon")]
    expect(office.page.locator("tbody tr")).to_contain_text(seated)


@both_walks
def test_a_wish_is_offered_the_lesson_that_somebody_gives_up(site, walk, arrive, letters):
    words = walk.words
    cast, name = cast_of(walk, "Tilde", "Fie", "Gorm"), f"Bytur {walk.family}"
    made = stage(site, "drives", cast=cast, name=name, driving=["Gorm"])
    fie, teacher = arrive(made["people"]["Fie"]), made["people"]["teacher"]["name"]
    weekday = dt.date.fromisoformat(made["day"]).weekday()

    fie.open(f"{WAITING}wish/")
    fie.choose(words("Lesson"), name)
    days = fie.page.get_by_role("group", name=words("Weekdays"))
    days.get_by_role("checkbox").nth(weekday).check()
    fie.write(words("Not before"), "08:00")
    fie.choose(words("Teacher"), teacher)
    fie.press(words("Join the waiting list"))
    fie.sees(words("Noted. An offer comes by e-mail and SMS as soon as it fits."))
    fie.sees(teacher)

    cancel(arrive(made["people"]["office"]), words, made["lessons"][0])

    fie.open(letters(made["people"]["Fie"]).link(OFFERS))
    fie.sees(name)
    fie.sees(teacher)
    fie.press(like(words("Yes please, for %(price)s")))
    fie.sees(words("It is yours"))
    fie.follow(words("See the lesson"))
    fie.sees(words("Confirmed"))


@both_walks
def test_the_office_offers_by_hand_and_sees_the_hours_it_recovered(site, walk, arrive):
    words = walk.words
    cast, name = cast_of(walk, "Terje", "Hugo"), f"Aftentur {walk.family}"
    made = stage(site, "drives", cast=cast, name=name, driving=[])
    hugo, teacher = made["people"]["Hugo"], made["people"]["teacher"]["name"]
    office = arrive(made["people"]["office"])

    office.open(WAITING)
    before = hours_recovered(office, words)
    office.choose(words("Lesson type"), "Køreteknisk anlæg")
    expect(office.page.locator("tbody tr").first).to_contain_text("Køreteknisk anlæg")
    office.follow(words("Add a student"))
    office.choose(words("Student"), hugo["name"])
    office.choose(words("Lesson"), name)
    office.choose(words("Teacher"), teacher)
    office.write(words("First day"), made["day"])
    office.press(words("Put on the waiting list"))
    office.follow(f"{words('Offer')} {hugo['name']}")
    office.sees(words("Free times that suit"))
    office.press(re.compile(teacher))
    office.sees(words("The offer is on its way."))
    expect(office.page.locator("tr").filter(has_text=hugo["name"])).to_contain_text(
        words("Has an offer")
    )

    student = arrive(hugo)
    student.open(WAITING)
    student.sees(words("You have an offer"))
    student.follow(words("Answer the offer"))
    student.press(like(words("Yes please, for %(price)s")))
    student.sees(words("It is yours"))
    office.open(f"{WAITING}all/")
    assert hours_recovered(office, words) == before + 1

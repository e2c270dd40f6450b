"""Group sessions: planned for weeks, changed, filled by students and classes, given cars."""

import datetime as dt
import re

import pytest
from django.utils.translation import override
from playwright.sync_api import Locator, expect

from justdriving.templatetags import formats
from tests.journeys.person import Person
from tests.journeys.staging import cast_of, stage
from tests.journeys.steps import SCHOOL, Walk, both_walks
from tests.journeys.words import Words

pytestmark = pytest.mark.journey

BOOKINGS = f"{SCHOOL}bookings/"
SESSIONS = f"{BOOKINGS}sessions/"


def shown(walk: Walk, day: str) -> str:
    """A day as the pages of this walk write it."""
    with override(walk.language):
        return formats.day(dt.date.fromisoformat(day))


def line_of(somebody: Person, words: str) -> Locator:
    return somebody.page.get_by_role("listitem").filter(has_text=words)


def press_in(somebody: Person, where: Locator, name: str) -> None:
    where.get_by_role("button", name=name).click()
    somebody.look()


def change(office: Person, walk: Walk, scope: str, **values: str) -> list[str]:
    """Change sessions from the page of one of them; what the preview said of each."""
    words = walk.words
    office.follow(words("Change this or the following"))
    office.tick(words(scope))
    for label, value in values.items():
        office.write(words(label), value)
    office.press(words("Show what happens"))
    said = office.page.get_by_role("region", name=words("What happens to each session"))
    outcomes = said.get_by_role("listitem").all_inner_texts()
    office.press(words("Change the sessions"))
    changed = sum(words("Changed") in one for one in outcomes)
    office.sees(
        words.counted("%(number)d session is changed.", "%(number)d sessions are changed.", changed)
    )
    return outcomes


def plan_it(office: Person, words: Words, week: dict, room: str) -> None:
    """Type a weekly theory evening and ask for its days."""
    office.open(f"{SESSIONS}weekly/new/")
    office.write(words("Name"), room)
    office.choose(words("Lesson type"), "Teoriaften")
    office.choose(words("Teacher"), week["people"]["teacher"]["name"])
    office.choose(words("Department"), "Nørrebro")
    weekday = dt.date.fromisoformat(week["days"][0]).weekday()
    office.page.get_by_label(words("Weekday")).select_option(f"{weekday}")
    for label, value in {
        "Starts": "17:30",
        "Minutes": "90",
        "Seats": "12",
        "First day": week["days"][0],
        "Last day": week["days"][-1],
        "Planned … weeks ahead": "52",
    }.items():
        office.write(words(label), value)
    office.tick(room)
    office.press(words("Show the days"))


@both_walks
def test_the_days_of_a_weekly_plan_are_shown_and_decided_before_it_is_saved(site, walk, arrive):
    words, room = walk.words, f"Sal {walk.family}"
    week = stage(site, "weekly_days", cast=cast_of(walk, "Tormod", "Urd"), room=room)
    days = [shown(walk, day) for day in week["days"]]
    office = arrive(week["people"]["office"])

    plan_it(office, words, week, room)
    will = ("%(number)s session will be planned", "%(number)s sessions will be planned")
    out = ("%(number)s day left out", "%(number)s days left out")
    office.sees(f"{words.counted(*will, 2)}, {words.counted(*out, 3)}")
    expect(line_of(office, days[1])).to_contain_text(words("Teacher away"))
    expect(line_of(office, days[2])).to_contain_text(words("Conflict"))
    expect(line_of(office, days[3])).to_contain_text(words("Closed day"))
    expect(line_of(office, days[3])).to_contain_text(week["closed"])

    busy = line_of(office, days[2])
    busy.locator("summary").click()
    busy.get_by_label(words("On this day")).select_option(label=words("Hold it on another day"))
    busy.get_by_label(words("Another day")).fill(week["days"][2])
    busy.get_by_label(words("Another time")).fill("12:00")
    office.press(words("Show the days again"))
    office.sees(f"{words.counted(*will, 3)}, {words.counted(*out, 2)}")
    office.press(words("Save and plan"))

    office.sees(
        words.counted("%(count)d session is planned.", "%(count)d sessions are planned.", 3)
    )
    office.sees(words("Days without a session"))
    expect(line_of(office, days[3])).to_contain_text(week["closed"])
    links = office.page.get_by_role("link")
    for day in (days[0], days[2], days[4]):
        expect(links.filter(has_text=day)).to_be_visible()


@both_walks
def test_one_session_this_and_the_following_or_all_change_and_edits_stay(site, walk, arrive):
    words = walk.words
    name = f"Mørkekørsel {walk.family}"
    series = stage(site, "session", cast=cast_of(walk, "Tage"), name=name, seats=12, weekly=3)
    days = [shown(walk, day) for day in series["days"]]
    plan = f"{SESSIONS}weekly/{series['plan']}/"
    office = arrive(series["people"]["office"])

    office.open(plan)
    office.follow(days[2])
    only = change(office, walk, "Only this one", Seats="8")
    assert len(only) == 1
    office.sees(words("changed for this day"))

    office.page.goto(plan)
    office.follow(days[0])
    every = change(office, walk, "All that are to come", Seats="10")
    assert [words("Changed") in said for said in every] == [True, True, False]
    assert words("Keeps what was changed in it before.") in every[2]
    office.page.goto(plan)
    for day, seats in zip(days, ("10", "10", "8"), strict=True):
        row = office.page.locator("tr").filter(has_text=day)
        expect(row).to_contain_text(words("%(taken)s of %(seats)s", taken="0", seats=seats))

    office.follow(days[1])
    later = change(office, walk, "This and the following", Where="Lokale 5")
    assert [any(day in said for said in later) for day in days] == [False, True, True]
    office.page.goto(f"{SESSIONS}{series['id']}/")
    office.sees(days[0])
    office.does_not_see(re.compile("Lokale 5"))


def take_a_seat(student: Person, words: Words, name: str, *, left: int) -> None:
    """From the list of classes one can join to the seat."""
    student.open(f"{BOOKINGS}join/")
    sessions = student.page.get_by_role("region", name=words("Classes you can join"))
    offered = sessions.get_by_role("link").filter(has_text=name)
    seats = words.counted("%(count)s seat left", "%(count)s seats left", left)
    expect(offered).to_contain_text(seats)
    offered.click()
    student.look()
    student.press(words("Take a seat"))
    student.sees(words("The seat is yours."))


@both_walks
def test_students_take_seats_and_get_their_cars_later(site, walk, arrive):
    words = walk.words
    name = f"Glatbane {walk.family}"
    cars = [f"Fiat {walk.family} {number}" for number in (1, 2, 3)]
    cast = cast_of(walk, "Tyge", "Vibe", "Willy")
    made = stage(site, "session", cast=cast, name=name, seats=6, cars=cars)
    vibe, willy = made["people"]["Vibe"], made["people"]["Willy"]
    office, page = arrive(made["people"]["office"]), f"{SESSIONS}{made['id']}/"

    office.open(page)
    office.choose(words("Give a student a seat"), vibe["name"])
    office.press(words("Give the seat"))
    office.sees(words("The student has a seat."))

    take_a_seat(arrive(willy), words, name, left=2)

    office.open(f"{SESSIONS}without-a-place/")
    expect(office.page.locator("tr").filter(has_text=name)).to_contain_text(
        words.counted("%(number)s without a place", "%(number)s without a place", 2)
    )
    office.page.goto(page)
    office.press(f"{words('Take out of service')} {cars[2]}")
    office.sees(words("The place is out of service."))
    office.sees(words("%(taken)s of %(seats)s", taken="2", seats="2"))
    place = office.page.get_by_label(words("Place of %(student)s", student=vibe["name"]))
    place.select_option(place.locator("option").filter(has_text=cars[1]).get_attribute("value"))
    office.press(f"{words('Save')} {vibe['name']}")
    office.sees(words("The place is noted."))
    office.press(words("Give everybody a place"))
    office.sees(words("Everybody has a place."))
    expect(line_of(office, cars[0])).to_contain_text(willy["name"])
    expect(line_of(office, cars[1])).to_contain_text(vibe["name"])
    office.press(f"{words('In service again')} {cars[2]}")
    expect(line_of(office, cars[2])).to_contain_text(words("Available"))


@both_walks
def test_whoever_comes_too_late_for_the_last_seat_may_wait_for_it(site, walk, arrive):
    words = walk.words
    name = f"Motorvej {walk.family}"
    cast = cast_of(walk, "Tasja", "Yrsa", "Zenia", "Åge")
    made = stage(site, "session", cast=cast, name=name, seats=2, seated=["Yrsa"])
    page = f"{BOOKINGS}join/{made['id']}/"
    zenia, late = arrive(made["people"]["Zenia"]), arrive(made["people"]["Åge"])
    take = words("Take a seat")

    for somebody in (zenia, late):
        somebody.page.goto(page)
        somebody.sees(words.counted("%(count)s seat left", "%(count)s seats left", 1))
    zenia.press(take)
    zenia.sees(words("The seat is yours."))
    late.press(take)
    late.sees(words("There is no place left"))
    late.press(words("Join the waiting list"))
    late.sees(words("You are on the waiting list. An offer comes by e-mail and SMS."))
    late.sees(words("No. %(position)d in line") % {"position": 1})
    late.open(page)
    late.sees(words("You are no. %(position)s in line", position="1"))


@both_walks
def test_a_class_takes_its_seats_except_for_who_cannot_come(site, walk, arrive):
    words = walk.words
    name = f"Natkørsel {walk.family}"
    cast = cast_of(walk, "Trine", "Dorte", "Ejner", "Frode") | {"family": f"{walk.family}holm"}
    made = stage(site, "session", cast=cast, name=name, seats=6, busy=["Frode"])
    frode = made["people"]["Frode"]["name"]
    office, group = arrive(made["people"]["office"]), f"Hold {walk.family}"

    office.open(f"{BOOKINGS}classes/")
    office.follow(words("New class"))
    office.write(words("Name"), group)
    office.choose(words("Department"), "Nørrebro")
    office.press(words("Save"))
    office.write(words("Name or e-mail"), cast["family"])
    office.press(re.compile(f"^{words('Search')}$"))
    for first in cast["students"]:
        office.tick(made["people"][first]["name"])
    office.press(words("Add to the class"))
    office.sees(words("The class has new students."))

    office.page.goto(f"{SESSIONS}{made['id']}/")
    classes = office.page.get_by_label(words("Attach a whole class"))
    classes.select_option(classes.locator("option").filter(has_text=group).get_attribute("value"))
    office.press(words("Attach the class"))
    office.sees(words("Not everybody can attend"))
    expect(line_of(office, shown(walk, made["days"][0]))).to_contain_text(frode)
    office.press(words.counted("Seat the other %(number)s", "Seat the other %(number)s", 2))
    office.sees(words("%(group)s attends this session.", group=group))
    office.sees(words("%(taken)s of %(seats)s", taken="2", seats="6"))
    office.sees(words("Of the class, without a seat here:"))
    office.follow(words("Print the roster"))
    on_the_roster = office.page.locator("tbody tr")
    expect(on_the_roster).to_contain_text(
        [made["people"][one]["name"] for one in ("Dorte", "Ejner")]
    )

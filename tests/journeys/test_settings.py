"""What the owner and the teachers set: limits, hours, closed days, terms, lesson types, cars."""

import datetime as dt
import re

import pytest
from django.utils.translation import override
from playwright.sync_api import expect

from bookings.wording import weekday_names
from tests.journeys.steps import SCHOOL, both_walks, like

pytestmark = pytest.mark.journey

BOOKINGS = f"{SCHOOL}bookings/"
SETTINGS = f"{BOOKINGS}settings/"
DEPARTMENT = "Frederiksberg"


def days_of(walk):
    """The days of the week, Monday first, as the pages name them."""
    with override(walk.language):
        return weekday_names()


def label(words, name):
    """The label of a field, whose first letter the page makes a capital."""
    said = words(name)
    return re.compile(f"^{re.escape(said[:1].upper() + said[1:])}")


def reads_history(somebody, name):
    """Open the history of the page: this person is named in it."""
    history = somebody.page.locator(".history")
    history.locator("summary").press("Enter")
    expect(history.get_by_text(name).first).to_be_visible()


@both_walks
def test_the_owner_sets_the_limits_and_hours_of_the_school_and_a_department(walk, world, arrive):
    words, people = walk.words, world("Hjalte")
    owner, name = arrive(people["owner"]), people["owner"]["name"]
    page = owner.page
    owner.open(f"{SETTINGS}rules/")
    offer = page.get_by_label(label(words, "minutes to answer a waiting-list offer"))
    owed = page.get_by_label(label(words, "debt from which a student cannot book"))
    wanted = str(130 + int(offer.input_value()) % 7)
    offer.fill("1")
    owed.fill("12345")
    owner.press(words("Save"))
    owner.sees(words("That did not work yet"))
    expect(owed).to_have_value("12345")
    offer.fill(wanted)
    owner.press(words("Save"))
    owner.sees(words("The rules are saved. They hold from now on."))
    expect(offer).to_have_value(wanted)
    reads_history(owner, name)

    owner.follow(DEPARTMENT)
    expect(offer).to_have_attribute("placeholder", words("as the school: %(value)s", value=wanted))
    moves = page.get_by_label(label(words, "times a student may move a lesson"))
    moves.fill("4" if moves.input_value() == "3" else "3")
    owner.press(words("Save"))
    reads_history(owner, name)

    owner.page.goto(f"{SETTINGS}hours/")
    owner.follow(DEPARTMENT)
    for day in days_of(walk):
        page.get_by_label(words("%(day)s from", day=day), exact=True).fill("06:30")
        page.get_by_label(words("%(day)s to", day=day), exact=True).fill("23:30")
    monday = page.get_by_label(words("%(day)s to", day=days_of(walk)[0]), exact=True)
    monday.fill("05:00")
    owner.press(words("Save opening hours"))
    owner.sees(words("%(day)s: it ends before it begins.", day=days_of(walk)[0]))
    expect(monday).to_have_value("05:00")
    monday.fill("23:30" if walk.language == "da" else "23:15")
    owner.press(words("Save opening hours"))
    owner.sees(words("The opening hours are saved."))
    reads_history(owner, name)


@both_walks
def test_the_owner_closes_the_school_on_holidays_and_in_the_summer(walk, world, arrive):
    words, people = walk.words, world("Iver")
    owner = arrive(people["owner"])
    year = dt.datetime.now(dt.UTC).year + (2 if walk.language == "da" else 3)
    owner.open(f"{SETTINGS}closed/?year={year}")
    owner.follow(words("Import holidays %(year)s", year=str(year)))
    form = owner.page.locator("main form")
    ticks = form.get_by_role("checkbox")
    number = ticks.count()
    ticks.first.uncheck()
    form.get_by_role("textbox").nth(1).fill(f"Fridag {walk.family}")
    owner.press(words("Add the ticked days"))
    owner.sees(f"Fridag {walk.family}")
    owner.open(f"{SETTINGS}closed/holidays/?year={year}")
    expect(ticks).to_have_count(1)
    assert number > 5

    owner.open(f"{SETTINGS}closed/?year={year}")
    owner.write(words("What is it?"), f"Sommer {walk.family}")
    owner.write(words("First day"), f"{year}-07-10")
    owner.write(words("Last day"), f"{year}-07-03")
    owner.choose(words("Department"), DEPARTMENT)
    owner.press(words("Close"))
    owner.sees(words("It ends before it begins."))
    expect(owner.page.get_by_label(words("What is it?"))).to_have_value(f"Sommer {walk.family}")
    owner.write(words("Last day"), f"{year}-07-17")
    owner.press(words("Close"))
    owner.page.goto(f"{SETTINGS}closed/?year={year}")
    closed = owner.page.get_by_text(f"{words('Change')} Sommer {walk.family}")
    closed.click()
    owner.look()
    owner.press(words("Open again"))
    expect(closed).to_have_count(0)


@both_walks
def test_terms_are_taken_ready_made_tried_and_kept_as_a_new_version(walk, world, arrive):
    words, people = walk.words, world("Karl")
    owner = arrive(people["owner"])
    page, preset = owner.page, words("24 hours" if walk.language == "da" else "48 hours")
    owner.open(f"{SETTINGS}terms/")
    owner.press(f"{words('Use')} {preset}")
    made = like(words("Ready: %(names)s.")).search(
        page.get_by_text(like(words("Ready: %(names)s."))).first.inner_text()
    )[1]
    owner.page.get_by_role("link", name=made, exact=True).click()
    preview = page.get_by_label(words("Preview"))
    owner.look()
    before = preview.inner_text()
    steps = page.get_by_role("group", name=words("Step %(number)s", number="1"))
    steps.get_by_label(words("It costs")).select_option(label=words("% of the price"))
    steps.get_by_label(words("Per cent")).fill("37")
    steps.get_by_label(words("Per cent")).press("Tab")
    expect(preview).to_contain_text("37")
    assert "37" not in before
    owner.press(words("Save as a new version"))
    owner.sees(
        words(
            "%(name)s is saved as version %(version)d. Lessons already booked keep their terms.",
            name=made,
            version=2,
        )
    )
    owner.page.goto(f"{SETTINGS}reasons/new/")
    owner.write(label(words, "reason"), f"Eksamen {walk.family}")
    owner.choose(label(words, "category"), words("Personal"))
    owner.press(words("Save"))
    owner.sees(words("%(name)s is saved.", name=f"Eksamen {walk.family}"))


@both_walks
def test_a_new_lesson_type_and_a_new_car_say_who_and_when(walk, world, arrive):
    words, people = walk.words, world("Mads", "Nynne")
    owner = arrive(people["owner"])
    page, kind, car = owner.page, f"Bjergkørsel {walk.family}", f"Trabant {walk.family}"
    owner.open(f"{BOOKINGS}lesson-types/new/")
    owner.write(label(words, "name"), kind)
    owner.choose(label(words, "kind"), words("Practical lesson"))
    owner.write(label(words, "minutes"), "60")
    owner.tick(words("Vehicle"))
    owner.choose(label(words, "self-booking"), words("Off"))
    page.get_by_label(label(words, "Cancellation terms")).select_option(index=1)
    page.get_by_role("spinbutton", name=words("Age from, years")).fill("40")
    owner.press(words("Save"))
    owner.sees(words("%(name)s is saved.", name=kind))

    owner.open(f"{BOOKINGS}resources/new/")
    owner.write(label(words, "name"), car)
    owner.choose(label(words, "kind"), words("Vehicle"))
    owner.choose(label(words, "Department"), DEPARTMENT)
    owner.press(words("Save"))
    owner.sees(words("%(name)s is saved.", name=car))
    owner.page.goto(f"{BOOKINGS}resources/")
    owner.follow(car)
    soon = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=20)
    owner.write(words("Inspection"), (soon + dt.timedelta(days=40)).isoformat())
    owner.press(words("Save dates"))
    owner.sees(words("The dates are saved."))
    page.get_by_text(words("Take it out of service")).click()
    outage = page.locator("form").filter(
        has=page.get_by_role("button", name=words("Save the outage"))
    )
    outage.get_by_label(words("First day")).fill(soon.isoformat())
    outage.get_by_label(words("Last day")).fill(soon.isoformat())
    outage.get_by_label(words("Reason")).fill("Ny motor")
    owner.press(words("Save the outage"))
    owner.sees(words("%(name)s is out of service then. No lessons are affected.", name=car))
    owner.sees("Ny motor")

    asked = f"teacher={people['teacher']['id']}&student={people['Nynne']['id']}&start={soon}T10:00"
    owner.page.goto(f"{BOOKINGS}calendar/why-not/?{asked}")
    owner.choose(words("Lesson type"), kind)
    owner.choose(words("Vehicle or room"), car)
    owner.press(words("See why"))
    against = page.locator("#why-not-answer")
    expect(against).to_contain_text(people["Nynne"]["name"])
    expect(against).to_contain_text(car)


@both_walks
def test_a_teacher_says_when_there_is_time_for_lessons(walk, world, arrive):
    words, people = walk.words, world("Ottilie")
    teacher = arrive(people["teacher"])
    page, address = teacher.page, f"{BOOKINGS}availability/"
    today = dt.datetime.now(dt.UTC).date()
    teacher.open(address)
    wednesday = days_of(walk)[2]
    page.get_by_label(words("%(day)s from", day=wednesday), exact=True).fill("11:10")
    page.get_by_label(words("%(day)s to", day=wednesday), exact=True).fill("10:00")
    teacher.press(words("Save working hours"))
    teacher.sees(words("%(day)s: it ends before it begins.", day=wednesday))
    page.get_by_label(words("%(day)s to", day=wednesday), exact=True).fill("18:20")
    teacher.press(words("Save working hours"))
    teacher.sees(words("The working hours are saved."))
    expect(page.get_by_label(words("%(day)s from", day=wednesday), exact=True)).to_have_value(
        "11:10"
    )

    teacher.write(words("First day away"), (today + dt.timedelta(days=30)).isoformat())
    teacher.write(words("Last day away"), (today + dt.timedelta(days=32)).isoformat())
    page.get_by_label(words("Reason"), exact=True).fill("Kursus")
    teacher.press(words("Save time away"))
    teacher.sees(words("The time away is saved. No lessons are affected."))
    teacher.sees("Kursus")

    teacher.follow(words("Plan other hours or days off"))
    boxes = page.get_by_role("group", name=words("Days"), exact=True).get_by_role("checkbox")
    for number in (9, 11):
        boxes.nth(number).locator("xpath=..").click()
    page.get_by_label(words("Other hours hold")).check()
    teacher.write(words("Works from"), "13:05")
    teacher.write(words("Works until"), "15:55")
    teacher.press(words("Plan these days"))
    teacher.sees(words.counted("%(count)d day is planned.", "%(count)d days are planned.", 2))
    page.get_by_role("button", name=re.compile(f"^{words('Remove')}")).first.click()
    teacher.sees(words("The hours of every week hold again that day."))
    expect(page.get_by_role("button", name=re.compile(f"^{words('Remove')}"))).to_have_count(1)

"""Seeing the calendar: every view of it, its panel, moving a lesson, paper, numbers and feeds."""

import csv
import io
import re

import pytest
from playwright.sync_api import expect

from tests.journeys.steps import AT_THE_DESK, PHONE, SCHOOL, both_walks, prepare

pytestmark = pytest.mark.journey

BOOKINGS = f"{SCHOOL}bookings/"


def fits(somebody) -> bool:
    """Whether the grid is no wider than its box; there is none on a phone or for a month."""
    return somebody.page.evaluate(
        "() => [...document.querySelectorAll('.cal-grid .ec-main')]"
        ".every(box => box.scrollWidth <= box.clientWidth)"
    )


def lesson_of(somebody, name):
    """The lesson of this student as the calendar shows it: in the grid, else in the list."""
    return somebody.page.locator("main").get_by_role("link", name=name).filter(visible=True)


@both_walks
def test_the_office_sees_a_day_from_every_side_and_answers_in_the_panel(site, walk, world, arrive):
    words, people = walk.words, world("Alrun", "Magda", "Noe")
    magda, noe = people["Magda"]["name"], people["Noe"]["name"]
    teacher = people["teacher"]["id"]
    asked, _day = prepare(
        site,
        (
            "request",
            {"teacher": teacher, "student": people["Noe"]["id"], "days": 12, "clock": "13:00"},
        ),
        (
            "day_with_lessons",
            {"teacher": teacher, "days": 12, "lessons": [("09:00", people["Magda"]["id"])]},
        ),
    )
    office = arrive(people["office"])
    office.open(f"{BOOKINGS}calendar/?date={asked['day']}")
    rooms = words("Rooms", context="lanes")
    lanes = () if walk.screen == PHONE else (words("Vehicles"), rooms, words("Teachers"))
    columns = office.page.get_by_role("navigation", name=words("Columns"))
    for lane in lanes:
        columns.get_by_role("link", name=lane).click()
        office.look()
        expect(lesson_of(office, magda)).to_have_count(0 if lane == rooms else 1)
    for view in ("Week", "Month", "List"):
        office.page.get_by_role("navigation", name=words("View")).get_by_role(
            "link", name=words(view)
        ).click()
        office.look()
        assert fits(office)
        expect(office.page.get_by_role("link", name=words(view), exact=True)).to_have_attribute(
            "aria-current", "true"
        )
    office.choose(words("Teacher"), people["teacher"]["name"])
    office.page.wait_for_url(f"**teacher={teacher}**")
    office.page.get_by_role("searchbox", name=words("Student")).fill(noe)
    office.page.keyboard.press("Enter")
    office.page.wait_for_url("**q=**")
    expect(lesson_of(office, noe)).to_have_count(1)
    expect(lesson_of(office, magda)).to_have_count(0)

    lesson_of(office, noe).click()
    panel = office.page.get_by_role("dialog", name=words("Lesson"))
    expect(panel.get_by_role("heading", name=noe)).to_be_visible()
    office.look()
    panel.get_by_role("button", name=words("Confirm")).click()
    office.sees(words("The lesson is confirmed."))
    expect(panel).to_be_hidden()
    expect(lesson_of(office, noe)).to_contain_text(words("Confirmed"))
    office.follow(words("Clear"))
    office.open(f"{BOOKINGS}calendar/sheet/?date={asked['day']}&teacher={teacher}")
    office.sees(magda)
    table = office.page.get_by_role("region", name=people["teacher"]["name"])
    assert table.evaluate("node => getComputedStyle(node).position") == "static"
    office.sees(re.compile(re.escape(words("As of %(day)s %(clock)s", day="", clock="").strip())))


@both_walks
def test_a_lesson_is_moved_by_a_form_that_asks_the_rules_first(site, walk, world, arrive):
    words, people = walk.words, world("Bodil", "Oda", "Per", follow_plan=False)
    teacher = people["teacher"]
    lessons = [("09:00", people["Oda"]["id"]), ("12:00", people["Per"]["id"])]
    (planned,) = prepare(
        site, ("day_with_lessons", {"teacher": teacher["id"], "days": 15, "lessons": lessons})
    )
    mover = arrive(teacher)
    mover.open(f"{BOOKINGS}calendar/?view=list&date={planned['day']}")
    lesson_of(mover, people["Oda"]["name"]).click()
    mover.page.get_by_role("dialog", name=words("Lesson")).get_by_role(
        "link", name=words("Move…")
    ).click()
    question = mover.page.get_by_role("dialog", name=words("Question"))
    move = question.get_by_role("button", name=words("Move the lesson"))
    expect(move).to_be_disabled()
    question.get_by_label(words("Time"), exact=True).fill("12:15")
    question.get_by_label(words("Time"), exact=True).press("Tab")
    expect(question.get_by_text(words("Nobody can overrule this."))).to_be_visible()
    expect(move).to_be_disabled()
    mover.look()
    question.get_by_label(words("Time"), exact=True).fill("15:00")
    question.get_by_label(words("Time"), exact=True).press("Tab")
    expect(question.get_by_text(words("Nothing stands in the way."))).to_be_visible()
    move.click()
    mover.sees(words("The lesson is moved."))
    expect(lesson_of(mover, people["Oda"]["name"])).to_contain_text("15" + words_of_clock(walk))


@both_walks
def test_the_question_of_cancelling_is_put_away_by_escape_too(site, walk, world, arrive):
    words, people = walk.words, world("Else", "Finn", follow_plan=False)
    lessons = [("09:00", people["Finn"]["id"])]
    told = {"teacher": people["teacher"]["id"], "days": 21, "lessons": lessons}
    (planned,) = prepare(site, ("day_with_lessons", told))
    teacher = arrive(people["teacher"])
    teacher.open(f"{BOOKINGS}{planned['lessons'][0]}/")
    question = teacher.page.get_by_role("region", name=words("Cancel the lesson"))
    opener = teacher.page.get_by_role("link", name=words("Cancel the lesson"), exact=True)

    opener.click()
    expect(question).to_be_visible()
    teacher.look()
    teacher.page.keyboard.press("Escape")
    expect(question).to_have_count(0)
    expect(opener).to_be_focused()

    opener.click()
    question.get_by_role("link", name=words("Keep the lesson")).click()
    expect(question).to_have_count(0)
    expect(opener).to_be_focused()


def words_of_clock(walk):
    """What stands between the hours and the minutes."""
    return ".00" if walk.language == "da" else ":00"


@pytest.mark.parametrize("walk", (AT_THE_DESK,), ids=str)
def test_a_lesson_is_dragged_only_where_the_rules_let_it(site, walk, world, arrive):
    words, people = walk.words, world("Dagny", "Rita", "Svend", follow_plan=False)
    rita = people["Rita"]["name"]
    teacher = people["teacher"]["id"]
    lessons = [("09:00", people["Rita"]["id"]), ("12:00", people["Svend"]["id"])]
    (planned,) = prepare(
        site, ("day_with_lessons", {"teacher": teacher, "days": 18, "lessons": lessons})
    )
    office = arrive(people["office"])
    page = office.page
    office.open(f"{BOOKINGS}calendar/?date={planned['day']}&teacher={teacher}")
    question = page.get_by_role("dialog", name=words("Question"))

    drag(office, lesson_of(office, rita), minutes=180)
    expect(question.get_by_text(words("Nobody can overrule this."))).to_be_visible()
    office.look()
    question.get_by_role("button", name=words("Leave it where it is")).click()
    expect(lesson_of(office, rita)).to_contain_text("09:00")

    drag(office, lesson_of(office, rita), minutes=90)
    expect(question.get_by_text(words("Nothing stands in the way."))).to_be_visible()
    page.keyboard.press("Escape")
    expect(lesson_of(office, rita)).to_be_focused()
    expect(lesson_of(office, rita)).to_contain_text("09:00")

    drag(office, lesson_of(office, rita), minutes=90)
    expect(question.get_by_text(words("Nothing stands in the way."))).to_be_visible()
    question.get_by_role("button", name=words("Move the lesson")).click()
    office.sees(words("The lesson is moved."))
    expect(lesson_of(office, rita)).to_contain_text("10:30")
    page.reload()
    expect(lesson_of(office, rita)).to_contain_text("10:30")

    drag(office, lesson_of(office, rita), minutes=30)
    time = question.get_by_label(words("Time"), exact=True)
    time.fill("03:00")
    time.press("Tab")
    expect(question.get_by_text(words("Rules in the way"))).to_be_visible()
    time.evaluate("input => { input.style.color = ''; }")  # as password managers leave it
    question.get_by_role("button", name=words("Move the lesson")).click()
    expect(question.locator("#move-verdict").get_by_text("03:00").first).to_be_visible()
    expect(
        question.get_by_text(words("Tick the rule and write a reason to do it anyway.")).first
    ).to_be_visible()
    office.look()
    for rule in question.locator("[name^=override_]").all():
        rule.check()
    for reason in question.locator("[name^=why_]").all():
        reason.fill("Night driving")
    question.get_by_role("button", name=words("Move the lesson")).click()
    expect(lesson_of(office, rita)).to_contain_text("03:00")
    page.reload()
    expect(lesson_of(office, rita)).to_be_in_viewport()


def drag(person, lesson, *, minutes):
    """Take a lesson by its middle and let it go so many minutes further down."""
    slot, page = 32, person.page  # pixels for half an hour
    person.rest()  # a calendar that is being drawn anew has its lessons nowhere
    box = lesson.bounding_box()
    across, down = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(across, down)
    page.mouse.down()
    page.mouse.move(across, down + slot)
    page.mouse.move(across, down + minutes * slot / 30, steps=5)
    page.mouse.up()


@both_walks
def test_the_owner_reads_how_full_the_weeks_are_and_takes_the_numbers_home(walk, world, arrive):
    words, people = walk.words, world("Embla")
    owner = arrive(people["owner"])
    owner.open(f"{BOOKINGS}occupancy/")
    owner.sees(people["teacher"]["name"])
    address = owner.page.get_by_role("link", name=words("Download CSV")).get_attribute("href")
    answer = owner.page.request.get(f"{BOOKINGS}occupancy/{address}")
    mark = ";" if walk.language == "da" else ","
    text = io.StringIO(answer.text().removeprefix("\ufeff"))
    rows = list(csv.DictReader(text, delimiter=mark))
    mine = [row for row in rows if row[words("Name")] == people["teacher"]["name"]]
    assert len(mine) == 4
    planned = [row[words("Planned hours")].replace(",", ".") for row in mine]
    assert all(float(hours) > 0 for hours in planned)
    owner.follow(words("Vehicles"))
    owner.sees("VW Polo")


@both_walks
def test_lessons_go_into_ones_own_calendar_until_the_feed_is_stopped(site, walk, world, arrive):
    words, people = walk.words, world("Folke", "Tove")
    about = {"teacher": people["teacher"]["id"], "lessons": [("10:00", people["Tove"]["id"])]}
    prepare(site, ("day_with_lessons", about | {"days": 9}))
    tove = arrive(people["Tove"])
    tove.open(f"{BOOKINGS}feed/")
    tove.press(words("Make my address"))
    tove.sees(words("Shown this once"))
    address = tove.page.get_by_label(words("Address"), exact=True).input_value()
    program = tove.page.request
    first = program.get(address)
    assert first.headers["content-type"].startswith("text/calendar")
    assert first.text().count("BEGIN:VEVENT") == 1
    assert program.get(address, headers={"If-None-Match": first.headers["etag"]}).status == 304

    tove.page.goto(f"{BOOKINGS}feed/")
    tove.page.get_by_text(words("Stop the feed"), exact=True).first.click()
    tove.look()
    tove.page.get_by_role("dialog").get_by_role("button", name=words("Stop the feed")).click()
    tove.sees(words("The address no longer works."))
    assert program.get(address).status == 404


@both_walks
def test_a_private_calendar_keeps_lessons_out_of_its_busy_times(site, walk, world, arrive):
    words, people = walk.words, world("Gunver", "Ulf", follow_plan=False)
    about = {"teacher": people["teacher"]["id"], "lessons": [("08:00", people["Ulf"]["id"])]}
    (planned,) = prepare(site, ("day_with_lessons", about | {"days": 11}))
    day = planned["day"].replace("-", "")
    teacher = arrive(people["teacher"])
    teacher.open(f"{BOOKINGS}availability/")
    teacher.follow(words("Import busy times"))
    teacher.page.get_by_label(words("Calendar file")).set_input_files(
        {"name": "private.ics", "mimeType": "text/calendar", "buffer": dentist(day).encode()}
    )
    teacher.press(words("Import"))
    teacher.sees("private.ics")
    teacher.does_not_see("Tandlæge")

    asked = f"student={people['Ulf']['id']}&start={planned['day']}T14:00"
    teacher.page.goto(f"{BOOKINGS}calendar/why-not/?{asked}")
    teacher.choose(words("Lesson type"), "Køretime")
    teacher.press(words("See why"))
    teacher.sees(words("%(teacher)s is away at that time.", teacher=people["teacher"]["name"]))
    teacher.page.goto(f"{BOOKINGS}availability/{people['teacher']['id']}/busy/")
    teacher.press(f"{words('Remove')} private.ics")
    teacher.sees(words("No calendar is imported."))


def dentist(day):
    """A calendar file with one busy hour that day."""
    lines = (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//private//EN",
        "BEGIN:VEVENT",
        "UID:dentist@private.example",
        f"DTSTAMP:{day}T000000Z",
        f"DTSTART:{day}T140000",
        f"DTEND:{day}T150000",
        "SUMMARY:Tandlæge",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    )
    return "\r\n".join(lines)

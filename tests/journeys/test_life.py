"""The life of a lesson: drafted, asked for, held, agreed to, cancelled, missed, given."""

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.steps import SCHOOL, both_walks, like, link_to, prepare

pytestmark = pytest.mark.journey

BOOKINGS = f"{SCHOOL}bookings/"
HELD = "Waiting for the driving school's answer. The time is held until %(day)s %(clock)s."
CHARGED = "%(student)s was charged %(amount)s for this lesson."
LATE = "I know that cancelling this lesson costs money from now on"


def take_first_time(somebody, *, lesson_type):
    """Choose the earliest time that is offered; its address."""
    somebody.open(f"{BOOKINGS}book/")
    chosen = somebody.page.get_by_role("link", name=re.compile(f"^{lesson_type}"))
    kind = link_to(chosen).removeprefix("?")
    if chosen.get_attribute("aria-current") is None:
        chosen.click()
    offered = somebody.page.locator(f"a[data-slot-time][href*='{kind}&']")
    expect(offered.first).to_be_visible()
    address = link_to(offered)
    offered.first.click()
    expect(somebody.page.locator("a[data-slot-time][aria-current]")).to_have_count(1)
    return address


def facts(somebody, name):
    """What the page says under this heading of its list of facts, every time it does."""
    heading = somebody.page.get_by_text(name, exact=True)
    return heading.locator("xpath=following-sibling::dd[1]").all_inner_texts()


@both_walks
def test_a_request_holds_its_time_until_the_school_answers(site, walk, world, arrive):
    words, people = walk.words, world("Runa", "Asta", "Birk")
    asta, birk, office = (arrive(people[who]) for who in ("Asta", "Birk", "office"))
    wished = take_first_time(asta, lesson_type="Manøvrebane")
    asta.tick(words(LATE))
    asta.press(words("Ask for this time"))
    asta.sees(words("Your request is sent. The time is held for you."))
    asta.sees(like(words(HELD)))
    request = asta.page.url

    birk.page.goto(f"{BOOKINGS}book/{wished}")
    expect(birk.page.locator(f'a[href="{wished}"]')).to_have_count(0)
    birk.follow(words("Show times that are taken"))
    expect(birk.page.get_by_label(words("Not available")).first).to_be_visible()
    take_first_time(birk, lesson_type="Manøvrebane")
    birk.tick(words(LATE))
    birk.press(words("Ask for this time"))
    birks = birk.page.url

    office.open(f"{BOOKINGS}requests/")
    office.press(f"{words('Confirm')} {people['Asta']['name']}")
    office.sees(words("The lesson is confirmed."))
    asta.page.goto(request)
    asta.sees(words("Confirmed"))

    prepare(site, ("let_hold_end", {"booking": int(birks.split("/")[-2])}))
    birk.open(birks)
    birk.sees(words("Cancelled"))
    birk.sees(words("Hold expired"))
    office.page.goto(f"{BOOKINGS}requests/")
    office.does_not_see(people["Birk"]["name"])


@both_walks
def test_a_late_lesson_is_agreed_to_and_costs_what_it_said(walk, world, arrive):
    words, people = walk.words, world("Tyra", "Carla", follow_plan=False)
    carla, office = arrive(people["Carla"]), arrive(people["office"])
    take_first_time(carla, lesson_type="Køretime")
    book = words("Book the lesson")
    carla.press(book)
    carla.sees(words("That did not work yet"))
    carla.tick(words(LATE))
    carla.press(book)
    carla.sees(words("It is booked."))
    carla.sees(like(words("accepted %(day)s %(clock)s that cancelling is not free")))
    lesson = carla.page.url

    carla.follow(words("Cancel the lesson"))
    carla.page.get_by_role("radio", name="Arbejde eller skole").check()
    button = carla.page.get_by_role("button", name=like(words("Cancel the lesson for %(fee)s")))
    fee = like(words("Cancel the lesson for %(fee)s")).fullmatch(button.inner_text())[1]
    button.click()
    carla.sees(words("The lesson is cancelled. The time is free again."))
    carla.open(f"{SCHOOL}money/")
    owed = carla.page.get_by_role("list", name=words("Waiting to be paid")).get_by_text(fee)
    expect(owed).to_have_count(1)

    office.open(lesson)
    office.sees(words(CHARGED, student=people["Carla"]["name"], amount=fee))
    office.sees("Arbejde eller skole")
    office.follow(words("Waive the fee"))
    office.page.get_by_role("radio").first.check()
    office.write(words("A few words"), "Hospitalet ringede")
    office.press(words("Waive the fee"))
    office.sees(words("The fee is waived."))
    office.sees(words("Fee waived"))
    office.sees("Hospitalet ringede")
    carla.page.goto(f"{SCHOOL}money/")
    expect(owed).to_have_count(0)


@both_walks
def test_nobody_pays_when_the_school_or_the_teacher_cancels(site, walk, world, arrive):
    words, people = walk.words, world("Vigga", "Dicte")
    about = {"teacher": people["teacher"]["id"], "students": [people["Dicte"]["id"]]}
    soon, later = prepare(site, *(("lesson", about | {"hours": hours}) for hours in (20, 23)))
    for who, lesson, reason in (
        ("teacher", soon, "Glat føre"),
        ("office", later, "Bilen er i stykker"),
    ):
        somebody = arrive(people[who])
        somebody.open(f"{BOOKINGS}{lesson['id']}/cancel/")
        somebody.page.get_by_role("radio", name=reason).check()
        somebody.press(words("Cancel the lesson free of charge"))
        somebody.sees(words("The lesson is cancelled. The time is free again."))
    dicte = arrive(people["Dicte"])
    dicte.open(f"{BOOKINGS}{later['id']}/")
    dicte.sees("Bilen er i stykker")
    dicte.open(f"{SCHOOL}money/")
    dicte.does_not_see("Køretime")


@both_walks
def test_a_draft_for_two_in_one_car_overrules_a_rule_by_name(site, walk, world, arrive):
    words, people = walk.words, world("Ylva", "Elna", "Frans")
    kind = f"To i bilen {walk.family}"
    elna, teacher = people["Elna"]["id"], people["teacher"]["id"]
    taken, _type = prepare(
        site,
        ("lesson", {"teacher": teacher, "students": [elna], "hours": 240}),
        ("shared_lesson_type", {"name": kind, "seats": 2}),
    )
    office = arrive(people["office"])
    start = f"{taken['day']}T{taken['time']}"
    office.open(f"{BOOKINGS}calendar/why-not/?teacher={teacher}&student={elna}&start={start}")
    office.choose(words("Lesson type"), kind)
    office.press(words("See why"))
    office.sees(words("Nobody can overrule this."))
    office.page.get_by_label(words("Time"), exact=True).fill("03:00")
    office.press(words("See why"))
    office.sees(words("The office and the owner may overrule this, with a reason."))
    office.does_not_see(words("Nobody can overrule this."))
    office.follow(words("New booking here"))

    office.page.get_by_text(words("Another length, or two students in one car")).click()
    office.write(words("Minutes of the first student"), "50")
    office.choose(words("Second student"), people["Frans"]["name"])
    office.write(words("Minutes of the second student"), "40")
    office.press(words("Save as a draft"))
    office.sees(words("Rules in the way"))
    rules = office.page.get_by_role("group", name=words("Rules in the way"))
    for box in rules.get_by_role("checkbox").all():
        box.check()
    for reason in rules.get_by_role("textbox").all():
        reason.fill("Mørkekørsel efter aftale")
    office.press(words("Save as a draft"))
    office.sees(words("The draft is saved. It takes nobody's time, and nobody is told."))

    office.open(f"{BOOKINGS}?show=drafts")
    office.follow(re.compile(f"{people['Elna']['name']}, {people['Frans']['name']}"))
    assert facts(office, words("Own minutes")) == ["50", "40"]
    office.follow(words("Confirm"))
    office.press(words("Confirm"))
    office.sees(words("The lesson is confirmed."))
    office.sees(re.compile(r"\(Mørkekørsel efter aftale\)"))
    frans = arrive(people["Frans"])
    frans.open(office.page.url)
    frans.sees(words("Confirmed"))
    frans.does_not_see(re.compile("Mørkekørsel"))


@both_walks
def test_the_office_goes_through_the_lessons_nobody_finished(site, walk, world, arrive):
    words, people = walk.words, world("Sejr", "Gry", "Holger", "Ingrid")
    about = {"teacher": people["teacher"]["id"]}
    whose = (("Gry", -24 * 20), ("Holger", -30), ("Ingrid", -27))
    past = [about | {"students": [people[who]["id"]], "hours": hours} for who, hours in whose]
    prepare(site, *(("lesson", one) for one in past))
    gry, holger, ingrid = (people[who]["name"] for who in ("Gry", "Holger", "Ingrid"))
    office = arrive(people["office"])
    office.open(f"{BOOKINGS}unfinished/")
    for name in (gry, holger, ingrid):
        office.sees(name)
    office.follow(words("Attendance that does not fit"))
    office.sees(words("Nobody said how the lesson went for more than 14 days"))
    office.sees(gry)
    office.does_not_see(holger)
    office.follow(words("Unfinished lessons"))

    office.follow(f"{words('No-show')} {holger}")
    office.press(words("Register no-show"))
    office.sees(words("The no-show is registered."))
    office.sees(like(words(CHARGED, student=holger, amount="%(amount)s")))

    office.page.goto(f"{BOOKINGS}unfinished/")
    office.page.get_by_role("link", name=f"{words('No-show')} {ingrid}").click()
    office.follow(words("It was the teacher who did not come"))
    office.write(words("A few words"), "Sov over sig")
    office.press(words("The teacher did not come"))
    office.sees(words("The no-show is registered. Nobody pays for the lesson."))
    office.sees("Sov over sig")
    office.does_not_see(like(words(CHARGED, student=ingrid, amount="%(amount)s")))

    office.page.goto(f"{BOOKINGS}unfinished/")
    office.page.get_by_role("link", name=f"{words('Completed')} {gry}").click()
    office.press(words("Complete the lesson"))
    office.sees(words("The lesson is completed."))
    office.page.goto(f"{BOOKINGS}attendance/stale/")
    office.does_not_see(gry)


@both_walks
def test_a_teacher_says_all_came_but_one(site, walk, world, arrive):
    words, people = walk.words, world("Torben", "Jon", "Kaja", "Liv")
    (kind,) = prepare(
        site,
        ("shared_lesson_type", {"name": f"Glat bane {walk.family}", "seats": 6, "kind": "theory"}),
    )
    pupils = [people[who] for who in ("Jon", "Kaja", "Liv")]
    about = {
        "teacher": people["teacher"]["id"],
        "students": [one["id"] for one in pupils],
        "kind": kind,
    }
    (lesson,) = prepare(site, ("lesson", about | {"hours": -5}))
    jon, kaja, liv = (one["name"] for one in pupils)
    teacher = arrive(people["teacher"])
    complete = f"{SCHOOL}plan/lessons/{lesson['id']}/complete/"
    teacher.open(complete)
    teacher.page.get_by_role("link", name=words("All present")).click()
    seats = {name: teacher.page.get_by_role("group", name=name) for name in (jon, kaja, liv)}
    for seat in seats.values():
        expect(
            seat.get_by_role("radio", name=words("Came", context="student"), exact=True)
        ).to_be_checked()
    seats[kaja].get_by_role("radio", name=words("Did not come", context="student")).check()
    seats[liv].get_by_role("spinbutton").fill("45")
    teacher.page.get_by_role("checkbox", name=re.compile(r"^1\.1 ")).check()
    teacher.look()
    teacher.press(words("Complete the lesson"))
    teacher.sees(words("The lesson is completed."))
    teacher.open(complete)
    for name in (jon, liv):
        teacher.sees(name)
    teacher.does_not_see(kaja)
    teacher.page.goto(f"{BOOKINGS}{lesson['id']}/")
    assert facts(teacher, words("Minutes used")) == ["90", "45"]

"""Rearranging: a teacher is ill, two lessons swap, a whole day moves, moves are counted."""

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
CHANGED = ("%(count)d lesson is changed.", "%(count)d lessons are changed.")
UNDONE = (
    "Undone. The lessons take place again, those that were cancelled under new numbers, "
    "and nobody was told."
)
WAS_UNDONE = (
    "This was undone: the lessons take place again, and nobody was told. "
    "What was cancelled has a new number."
)
CHANGE = ("Change %(count)s lesson", "Change %(count)s lessons")


def report_ill(office: Person, words: Words, made: dict) -> None:
    """Two of the three lessons go to the colleague, the last is cancelled; seen, then done."""
    takes = words("%(teacher)s takes it", teacher=made["colleague"])
    office.open(f"{BOOKINGS}sick-days/")
    office.choose(words("Teacher"), made["people"]["teacher"]["name"])
    office.write(words("First day ill"), made["day"])
    office.write(words("Last day ill"), made["day"])
    office.press(words("Show lessons"))
    choices = office.page.get_by_label(like(words("What becomes of it?")))
    expect(choices).to_have_count(3)
    for number, choice in enumerate((takes, takes, words("Cancel without a fee"))):
        choices.nth(number).select_option(label=choice)
    office.press(words("Check these choices"))
    office.sees(
        words.counted(
            "%(count)s lesson is cancelled and costs nothing. The student is offered new times.",
            "%(count)s lessons are cancelled and cost nothing. The students are offered new times.",
            1,
        )
    )
    office.press(re.compile(f"^{words('Report ill')}$"))
    office.sees(words("Everything is settled. Get well soon!"))
    office.sees(words("Nobody is told yet"))
    expect(office.page.get_by_role("link").filter(has_text=takes)).to_have_count(2)
    office.sees(words("Cancelled without a fee"))


@both_walks
def test_a_sick_day_is_settled_undone_and_told_once(site, walk, person, arrive):
    words = walk.words
    cast, name = cast_of(walk, "Thyra", "Inga", "Jarl", "Kirsa"), f"Bakketur {walk.family}"
    made = stage(
        site, "drives", cast=cast, name=name, driving=cast["students"], colleague="Hjalmar"
    )
    office = arrive(made["people"]["office"])

    report_ill(office, words, made)
    office.press(words("Undo"))
    office.sees(words(UNDONE))
    office.sees(words(WAS_UNDONE))
    report_ill(office, words, made)
    office.press(words("Tell everybody now"))
    office.sees(words("Everybody concerned has been told."))

    reader = person(**walk.look)
    subject = words("Your teacher is ill: cancelled %(day)s").split(":")[0]
    free = words("What is cancelled costs you nothing.")
    for first, said in (("Inga", made["colleague"]), ("Kirsa", free)):
        address = made["people"][first]["email"]
        assert said in Inbox(reader, address).read(subject)
        reader.page.goto(f"/demo/inbox/?to={address}")
        expect(reader.page.locator("#mails a").filter(has_text=subject)).to_have_count(1)


@both_walks
def test_two_lessons_swap_their_times(site, walk, arrive):
    words = walk.words
    cast, name = cast_of(walk, "Tordis", "Liva", "Malte"), f"Bytur to {walk.family}"
    made = stage(site, "drives", cast=cast, name=name, driving=cast["students"])
    office = arrive(made["people"]["office"])

    office.open(f"{BOOKINGS}{made['lessons'][0]}/")
    office.follow(re.compile(f"^{words('Swap')}$"))
    office.page.get_by_role("radio", name=re.compile(made["people"]["Malte"]["name"])).check()
    office.tick(words("Only the times: each keeps its teacher"))
    office.press(words("See what happens"))
    office.sees(words("Nothing stands in the way."))
    office.press(words("Swap the lessons"))
    office.sees(words.counted(*CHANGED, 2))
    expect(office.page.get_by_role("heading", level=1)).to_contain_text(hour(11, words))
    office.page.goto(f"{BOOKINGS}{made['lessons'][1]}/")
    expect(office.page.get_by_role("heading", level=1)).to_contain_text(hour(9, words))


def hour(number: int, words: Words) -> str:
    """``9.00–10.00`` in Danish, ``09:00–10:00`` in English."""
    if words.language == "da":
        return f"{number}.00–{number + 1}.00"
    return f"{number:02}:00–{number + 1:02}:00"


def show_lessons(office: Person, words: Words, teacher: str, day: str) -> None:
    office.open(f"{BOOKINGS}rearrange/")
    office.choose(words("Teacher"), teacher)
    office.write(words("Day"), day)
    office.press(words("Show lessons"))
    office.sees(words.counted("%(count)s lesson", "%(count)s lessons", 2))


def carry_out(office: Person, words: Words) -> None:
    office.press(words("See what happens"))
    office.sees(words("Nothing stands in the way."))
    office.press(words.counted(*CHANGE, 2))
    office.sees(words.counted(*CHANGED, 2))


@both_walks
def test_a_whole_day_moves_and_gets_another_car_and_another_teacher(site, walk, arrive):
    words = walk.words
    cast, name = cast_of(walk, "Troels", "Nora", "Otto"), f"Havnetur {walk.family}"
    made = stage(site, "drives", cast=cast, name=name, driving=cast["students"], colleague="Ketil")
    office, teacher = arrive(made["people"]["office"]), made["people"]["teacher"]["name"]

    show_lessons(office, words, teacher, made["day"])
    office.tick(words("Move to another day"))
    office.write(words("To which day?"), made["next_day"])
    carry_out(office, words)

    show_lessons(office, words, teacher, made["next_day"])
    office.tick(words("Another vehicle or room"))
    office.choose(words("Instead of"), made["car"])
    carry_out(office, words)

    show_lessons(office, words, teacher, made["next_day"])
    office.tick(words("Another teacher"))
    office.choose(words("To which teacher?"), made["colleague"])
    carry_out(office, words)

    office.open(f"{BOOKINGS}{made['lessons'][0]}/")
    office.sees(made["colleague"])
    expect(office.page.locator("dl.facts").first).not_to_contain_text(made["car"])


@both_walks
def test_a_student_moves_a_lesson_as_often_as_the_school_allows(site, walk, arrive):
    words = walk.words
    cast, name = cast_of(walk, "Tonny", "Palle"), f"Skovtur {walk.family}"
    made = stage(site, "drives", cast=cast, name=name, driving=["Palle"], moves=2)
    palle, lesson = arrive(made["people"]["Palle"]), f"{BOOKINGS}{made['lessons'][0]}/"

    palle.open(f"{lesson}move/")
    palle.sees(words("Moved %(moves)s× of %(most_moves)s allowed", moves="2", most_moves="3"))
    palle.page.locator("a[data-slot-time]:visible").first.click()
    palle.press(words("Move the lesson here"))
    palle.sees(words("The lesson is moved."))
    palle.sees(words("%(moves)d of %(limit)d times") % {"moves": 3, "limit": 3})
    palle.open(f"{lesson}move/")
    palle.sees(words("It can not be moved online"))

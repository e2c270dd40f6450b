"""One lesson, from the school's public page to the receipt, as everybody in it sees it."""

import datetime as dt
import re
from dataclasses import dataclass
from uuid import uuid4

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from justdriving.demo import PASSWORD
from tests.journeys.person import Person
from tests.journeys.post import Inbox
from tests.journeys.steps import (
    AT_THE_DESK,
    ON_THE_PHONE,
    SCHOOL,
    like,
    link_to,
    prepare,
    sign_in,
)
from tests.journeys.words import Words

pytestmark = pytest.mark.journey

TRACK, ROAD = "Manøvrebane", "Køretime"
LATE = (
    "This lesson can no longer be cancelled free of charge: cancelling costs %(fee)s from the"
    " moment you book it. Tick that you know this."
)
PICKUP = "Hovedbanegården, spor 1"


@dataclass(frozen=True)
class Newcomer:
    """Who registers; ``phone`` as it is typed."""

    name: str
    email: str
    phone: str
    born_on: dt.date
    guardian: str = ""


@dataclass
class Story:
    """The people of one lesson, each in a window of their own; ``letters`` reads all post.

    ``teaching`` is who teaches, ``rival`` another student of theirs.
    """

    words: Words
    newcomer: Newcomer
    teaching: dict
    rival: dict
    student: Person
    office: Person
    teacher: Person
    letters: Person

    def post_of(self, address: str) -> Inbox:
        return Inbox(self.letters, address)

    def beginning(self, text: str) -> str:
        """What a text of the product says before the first value it names."""
        return self.words(text).split("%(")[0]


@pytest.mark.parametrize(
    ("walk", "age"),
    ((ON_THE_PHONE, 20), (AT_THE_DESK, 17)),
    ids=("da-phone-adult", "en-desktop-minor"),
)
def test_one_lesson_from_registration_to_receipt(site, person, walk, age):
    names = {"family": walk.family, "language": walk.language}
    (people,) = prepare(site, ("people", {"teacher": "Ulla", "students": ["Ditte"], **names}))
    story = Story(
        words=walk.words,
        newcomer=newcomer(f"Nanna {walk.family}", age),
        teaching=people["teacher"],
        rival=people["Ditte"],
        student=person(**walk.look),
        office=sign_in(person(**walk.look), people["office"]["email"]),
        teacher=sign_in(person(**walk.look), people["teacher"]["email"]),
        letters=person(**walk.look),
    )
    registering_twice_tells_a_stranger_nothing(story, stranger=person(**walk.look))
    the_welcome_mail_leads_to_a_password(story)
    student_id = the_office_gives_a_teacher_and_a_plan(story)
    lesson = the_student_asks_for_a_time_that_is_free(story)
    the_office_agrees_and_everybody_is_told(story)
    the_lesson_is_moved_to_where_it_is_over(story, lesson)
    the_teacher_completes_and_signs(story, student_id)
    the_student_signs_and_the_module_is_verified(story)
    the_invoice_is_paid_and_nothing_is_owed(story, student_id)
    the_fee_shown_before_the_click_is_the_one_billed(story)


def newcomer(name: str, age: int) -> Newcomer:
    """Born half a year before the birthday that makes them this old."""
    key = uuid4().hex[:12]
    return Newcomer(
        name=name,
        email=f"{key}@new.example",
        phone=f"20 30 {age} 41",
        born_on=timezone.localdate() - dt.timedelta(days=round((age + 0.5) * 365.25)),
        guardian=f"guardian-{key}@new.example" if age < 18 else "",
    )


def registering_twice_tells_a_stranger_nothing(story: Story, stranger: Person) -> None:
    register(story, story.student)
    register(story, stranger)
    answers = [one.page.get_by_role("main").inner_text() for one in (story.student, stranger)]
    assert answers[0] == answers[1]
    story.post_of(story.newcomer.email).read(story.beginning("You are known already at %(school)s"))


def register(story: Story, visitor: Person) -> None:
    words, who = story.words, story.newcomer
    visitor.open(SCHOOL)
    visitor.follow(words("Register"))
    visitor.write(words("Name"), who.name)
    visitor.write(words("E-mail"), who.email)
    visitor.write(words("Phone"), who.phone)
    visitor.write(words("Date of birth"), who.born_on.isoformat())
    if who.guardian:
        visitor.write(words("Name of parent or guardian"), "Grethe Holm")
        visitor.write(words("E-mail of parent or guardian"), who.guardian)
        visitor.write(words("Phone of parent or guardian"), "20 30 40 42")
    else:
        expect(visitor.page.get_by_label(words("Name of parent or guardian"))).to_be_hidden()
    visitor.choose(words("Department"), "Nørrebro")
    visitor.press(words("Register"))  # the terms are not accepted
    visitor.sees(words("That did not work yet"))
    expect(visitor.page.get_by_label(words("Name")).first).to_have_value(who.name)
    visitor.tick(words("I accept the school's terms and conditions."))
    visitor.press(words("Register"))
    visitor.sees(words("Check your e-mail"))


def the_welcome_mail_leads_to_a_password(story: Story) -> None:
    words, student = story.words, story.student
    student.open(story.post_of(story.newcomer.email).link("/password/reset/key/"))
    student.write(words("New Password"), PASSWORD)
    student.write(words("New Password (again)"), PASSWORD)
    student.press(words("Save the password"))
    student.sees(words("No lesson is booked"))


def the_office_gives_a_teacher_and_a_plan(story: Story) -> int:
    """The id of the student, from the address of their record."""
    words, office = story.words, story.office
    office.open(f"{SCHOOL}students/?q={story.newcomer.email}")
    office.follow(story.newcomer.name)
    office.follow(words("Edit"))
    for label, value in (("Teacher", story.teaching["id"]), ("Licence", "B")):
        office.page.get_by_label(words(label)).first.select_option(str(value))
    office.write(words("Usual pick-up place"), "Jagtvej 12")
    office.press(words("Save"))
    office.sees(words("Saved."))
    office.follow(words("Choose a plan"))
    office.press(words("Use this plan"))
    found = re.search(r"/students/(\d+)/", office.page.url)
    assert found
    return int(found[1])


def the_student_asks_for_a_time_that_is_free(story: Story) -> str:
    """The address of the request."""
    words, student = story.words, story.student
    student.follow(words("Book a lesson"))
    choose_type(student, ROAD)
    student.sees(words("No free times in these two weeks"))  # the closed track comes first
    choose_type(student, TRACK)
    day, time = choose_first_time(student)
    place = words("Where should you be picked up?")
    student.write(place, PICKUP)
    the_office_takes(story, day, time)
    agree = words("I know that cancelling this lesson costs money from now on")
    student.tick(agree)
    student.press(words("Ask for this time"))
    expect(student.page.get_by_role("alert")).to_contain_text(story.teaching["name"])
    expect(student.page.get_by_label(place)).to_have_value(PICKUP)
    choose_first_time(student)
    expect(student.page.get_by_label(place)).to_have_value(PICKUP)
    student.press(words("Ask for this time"))
    student.sees(like(words(LATE)))
    student.tick(agree)
    student.press(words("Ask for this time"))
    student.sees(words("Your request is sent. The time is held for you."))
    student.sees(PICKUP)
    return student.page.url


def choose_type(student: Person, name: str) -> None:
    link = student.page.get_by_role("link", name=re.compile(f"^{name}"))
    link.click()
    expect(link).to_have_attribute("aria-current", "true")
    expect(student.page.get_by_role("main").get_by_role("paragraph").first).to_contain_text(name)
    student.look()


def choose_first_time(student: Person) -> tuple[str, str]:
    """The day and the time of the earliest lesson offered, which is chosen."""
    first = student.page.locator("a[data-slot-time]").first
    when = first.get_attribute("data-slot-day"), first.get_attribute("data-slot-time")
    first.click()
    expect(student.page.locator("a[data-slot-time][aria-current]")).to_be_visible()
    student.look()
    return when


def the_office_takes(story: Story, day: str, time: str) -> None:
    """Somebody else gets this very time while the student still looks at it."""
    words, office = story.words, story.office
    office.open(f"{SCHOOL}bookings/new/?student={story.rival['id']}")
    office.choose(words("Lesson type"), TRACK)
    write_when(office, words, day, time)
    office.press(words("Book the lesson"))
    office.sees(words("The lesson is booked."))


def write_when(office: Person, words: Words, day: str, time: str) -> None:
    office.write(re.compile(f"^{words('Date')}"), day)
    office.write(re.compile(f"^{words('Time')}"), time)


def the_office_agrees_and_everybody_is_told(story: Story) -> None:
    words, office, who = story.words, story.office, story.newcomer
    office.open(f"{SCHOOL}bookings/requests/")
    office.press(re.compile(f"^{words('Confirm')}.*{who.name}"))
    office.sees(words("The lesson is confirmed."))
    letter = story.post_of(who.email).read(
        story.beginning("Your lesson is booked: %(day)s at %(clock)s")
    )
    assert PICKUP in letter
    assert "METHOD:REQUEST" in attached(story.letters, "invite.ics").decode()
    text = story.post_of(f"+45{who.phone.replace(' ', '')}").read(TRACK)
    assert story.teaching["name"] in text


def attached(reader: Person, name: str) -> bytes:
    """What hangs on the letter that lies open."""
    return reader.page.request.get(link_to(reader.page.get_by_role("link", name=name))).body()


def the_lesson_is_moved_to_where_it_is_over(story: Story, lesson: str) -> None:
    """It was given the day before already, says the office: that is overruled by name."""
    words, office = story.words, story.office
    office.open(lesson)
    office.follow(words("Move"))
    yesterday = timezone.localdate() - dt.timedelta(days=1)
    write_when(office, words, yesterday.isoformat(), "07:00")
    office.tick(words("Send no message about it"))
    office.press(words("Move the lesson"))
    office.sees(words("That time has passed."))
    rules = office.page.get_by_role("group", name=words("Rules in the way"))
    for rule in rules.get_by_role("checkbox").all():
        rule.check()
    for reason in rules.get_by_role("textbox").all():
        reason.fill("Kørt i går")
    office.press(words("Move the lesson"))
    office.sees(words("The lesson is moved."))


def the_teacher_completes_and_signs(story: Story, student_id: int) -> None:
    words, teacher, name = story.words, story.teacher, story.newcomer.name
    teacher.open(f"{SCHOOL}home/")
    teacher.follow(name)
    expect(teacher.page.get_by_label(words("Minutes"))).to_have_value("180")
    teacher.page.get_by_text(re.compile(r"^2\. ")).click()
    for step in teacher.page.get_by_role("checkbox", name=re.compile(r"^2\.\d")).all():
        step.check()
    teacher.sees(
        like(
            words(
                "Module %(module)s is taught in full; it is verified when the student has signed."
            )
        )
    )
    teacher.write(words("Note to the student"), "Fint styr på bilen.")
    teacher.press(words("Complete the lesson"))
    expect(teacher.page).to_have_url(re.compile(rf"/bookings/next/{student_id}/$"))
    teacher.sees(
        words("The lesson is completed. %(student)s has been asked to sign.", student=name)
    )


def the_student_signs_and_the_module_is_verified(story: Story) -> None:
    words, student, who = story.words, story.student, story.newcomer
    student.open(story.post_of(who.email).link("/plan/records/"))
    student.sees("Fint styr på bilen.")
    student.press(words("Sign as %(name)s", name=who.name))
    student.sees(words("Signed. Thank you!"))
    student.follow(words("Progress"))
    verified = student.page.get_by_text(words("Verified", "module"), exact=True)
    expect(verified.first).to_be_visible()


def the_invoice_is_paid_and_nothing_is_owed(story: Story, student_id: int) -> None:
    words, student, post = story.words, story.student, story.post_of(story.newcomer.email)
    subject = story.beginning("Invoice %(number)s from %(school)s")
    letter = post.read(subject, TRACK)
    number = re.search(r"\w+-\d{5}", letter)[0]
    assert attached(story.letters, f"{number}.pdf").startswith(b"%PDF")
    if story.newcomer.guardian:
        story.post_of(story.newcomer.guardian).read(number)
    student.open(post.link("/money/invoices/"))
    student.sees(number)
    pay(story, "Pay %(amount)s")
    pay(story, "Pay %(amount)s for %(number)s")  # what the sign-up cost
    student.sees(words("Nothing. Everything is paid."))
    student.sees(number)
    story.office.open(f"{SCHOOL}students/{student_id}/")
    owed = story.office.page.get_by_role("region", name=words("Owes"))
    expect(owed).to_contain_text(re.compile(r"\b0[.,]00\b"))
    receipt = post.read(story.beginning("We have received %(amount)s"), number)
    assert number in receipt


def pay(story: Story, button: str) -> None:
    """With the demonstration's card, and back to what is left to pay."""
    words, student = story.words, story.student
    student.press(like(words(button)))
    student.press(like(words("Pay %(amount)s")))
    student.sees(like(words("%(amount)s received")))
    student.follow(words("Back to Money"))


def the_fee_shown_before_the_click_is_the_one_billed(story: Story) -> None:
    words, student = story.words, story.student
    student.open(f"{SCHOOL}bookings/book/")
    choose_type(student, ROAD)
    day, time = choose_first_time(student)
    offered = student.page.url
    student.tick(words("I know that cancelling this lesson costs money from now on"))
    student.press(words("Book the lesson"))
    student.sees(words("It is booked."))
    student.follow(words("Cancel the lesson"))
    student.page.get_by_role("radio", name="Arbejde eller skole").check()
    button = student.page.get_by_role("button", name=like(words("Cancel the lesson for %(fee)s")))
    fee = like(words("Cancel the lesson for %(fee)s")).fullmatch(button.inner_text())[1]
    button.click()
    student.sees(words("The lesson is cancelled. The time is free again."))
    student.open(f"{SCHOOL}money/")
    due = student.page.get_by_role("region", name=words("To pay now"))
    assert fee in due.inner_text()
    student.page.goto(offered)
    again = f'a[data-slot-day="{day}"][data-slot-time="{time}"][aria-current]'
    expect(student.page.locator(again)).to_be_visible()

"""Prices: evenings cost more, goodwill costs less, everybody reads why; VAT adds up."""

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.steps import PHONE, SCHOOL, both_walks

pytestmark = pytest.mark.journey

MONEY = f"{SCHOOL}money/"
LESSON = "Køretime"


def own_of(walk) -> tuple[str, int]:
    """A department and a year of each walk's own: two lists of one place never overlap."""
    return ("Nørrebro", 2035) if walk.screen == PHONE else ("Frederiksberg", 2036)


@both_walks
def test_the_owner_prices_the_evening_and_the_office_tells_what_it_costs(walk, world, arrive):
    words, people = walk.words, world("Villads")
    owner, office = arrive(people["owner"]), arrive(people["office"])
    (department, year), evening = own_of(walk), f"Aften {walk.family}"
    owner.open(f"{MONEY}price-lists/")
    owner.follow(words("New price list"))
    owner.write(words("Name"), f"Priser {walk.family}")
    owner.choose(words("Department"), department)
    owner.write(words("Valid from"), f"{year}-01-01")
    owner.write(words("Valid until"), f"{year - 1}-12-31")
    owner.press(words("Save"))
    owner.sees(words("It ends before it begins."))
    owner.write(words("Valid until"), f"{year}-12-31")
    owner.press(words("Save"))
    owner.sees(words("%(name)s is saved.", name=f"Priser {walk.family}"))

    owner.follow(words("Add a line"))
    owner.page.get_by_label(re.compile(words("For lessons that begin from"))).fill("18:00")
    owner.press(words("Save"))
    owner.sees(words("Write what people read beside the amount."))
    owner.write(words("Name"), evening)
    owner.page.locator("[name=amount]").fill("50,00")
    owner.press(words("Save"))
    owner.sees(words("Saved. It counts for what is booked from now on."))
    owner.sees(evening)

    office.open(f"{MONEY}price-lists/calculator/")
    office.choose(words("Lesson type"), LESSON)
    office.choose(words("Department"), department)
    office.page.locator("[name=day]").fill(f"{year}-03-05")
    office.page.locator("[name=time]").fill("18:30")
    office.press(words("Work it out"))
    office.sees(re.compile(f"{words('Standard')} .*{evening}"))
    office.page.locator("[name=time]").fill("17:30")
    office.press(words("Work it out"))
    expect(office.page.get_by_text(evening)).to_have_count(0)

    history = owner.page.locator(".history")
    history.locator("summary").press("Enter")
    expect(history.get_by_text(people["owner"]["name"]).first).to_be_visible()


@both_walks
def test_a_discount_by_hand_is_read_before_the_lesson_is_booked(walk, world, arrive):
    words, people = walk.words, world("Valborg", "Viggo", follow_plan=False)
    owner, office, student = (arrive(people[who]) for who in ("owner", "office", "Viggo"))
    goodwill, reason = f"Kulance {walk.family}", "Bilen gik i stykker"
    owner.open(f"{MONEY}discounts/new/")
    owner.write(words("Name"), goodwill)
    owner.tick(words("Given by hand, with a reason"))
    owner.press(words("Save"))
    owner.sees(words("Write a share or an amount, not both."))
    owner.page.locator("[name=percent]").fill("20")
    owner.press(words("Save"))
    owner.sees(goodwill)

    office.open(f"{MONEY}students/{people['Viggo']['id']}/")
    office.follow(words("Discounts"))
    office.choose(words("Discount"), goodwill)
    office.write(words("Reason"), reason)
    office.press(words("Give the discount"))
    office.sees(words("The discount is given, for what is booked from now on."))
    office.sees(reason)

    student.open(f"{SCHOOL}bookings/book/")
    student.page.get_by_role("link", name=LESSON).first.click()
    student.look()
    student.page.locator("a.slot[data-slot-day]").first.click()
    student.look()
    student.sees(f"{goodwill} ({reason})")

    office.press(re.compile(words("Take back")))
    office.sees(words("The discount is taken back. What is booked keeps its price."))


@both_walks
def test_the_owner_reads_the_vat_of_a_period_and_what_is_behind_it(walk, world, arrive):
    words, people = walk.words, world("Valdemar")
    owner = arrive(people["owner"])
    owner.open(f"{MONEY}vat/")
    owner.sees(words("VAT to be paid"))
    owner.follow(words("This year"))
    owner.follow(re.compile("25 % moms"))
    owner.sees(words("Lines of the period"))
    owner.open(f"{MONEY}vat-codes/")
    owner.follow(re.compile("Udlæg"))
    owner.sees("OUTLAY")

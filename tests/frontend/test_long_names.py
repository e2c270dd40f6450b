"""Names of ninety letters, in one word or in several, stay inside what they stand in."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import time_machine
from django.urls import reverse
from playwright.sync_api import sync_playwright

from administration.models import User
from tests.conftest import chromium
from tests.factories import NOW, BookingFactory

pytestmark = pytest.mark.journey
SIZES = ({"width": 390, "height": 844}, {"width": 1440, "height": 900})
STUDENT = "Maximiliane-Alexandra Konstantinopoulou-Brandenburger-Hohenzollern-Sigmaringen Wolfe"
TEACHER = "Donaudampfschifffahrtsgesellschaftskapitänswitwenrentenauszahlungsstelle Holm"
PAGES = (
    ("bookings:list", {}),
    ("bookings:calendar", {"view": "day", "date": "2026-03-05"}),
    ("bookings:sheet", {"date": "2026-03-05"}),
    ("administration:students", {}),
)
TOO_WIDE = """() => [
    ...document.querySelectorAll("html, main .card-jd, main .table-jd td, main .rowline__text")
].filter(box => box.scrollWidth > box.clientWidth + 1 && box.clientWidth)
    .map(box => `${box.tagName} ${box.className} ${box.scrollWidth} > ${box.clientWidth}`)"""


@pytest.fixture
def pages(cast, site, signed_in):
    """The addresses of the office's pages, with long names in their rows."""
    User.objects.filter(pk=cast.student.membership.user_id).update(full_name=STUDENT)
    User.objects.filter(pk=cast.teacher.membership.user_id).update(full_name=TEACHER)
    BookingFactory(
        school=cast.school,
        department=cast.department,
        lesson_type=cast.lesson_type,
        teacher=cast.teacher,
        students=[cast.student],
        resources=[cast.vehicle],
    )
    client = signed_in(cast.office)
    slug = [cast.school.slug]
    addresses = [(reverse(name, args=slug), asked) for name, asked in PAGES]
    theme = reverse("school_theme", args=slug)
    with time_machine.travel(NOW, tick=False):
        for address, asked in (*addresses, (theme, {})):
            answer = client.get(address, asked)
            assert address == theme or STUDENT in answer.content.decode()
            site.add(address, answer)
    return [site.url + address for address, _asked in addresses]


def too_wide(addresses):
    """By address and width of the window, what does not hold its words."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        found = {}
        for size in SIZES:
            page = browser.new_page(viewport=size)
            for address in addresses:
                page.goto(address)
                found[address, size["width"]] = page.evaluate(TOO_WIDE)
        browser.close()
        return found


def test_long_names_stay_inside(pages):
    """In a thread of its own: beside Playwright's loop Django would not touch the database."""
    with ThreadPoolExecutor(1) as aside:
        found = aside.submit(too_wide, pages).result()

    assert len(found) == len(PAGES) * len(SIZES)
    assert {where: boxes for where, boxes in found.items() if boxes} == {}

"""The frame and the components in a real browser, under the strict CSP."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

pytestmark = [pytest.mark.urls("tests.frontend.urls"), pytest.mark.journey]
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1440, "height": 900}
WATCH_CSP = """
window.refused = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.refused.push(`${event.violatedDirective} ${event.sample} ${event.blockedURI}`);
});
"""


@pytest.fixture
def stage(site, client):
    """The pages the browser is shown, rendered by the product with its own headers."""
    for address in ("/stage/", "/alone/", "/public/", "/accounts/login/", "/themes/nordlys.css"):
        site.add(address, client.get(address))
    return site


@pytest.fixture
def open_page(stage, browser):
    """A function that opens an address and hands over the page; complaints are collected."""

    contexts = []

    def open_it(address, size=DESKTOP, **options):
        context = browser.new_context(viewport=size, reduced_motion="reduce", **options)
        contexts.append(context)
        page = context.new_page()
        page.add_init_script(WATCH_CSP)
        page.complaints = []
        page.on("console", lambda m: page.complaints.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.goto(stage.url + address)
        return page

    yield open_it
    for context in contexts:
        context.close()


def faults_of(page):
    """What axe finds, in one readable line each."""
    found = Axe().run(page).response["violations"]
    return [f"{fault['id']}: {node['target']}" for fault in found for node in fault["nodes"]]


@pytest.mark.parametrize("address", ("/stage/", "/alone/", "/public/", "/accounts/login/"))
@pytest.mark.parametrize("theme", ("light", "dark"))
@pytest.mark.parametrize("size", (PHONE, DESKTOP), ids=("phone", "desktop"))
def test_a_page_is_accessible_fits_and_breaks_no_rule(open_page, address, theme, size):
    page = open_page(address, size, color_scheme=theme)
    assert faults_of(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == size["width"]
    assert (page.evaluate("window.refused"), page.complaints) == ([], [])


def test_the_policy_would_have_been_noticed(open_page):
    """The control: an inline style is refused, and the watch sees it."""
    page = open_page("/public/")
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\">x</p>')")
    assert page.evaluate("window.refused.length") == 1


def test_the_chosen_theme_stays_and_is_there_before_the_first_paint(open_page):
    page = open_page("/public/", color_scheme="light")
    background = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(background)
    page.click("[data-theme=dark]")
    assert page.evaluate(background) != light
    page.reload(wait_until="commit")
    page.wait_for_selector("body", state="attached")
    assert page.get_attribute("html", "data-bs-theme") == "dark"
    expect(page.locator("[data-theme=dark]").first).to_have_attribute("aria-pressed", "true")


def test_the_device_decides_without_scripts(open_page):
    colours = [
        open_page("/stage/", color_scheme=scheme, java_script_enabled=False)
        .locator("body")
        .evaluate("body => getComputedStyle(body).backgroundColor")
        for scheme in ("light", "dark")
    ]
    assert colours == ["rgb(245, 246, 244)", "rgb(14, 20, 18)"]


def test_a_school_brings_its_own_colour(open_page):
    page = open_page("/stage/", color_scheme="light")
    colour = page.locator(".btn-primary").first.evaluate("b => getComputedStyle(b).backgroundColor")
    assert colour == "rgb(122, 46, 131)"


def test_a_menu_closes_with_escape_and_gives_the_focus_back(open_page):
    page = open_page("/stage/")
    menu = page.locator(".topbar details[data-menu]")
    menu.locator("summary").click()
    assert menu.locator(".menu__panel").is_visible()
    page.keyboard.press("Escape")
    assert not menu.locator(".menu__panel").is_visible()
    assert menu.locator("summary").evaluate("s => s === document.activeElement")


def test_a_costly_action_shows_its_price_in_a_dialog_first(open_page, stage):
    page = open_page("/stage/", PHONE)
    page.locator(".confirm summary").click()
    dialog = page.get_by_role("dialog")
    assert "Du skal betale 50 % = 275,00 kr." in dialog.inner_text()
    assert faults_of(page) == []
    dialog.get_by_role("button", name="Behold").or_(
        dialog.get_by_role("button", name="Keep")
    ).click()
    assert not dialog.is_visible()
    assert stage.posts == []
    page.locator(".confirm summary").click()
    dialog.get_by_role("button", name="Aflys og betal").click()
    page.wait_for_selector("text=Sent")
    [(address, body)] = stage.posts
    assert (address, b"request_key=7d0c" in body) == ("/stage/", True)


def test_a_costly_action_works_without_scripts(open_page, stage):
    page = open_page("/stage/", PHONE, java_script_enabled=False)
    assert not page.locator(".needs-js").first.is_visible()
    page.locator(".confirm summary").click()
    page.locator(".confirm button[type=submit]").click()
    page.wait_for_selector("text=Sent")
    assert [address for address, _body in stage.posts] == ["/stage/"]


def test_a_double_click_sends_once(open_page, stage):
    page = open_page("/stage/")
    page.locator("form[action='/stage/'] [name=name]").fill("Åse")
    page.get_by_role("button", name="Gem", exact=True).dblclick()
    page.wait_for_selector("text=Sent")
    assert len(stage.posts) == 1


def test_typed_words_are_not_lost_by_leaving(open_page):
    page = open_page("/stage/")
    questions = []
    page.on("dialog", lambda dialog: (questions.append(dialog.type), dialog.dismiss()))
    name = page.locator("form[action='/stage/'] [name=name]")
    name.press_sequentially("Å")
    page.evaluate("setTimeout(() => { location.href = '/alone/'; })")
    for _ in range(50):
        if questions:
            break
        page.wait_for_timeout(100)
    assert questions == ["beforeunload"]
    expect(name).to_have_value("Å")


def test_a_refused_form_takes_the_focus_to_its_summary(open_page):
    page = open_page("/stage/")
    assert page.evaluate("document.activeElement.className") == "errors"
    page.locator(".errors a").first.click()
    assert page.evaluate("document.activeElement.id") == "id_refused-name"


def test_a_drawn_signature_travels_as_a_picture(open_page):
    page = open_page("/stage/", PHONE)
    canvas = page.locator(".sign canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    value = page.locator("[data-signature-value]")
    assert value.input_value() == ""
    page.mouse.move(box["x"] + 40, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 200, box["y"] + 90, steps=8)
    page.mouse.up()
    assert value.input_value().startswith("data:image/png;base64,")
    page.locator("[data-signature-clear]").click()
    assert value.input_value() == ""


def test_a_complaint_stays_until_it_is_closed(open_page):
    page = open_page("/stage/")
    toast = page.locator("#toasts .toast-jd--bad")
    assert toast.inner_text().strip() == "Kortet blev afvist."
    toast.locator("[data-toast-close]").click()
    assert toast.count() == 0


def test_the_more_sheet_of_the_phone_holds_what_the_tab_bar_does_not(open_page):
    page = open_page("/stage/", PHONE)
    bar = page.locator("nav.tabbar")
    assert bar.locator("> a").all_inner_texts() == ["Hjem", "Book", "Forløb", "Penge"]
    bar.locator("summary").click()
    assert bar.locator(".sheet .navlink").all_inner_texts() == ["Beskeder"]
    assert faults_of(page) == []


@pytest.mark.parametrize("theme", ("light", "dark"))
def test_every_tab_stop_shows_where_it_is(open_page, theme):
    page = open_page("/stage/", color_scheme=theme)
    shown = """() => {
        const at = document.activeElement;
        const ring = (one) => one && (getComputedStyle(one).outlineStyle !== "none"
            || getComputedStyle(one).boxShadow !== "none");
        // Inside a date Chromium draws the ring of the button that opens the calendar.
        const seen = ring(at) || ring(at.closest("label")) || at.type === "date";
        return {what: at.outerHTML.slice(0, 120), seen: Boolean(seen)};
    }"""
    page.evaluate("document.activeElement.blur()")
    stops = []
    for _ in range(80):
        page.keyboard.press("Tab")
        stop = page.evaluate(shown)
        if stop["what"].startswith("<body"):
            break
        stops.append(stop)
    assert len(stops) > 30
    assert [stop["what"] for stop in stops if not stop["seen"]] == []


def test_the_first_tab_stop_skips_to_the_content(open_page):
    page = open_page("/public/")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"

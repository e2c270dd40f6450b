"""Every component renders from plain values into well-formed, script-free HTML."""

from html.parser import HTMLParser

import pytest
from django.contrib import messages
from django.contrib.messages.storage.cookie import CookieStorage

from tests.frontend.samples import SAMPLES
from tests.frontend.test_templates import COMPONENTS, INLINE
from tests.frontend.urls import render_component

pytestmark = pytest.mark.urls("tests.frontend.urls")
VOID = {"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr", "use"}
USES = [(name, index) for name, uses in SAMPLES.items() for index in range(len(uses))]


class Balance(HTMLParser):
    """Complains about a tag that is not closed, or closed by another."""

    def __init__(self):
        super().__init__()
        self.open = []
        self.faults = []
        self.ids = []

    def handle_starttag(self, tag, attrs):
        self.ids += [value for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        if not self.open or self.open.pop() != tag:
            self.faults.append(tag)


def parse(html):
    parser = Balance()
    parser.feed(html)
    parser.close()
    return parser


@pytest.fixture
def request_with_messages(rf):
    request = rf.get("/stage/")
    request._messages = CookieStorage(request)
    messages.success(request, "Flyttet.", extra_tags="/undo/")
    messages.warning(request, "Næsten fuldt.")
    return request


def test_every_component_has_a_sample():
    assert sorted(SAMPLES) == sorted(path.stem for path in COMPONENTS)


@pytest.mark.parametrize(("name", "index"), USES)
def test_a_component_renders_well_formed_html(name, index, request_with_messages):
    html = render_component(name, SAMPLES[name][index], request_with_messages)
    parsed = parse(html)
    assert (parsed.faults, parsed.open) == ([], [])
    assert sorted(parsed.ids) == sorted(set(parsed.ids))
    assert INLINE.findall(html) == []


def test_a_refused_form_links_each_complaint_to_its_field(request_with_messages):
    html = render_component("form", SAMPLES["form"][1], request_with_messages)
    for field in ("name", "email", "password", "category", "terms"):
        assert f'href="#id_refused-{field}"' in html
        assert f'id="id_refused-{field}_error"' in html
    assert 'href="#id_refused-department_group"' in html


def test_a_request_key_travels_as_a_hidden_field(request_with_messages):
    html = render_component("form", SAMPLES["form"][0], request_with_messages)
    assert '<input type="hidden" name="request_key" value="8f1e">' in html


def test_a_message_that_can_be_undone_offers_a_form(request_with_messages):
    html = render_component("toasts", {}, request_with_messages)
    assert html.count('<form method="post" action="/undo/">') == 1


def test_what_people_wrote_is_escaped(request_with_messages):
    html = render_component("row_link", {"title": "<b>x</b>", "end": "<i>"}, request_with_messages)
    assert "&lt;b&gt;x&lt;/b&gt;" in html
    assert "<i>" not in html


@pytest.mark.parametrize(
    ("name", "initials"),
    (
        ("Åse Lind", "ÅL"),
        ("Åse Marie Lind", "ÅL"),
        ("Åse", "Å"),
        ("aase@nordlys.example", "A"),
        ("", ""),
    ),
)
def test_an_avatar_shows_the_first_letters_of_first_and_last_name(
    name, initials, request_with_messages
):
    html = render_component("avatar", {"person": name}, request_with_messages)
    assert f">{initials}</span>" in html

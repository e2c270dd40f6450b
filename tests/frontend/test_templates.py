"""Rules every template keeps: the strict CSP, known icons, small and documented components."""

import re
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
COMPONENTS = sorted((ROOT / "templates" / "components").glob("[!_]*.html"))
SPRITE = set(re.findall(r'<symbol id="([^"]+)"', (ROOT / "static/icons.svg").read_text()))
INLINE = re.compile(
    r"""\sstyle=|\son[a-z]+=["']|<style|javascript:|<script(?![^>]*(\ssrc=|application/json))""",
    re.IGNORECASE,
)


def name(path):
    return str(path.relative_to(ROOT / "templates"))


def icons_named_in(text):
    """Icon names written out as values of ``icon``-like parameters, or shown directly."""
    direct = re.findall(r'components/icon\.html" with name="([\w-]+)"', text)
    return {*direct, *re.findall(r'\b\w*icon="([\w-]+)"', text)}


@pytest.mark.parametrize("path", [p for p in TEMPLATES if "messages" not in p.parts], ids=name)
def test_no_template_holds_inline_script_or_style(path):
    assert INLINE.findall(path.read_text()) == []


def test_every_icon_a_template_names_is_in_the_sprite():
    named = {(name(path), icon) for path in TEMPLATES for icon in icons_named_in(path.read_text())}
    assert {(path, icon) for path, icon in named if icon not in SPRITE | {"none"}} == set()


def test_every_icon_of_the_menus_is_in_the_sprite():
    from justdriving.home.navigation import MENUS  # noqa: PLC0415 -- needs the apps

    assert {entry.icon for menu in MENUS.values() for entry in menu} - SPRITE == set()


@pytest.mark.parametrize("path", COMPONENTS, ids=name)
def test_a_component_stays_small(path):
    assert len(path.read_text().splitlines()) <= 60


def test_every_component_is_in_the_catalogue():
    catalogue = (ROOT / "docs/components.md").read_text()
    assert [name(path) for path in COMPONENTS if f"`{path.stem}`" not in catalogue] == []


def test_the_last_resort_page_needs_no_template_engine():
    assert re.findall(r"{[%{#]", (ROOT / "templates/500.html").read_text()) == []

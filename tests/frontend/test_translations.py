"""Everything people read is there in Danish, and says the same thing everywhere."""

import ast
import re
from pathlib import Path

import allauth
import django
import pytest
from babel.messages.pofile import read_po
from django.conf import settings
from django.utils.translation.template import templatize

ROOT = Path(settings.BASE_DIR)
APPS = ("justdriving", "administration", "bookings", "finance", "learning", "notifications")
FOLDERS = (ROOT, *(ROOT / app for app in APPS))
OURS = [path for folder in FOLDERS for path in folder.glob("locale/da/LC_MESSAGES/django.po")]
THEIRS = [
    Path(package.__file__).parent / folder / "locale/da/LC_MESSAGES/django.po"
    for package, folder in ((allauth, ""), (django, "conf"), (django, "contrib/auth"))
]
CALLS = {"gettext": 0, "gettext_lazy": 0, "gettext_noop": 0, "ngettext": 0, "ngettext_lazy": 0}
CALLS |= {"_": 0, "pgettext": 1, "pgettext_lazy": 1, "npgettext": 1, "npgettext_lazy": 1}
STRING = r"""u?('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
IN_TEMPLATE = re.compile(rf"\b(?:n?(p)?gettext|_)\({STRING}(?:, *{STRING})?")


def catalogue(path):
    with path.open("rb") as file:
        return [message for message in read_po(file, locale="da") if message.id]


def singular(message):
    return message.id if isinstance(message.id, str) else message.id[0]


def said_in_template(path):
    for has_context, first, second in IN_TEMPLATE.findall(templatize(path.read_text())):
        yield ast.literal_eval(second if has_context else first)


def said_in_code(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call):
            continue
        place = CALLS.get(getattr(node.func, "id", None) or getattr(node.func, "attr", ""))
        if place is None or len(node.args) <= place:
            continue
        text = node.args[place]
        if isinstance(text, ast.Constant) and isinstance(text.value, str):
            yield text.value


def everything_said():
    for path in (ROOT / "templates").rglob("*.*"):
        if path.suffix in {".html", ".txt"}:
            yield from ((str(path.relative_to(ROOT)), text) for text in said_in_template(path))
    for app in APPS:
        for path in (ROOT / app).rglob("*.py"):
            if "migrations" not in path.parts:
                yield from ((str(path.relative_to(ROOT)), text) for text in said_in_code(path))


def test_every_text_has_a_danish_one():
    known = {singular(message) for path in (*OURS, *THEIRS) for message in catalogue(path)}
    unsaid = {said for said in everything_said() if said[1].strip() and said[1] not in known}
    assert sorted(unsaid) == []


@pytest.mark.parametrize("path", OURS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_danish_text_is_empty_or_unsure(path):
    def words(message):
        return (message.string,) if isinstance(message.string, str) else message.string

    assert [m.id for m in catalogue(path) if m.fuzzy or not all(words(m))] == []


@pytest.mark.parametrize("path", OURS, ids=lambda path: str(path.relative_to(ROOT)))
def test_placeholders_survive_translation(path):
    def holes(text):
        return sorted(set(re.findall(r"%\(\w+\)[sd]|%[sd]|{\w*}", text)))

    for message in catalogue(path):
        if isinstance(message.id, str):
            assert holes(message.string) == holes(message.id), message.id
        else:
            assert holes(message.string[1]) == holes(message.id[1]), message.id


def test_a_text_is_translated_the_same_way_everywhere():
    """The project's catalogue speaks before an app's: two answers would hide one of them."""
    answers = {}
    for path in OURS:
        for message in catalogue(path):
            key = (message.context, singular(message))
            answers.setdefault(key, set()).add(str(message.string))
    assert {key: said for key, said in answers.items() if len(said) > 1} == {}

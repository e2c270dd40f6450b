"""The plans that ship: what the law asks for is in them."""

from collections import Counter

import pytest

from learning.data import FOLDER, UnknownFormat, parse, plan_templates
from learning.enums import ModuleKind
from tests.learning.factories import KEY


def test_the_danish_plan_has_29_theory_and_24_practical_lessons():
    """Kørekortbekendtgørelsen § 45 no. 5: 4 closed track, 16 road, 4 skid pad."""
    lessons: Counter[str] = Counter()
    for module in plan_templates()[KEY].modules:
        lessons[module.kind] += module.minimum_lessons

    assert lessons == {
        ModuleKind.THEORY: 29,
        ModuleKind.CLOSED_TRACK: 4,
        ModuleKind.ROAD: 16,
        ModuleKind.SKID_PAD: 4,
    }


def test_the_danish_plan_teaches_every_section_of_chapter_7_in_theory_and_on_the_road():
    taught = {kind: [] for kind in ModuleKind}
    for module in plan_templates()[KEY].modules:
        taught[module.kind] += [step.code for step in module.steps if step.code.startswith("7.")]

    chapter = [f"7.{section}" for section in range(1, 21)]
    assert taught[ModuleKind.THEORY] == chapter
    assert taught[ModuleKind.ROAD] == chapter


def test_the_closed_track_comes_before_the_road():
    kinds = [module.kind for module in plan_templates()[KEY].modules]

    assert kinds.index(ModuleKind.CLOSED_TRACK) < kinds.index(ModuleKind.ROAD)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json")), ids=lambda path: path.stem)
def test_a_shipped_plan_is_complete(path):
    plan = parse(path.read_text(encoding="utf-8"))

    assert plan.modules
    for module in plan.modules:
        codes = [step.code for step in module.steps]
        assert module.kind in ModuleKind.values
        assert module.minimum_lessons > 0
        assert codes
        assert len(codes) == len(set(codes))
        for titled in (module, *module.steps):
            assert titled.title.keys() == {"da", "en"}
            assert all(titled.title.values())


def test_a_file_of_a_later_format_is_refused():
    with pytest.raises(UnknownFormat, match="later"):
        parse('{"format": 2, "key": "later"}')

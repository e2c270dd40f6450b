"""The lesson plans that ship with the product: files, one per template and version.

A file names its ``format``; a new version of a curriculum is a new file, and schools keep the
version they installed.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FORMAT = 1
FOLDER = Path(__file__).parent


class UnknownFormat(ValueError):
    """A plan file is of a format this version cannot read."""


@dataclass(frozen=True, slots=True)
class StepTemplate:
    code: str
    title: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ModuleTemplate:
    kind: str
    minimum_lessons: int
    title: Mapping[str, str]
    steps: tuple[StepTemplate, ...]


@dataclass(frozen=True, slots=True)
class PlanTemplate:
    """A lesson plan as it ships; titles by language code."""

    key: str
    version: int
    name: Mapping[str, str]
    licence_category: str
    lesson_minutes: int
    source: str
    modules: tuple[ModuleTemplate, ...]


def parse(text: str) -> PlanTemplate:
    """The template in a file's text. Raises UnknownFormat."""
    raw: dict[str, Any] = json.loads(text)
    if raw.pop("format") != FORMAT:
        raise UnknownFormat(raw["key"])
    modules = tuple(
        ModuleTemplate(**{**module, "steps": tuple(StepTemplate(**s) for s in module["steps"])})
        for module in raw.pop("modules")
    )
    return PlanTemplate(**raw, modules=modules)


@cache
def plan_templates() -> Mapping[str, PlanTemplate]:
    """Every shipped template by its key, the newest version of each."""
    found = [parse(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))]
    return {plan.key: plan for plan in sorted(found, key=lambda plan: plan.version)}

"""A policy answers "may this happen?" with None, or with the reason it may not."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Refusal:
    """One named "no".

    ``message`` is worded for the person who asked, in their language. ``facts`` are the numbers
    behind it. ``overridable`` says whether an authorised person may overrule this code by name.
    """

    code: str
    message: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    overridable: bool = False


class Refused(Exception):
    """An anticipated "no"; carries every refusal that stood in the way, the first one foremost."""

    def __init__(self, *refusals: Refusal) -> None:
        super().__init__(" ".join(str(refusal.message) for refusal in refusals))
        self.refusals = refusals

    @property
    def refusal(self) -> Refusal:
        return self.refusals[0]


def enforce(refusal: Refusal | None) -> None:
    if refusal is not None:
        raise Refused(refusal)


def enforce_all(refusals: Iterable[Refusal]) -> None:
    """Raise Refused with every refusal given; silent when there is none."""
    if found := tuple(refusals):
        raise Refused(*found)

"""What finance asks upwards: which letters about money left, and what became of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, cast

from justdriving.kernel.ports import implementations


@dataclass(frozen=True, slots=True)
class Letter:
    """One message. ``what`` and ``state`` are words for the reader."""

    what: str
    address: str
    state: str
    at: datetime
    arrived: bool


class Letters(Protocol):
    """Answered by notifications."""

    def about(self, names: Iterable[str]) -> Sequence[Letter]:
        """The letters about these things (``invoice:7``), in any order. One query."""
        ...


def letters() -> Letters:
    return cast("Letters", implementations("FINANCE_LETTERS")[0])

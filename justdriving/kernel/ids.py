"""Ids in addresses and forms: what somebody sends need not be one."""

from collections.abc import Iterable

DIGITS = 18
"""So many fit into the database's ids, whatever they are; Python itself would read on."""


def id_in(text: object) -> int | None:
    """The id that a text is, None for anything else."""
    digits = str(text)
    return int(digits) if digits.isdecimal() and len(digits) <= DIGITS else None


def ids_in(texts: Iterable[object]) -> list[int]:
    """Those of the texts that are ids, in their order."""
    return [found for text in texts if (found := id_in(text)) is not None]

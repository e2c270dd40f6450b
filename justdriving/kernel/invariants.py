"""What must always hold, said as SQL: a row that comes back is a fault."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Invariant:
    """``sql`` returns one row for each fault: its first column is the school's id or NULL, its
    second a short text that names the faulty thing. No row means healthy.
    """

    code: str
    means: str
    sql: str

"""What administration asks of the apps above; settings name who answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, cast

from administration.models import School
from justdriving.kernel.money import Money
from justdriving.kernel.ports import implementations


@dataclass(frozen=True, slots=True)
class Offer:
    """A kind of lesson as a visitor sees it; ``price`` is None when it has none yet."""

    name: str
    kind: str
    licence_category: str
    minutes: int
    price: Money | None


class SchoolOffers(Protocol):
    """What a school teaches, and for how much. Answered by the composition root."""

    def offers(self, school: School, *, at: datetime) -> Sequence[Offer]: ...


def school_offers() -> SchoolOffers:
    return cast("SchoolOffers", implementations("SCHOOL_OFFERS")[0])

"""What a message is made of before it has words."""

from dataclasses import dataclass, field
from typing import Any

from notifications.enums import Untrue
from notifications.parcels import Attachment


class NoLongerTrue(Exception):
    """What the message would say does not hold any more; it is not sent."""

    def __init__(self, why: Untrue) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Facts:
    """``values`` fill the event's template; ``rows`` are the label-and-value lines below it.

    ``url`` is where its button leads. ``secrets`` are what may be sent, but not kept.
    """

    values: dict[str, Any] = field(default_factory=dict)
    rows: tuple[tuple[str, str], ...] = ()
    url: str = ""
    attachments: tuple[Attachment, ...] = ()
    secrets: tuple[str, ...] = ()

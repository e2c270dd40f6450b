"""For development without accounts: a message is a line in the log."""

import logging

from notifications.enums import Outcome
from notifications.parcels import Handed, Parcel
from notifications.policies import Answer

logger = logging.getLogger(__name__)


class Console:
    name = "console"

    def open(self) -> None:
        """Nothing to open."""

    def send(self, parcel: Parcel) -> Answer:
        logger.info("Would send to %s: %s\n%s", parcel.address, parcel.subject, parcel.text)
        return Answer(Outcome.TAKEN, is_delivered=True)

    def find(self, handed: Handed) -> Answer:  # noqa: ARG002 -- a log cannot be asked
        return Answer(Outcome.REFUSED)

    def close(self) -> None:
        """Nothing to close."""

"""What every way out of the house can do."""

from functools import cache
from typing import Protocol, Self

from django.conf import settings
from django.utils.module_loading import import_string

from notifications.parcels import Handed, Parcel
from notifications.policies import Answer


class Unreachable(Exception):
    """The provider could not be reached, so nothing was handed over."""


class Way(Protocol):
    """One provider, used by one worker for some messages in a row.

    ``open`` is called before each message and raises Unreachable. ``send`` never raises for what a
    provider may do: every doubt is an Answer. ``find`` tells what became of a message that was
    handed over: TAKEN, NOT_TAKEN, UNKNOWN (no answer now) or REFUSED (it can never tell).
    """

    name: str

    def open(self) -> None: ...

    def send(self, parcel: Parcel) -> Answer: ...

    def find(self, handed: Handed) -> Answer: ...

    def close(self) -> None: ...


def is_configured(channel: str) -> bool:
    return channel in settings.MESSAGE_CHANNELS


class Ways:
    """The ways that a worker has open, by channel; closed together."""

    def __init__(self) -> None:
        self._open: dict[str, Way] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        for way in self._open.values():
            way.close()

    def __getitem__(self, channel: str) -> Way:
        if channel not in self._open:
            self._open[channel] = _way_class(settings.MESSAGE_CHANNELS[channel])()
        return self._open[channel]


@cache
def _way_class(path: str) -> type[Way]:
    found: type[Way] = import_string(path)
    return found

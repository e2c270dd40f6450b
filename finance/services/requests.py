"""One press of a button is done once; its key used for something else is refused."""

from hashlib import sha256
from typing import Protocol, TypeVar

from django.utils.translation import gettext as _

from justdriving.kernel.policy import Refusal, enforce


class Requested(Protocol):
    fingerprint: str


R = TypeVar("R", bound=Requested)


def fingerprint(*facts: object) -> str:
    """What a request asks for, in 64 letters; the same question gives the same ones."""
    return sha256(repr(facts).encode()).hexdigest()


def replayed(row: R | None, asked: str) -> R | None:
    """The row that this request made before, if any.

    Raises Refused ``request-reused`` when the request asked for something else then.
    """
    if row is not None and row.fingerprint != asked:
        enforce(request_reused())
    return row


def request_reused() -> Refusal:
    text = _("This form was already sent for something else. Load the page again.")
    return Refusal("request-reused", text)

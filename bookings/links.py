"""Links that let one person do one thing without signing in."""

from django.core import signing

from bookings.models import WaitingListOffer

OFFER = "bookings.offer"
"""The salt: a token for anything else opens no offer."""


def offer_token(offer: WaitingListOffer) -> str:
    """The secret in the address of one offer; what it opens ends with the offer itself."""
    return signing.dumps(offer.pk, salt=OFFER)


def offer_in(token: str) -> int | None:
    """The id of the offer this token was made for, None if we did not make it."""
    try:
        return int(signing.loads(token, salt=OFFER))
    except signing.BadSignature:
        return None

"""One e-mail address, one person: the only place where users are made."""

from zlib import crc32

from allauth.account.models import EmailAddress

from administration.models import User
from justdriving.kernel.locks import LockKey, take_sorted


def address_key(email: str) -> LockKey:
    return ("email", crc32(email.strip().lower().encode()))


def known_user(email: str) -> User | None:
    """The person with this address; nobody else can look or register until the transaction ends."""
    take_sorted([address_key(email)])
    return User.objects.filter(email__iexact=email.strip()).first()


def new_user(*, email: str, full_name: str, phone: str = "", language: str) -> User:
    """A person who has still to choose a password; the link in the first mail lets them."""
    user = User.objects.create_user(email, full_name=full_name, phone=phone, language=language)
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=False)
    return user

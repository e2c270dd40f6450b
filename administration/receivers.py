"""What administration does when somebody else's event says so."""

from typing import Any

from administration import services
from administration.models import User


def mark_address_verified(*, user: User, **_kwargs: Any) -> None:
    services.confirm_address(user=user)

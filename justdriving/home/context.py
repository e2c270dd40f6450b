"""What every page's frame needs: the school, the person's place in it, and where they can go."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from structlog.contextvars import get_contextvars

from justdriving.home.navigation import navigation_for, other_schools


def shell(request: HttpRequest) -> dict[str, Any]:
    """Template context of the layouts; no query unless the page belongs to a member."""
    membership = getattr(request, "membership", None)
    return {
        "school": getattr(request, "school", None),
        "membership": membership,
        "navigation": navigation_for(membership, request.path) if membership else [],
        "other_schools": other_schools(membership) if membership else [],
        "demo_mode": settings.DEMO,
        "demo_logins": _demo_logins(request),
        "request_id": get_contextvars().get("request_id", ""),
    }


def _demo_logins(request: HttpRequest) -> Sequence[Any]:
    """One login per role, shown on the sign-in page of a demo and nowhere else."""
    match = request.resolver_match
    if not settings.DEMO or match is None or match.view_name != "account_login":
        return ()
    from justdriving.demo import LOGINS  # noqa: PLC0415 -- only a demo has it

    return LOGINS

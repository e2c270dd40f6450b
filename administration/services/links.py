"""The addresses that mails carry: absolute, single-purpose; following one changes nothing."""

from allauth.account import app_settings
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.urls import reverse

from administration.models import School, User


def absolute(path: str) -> str:
    return f"{settings.SITE_URL}{path}"


def password_link(user: User) -> str:
    """Where this person sets a password; it dies after three days, or when it was used.

    Source: settings.PASSWORD_RESET_TIMEOUT. Make it when the mail is rendered, not earlier.
    """
    key = app_settings.PASSWORD_RESET_TOKEN_GENERATOR().make_token(user)
    return absolute(
        reverse(
            "account_reset_password_from_key",
            kwargs={"uidb36": user_pk_to_url_str(user), "key": key},
        )
    )


def accept_link(school: School) -> str:
    """Where an invited person accepts, after signing in."""
    return absolute(reverse("administration:accept", args=[school.slug]))


def join_link(school: School) -> str:
    """Where a person who is known elsewhere becomes a student here, after signing in."""
    return absolute(reverse("administration:join", args=[school.slug]))

"""The demonstration: a believable school to walk through, and a second one that must never show.

Everything is dated relative to today. Nothing here runs unless somebody asks for it.
"""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

PASSWORD = "koer-sikkert-nu"  # noqa: S105 -- printed on the demo's sign-in page


@dataclass(frozen=True, slots=True)
class Login:
    """Somebody the visitor may sign in as."""

    role: str | Promise
    email: str
    password: str = PASSWORD


LOGINS = [
    Login(_("Student"), "aase@nordlys.example"),
    Login(_("Teacher"), "mette@nordlys.example"),
    Login(_("Office"), "kontor@nordlys.example"),
    Login(_("Owner"), "ejer@nordlys.example"),
    Login(_("Guardian"), "foraelder@nordlys.example"),
    Login(_("Platform administrator"), "admin@justdriving.example"),
]

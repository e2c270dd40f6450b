"""Who may register, who may give which role, and what an age means."""

from datetime import date

from django.utils.translation import gettext as _

from administration.enums import Role
from justdriving.kernel.policy import Refusal

OF_AGE = 18
YOUNGEST = 14
OLDEST = 110

RANK: dict[Role, int] = {
    Role.OWNER: 3,
    Role.OFFICE: 2,
    Role.TEACHER: 1,
    Role.STUDENT: 0,
    Role.GUARDIAN: 0,
}


def age_on(born_on: date, day: date) -> int:
    """Whole years of life on ``day``; who is born on 29 February grows older on 1 March."""
    not_yet = (day.month, day.day) < (born_on.month, born_on.day)
    return day.year - born_on.year - not_yet


def needs_guardian(born_on: date, day: date) -> bool:
    return age_on(born_on, day) < OF_AGE


def own_guardian(email: str | None, guardian_email: str | None) -> Refusal | None:
    """No to a minor's own address as that of their guardian: nobody else would be told."""
    if not email or not guardian_email or email.casefold() != guardian_email.casefold():
        return None
    message = _("This is the student's own e-mail. Write that of the parent or guardian.")
    return Refusal("own_guardian", message)


def born_on_refusal(born_on: date, day: date) -> Refusal | None:
    """No to a date of birth that cannot be a student's; the law's ages are the school's matter."""
    if born_on > day:
        return Refusal("born_in_the_future", _("This date of birth is in the future."))
    age = age_on(born_on, day)
    if age > OLDEST:
        return Refusal("born_too_long_ago", _("Please check the year of this date of birth."))
    if age < YOUNGEST:
        return Refusal(
            "too_young",
            _("You can register from the age of %(age)s.") % {"age": YOUNGEST},
            {"youngest": YOUNGEST, "age": age},
        )
    return None


def may_give_role(giver: Role, role: Role) -> Refusal | None:
    """Nobody gives a role above their own."""
    if RANK[role] <= RANK[giver]:
        return None
    return Refusal("role_above_own", _("You cannot give a role above your own."))


def owners_remain(others: int) -> Refusal | None:
    """``others`` is the number of active owners besides the person who would go."""
    if others > 0:
        return None
    return Refusal("last_owner", _("A school needs an owner. Make somebody else an owner first."))

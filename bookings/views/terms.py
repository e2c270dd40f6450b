"""What cancelling will cost, in one sentence, before the lesson is booked."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from administration.models import School
from bookings.models import LessonType
from bookings.policies import CancellationPolicy
from bookings.queries.opening import business_days
from justdriving.kernel.clock import IsBusinessDay
from justdriving.kernel.money import Money
from justdriving.templatetags.formats import clock, day

WHOLE = 100  # per cent


@dataclass(frozen=True, slots=True)
class Terms:
    """What a page says about cancelling; ``is_late`` when it costs something from the start."""

    sentence: str
    is_late: bool

    def __str__(self) -> str:
        return self.sentence


def terms_of(
    lesson_type: LessonType,
    *,
    school: School,
    department_id: int,
    price: Money,
    starts_at: datetime,
    at: datetime,
) -> Terms:
    """The terms of a lesson of this type at this time, as they are today."""
    zone = school.zone
    policy = CancellationPolicy.of(lesson_type.cancellation_terms)
    is_open = business_days(department_id=department_id, until=starts_at.astimezone(zone).date())
    sentence = terms_sentence(
        policy, price=price, starts_at=starts_at, at=at, zone=zone, is_business_day=is_open
    )
    return Terms(sentence, bool(policy.fee(price, starts_at, at, zone, is_open)))


def terms_sentence(
    policy: CancellationPolicy,
    *,
    price: Money,
    starts_at: datetime,
    at: datetime,
    zone: ZoneInfo,
    is_business_day: IsBusinessDay,
) -> str:
    """Say it like this: "Free until Mon 4 May 12:00, then 50 % = DKK 275.00; from …"."""
    steps = sorted(_costly_steps(policy, price, starts_at, zone, is_business_day))
    if not steps:
        return _("Cancelling is always free.")
    words = []
    for number, (deadline, percent, fee) in enumerate(steps):
        cost = {"cost": _cost(percent, fee), "when": f"{day(deadline)} {clock(deadline)}"}
        following = number + 1 < len(steps) and steps[number + 1][0] < at
        if deadline < at:
            if not following:
                words.append(_("Cancelling now: %(cost)s") % cost)
        elif number == 0:
            words.append(_("Free until %(when)s, then %(cost)s") % cost)
        else:
            words.append(_("from %(when)s %(cost)s") % cost)
    return "; ".join(words)


def _costly_steps(
    policy: CancellationPolicy,
    price: Money,
    starts_at: datetime,
    zone: ZoneInfo,
    is_business_day: IsBusinessDay,
) -> Iterator[tuple[datetime, int, Money]]:
    for step in policy.steps:
        if fee := step.fee(price):
            yield step.passes_at(starts_at, zone, is_business_day), step.share, fee


def _cost(percent: int, fee: Money) -> str:
    """The whole price is not written once more."""
    if percent == WHOLE:
        return _("the whole price")
    return f"{percent} % = {fee.localized()}" if percent else fee.localized()

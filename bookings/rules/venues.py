"""How often somebody else lets the school use their track, room or equipment."""

from collections.abc import Iterable
from typing import ClassVar

from django.utils.translation import gettext_lazy, ngettext

from bookings.models import Resource
from bookings.ports import Overridable, Overrides, Proposal, Search
from bookings.queries.diary import Diary, diary_of
from bookings.queries.quota import Full, used_up
from bookings.rules import wording
from justdriving.kernel.policy import Refusal


class WithinVenueQuota:
    """At most so many bookings of the school at a venue on one day, and from Monday to Sunday.

    Days are those of the school's clock. Requests, held times and lessons that are over count;
    drafts and what was cancelled do not. A booking that is there that day already is never refused
    for the day, nor for the week.
    """

    code = "venue-quota"
    DAY, WEEK = "venue-quota-day", "venue-quota-week"
    overridable: ClassVar[Overrides] = {
        DAY: Overridable(gettext_lazy("Bookings at a venue on one day")),
        WEEK: Overridable(gettext_lazy("Bookings at a venue in one week")),
    }

    def load(self, search: Search) -> Diary | None:
        return diary_of(search) if any(one.has_quota for one in search.resources) else None

    def refuse(self, proposal: Proposal, facts: Diary) -> Iterable[Refusal]:
        day = facts.day_of(proposal.starts_at)
        for resource in proposal.resources:
            for full in used_up(facts, resource, day, proposal.booking_id):
                code = self.WEEK if full.is_week else self.DAY
                numbers = {"resource_id": resource.pk, "count": full.booked, "most": full.most}
                yield Refusal(code, _message(resource, full, facts), numbers, overridable=True)


def _message(resource: Resource, full: Full, diary: Diary) -> str:
    words = {
        "resource": resource,
        "owner": resource.owner,
        "count": full.booked,
        "most": full.most,
        "day": wording.day(full.day, diary.zone),
    }
    if full.is_week:
        message = ngettext(
            "%(resource)s: %(owner)s allows %(most)d booking a week, and in the week from %(day)s "
            "there are %(count)d.",
            "%(resource)s: %(owner)s allows %(most)d bookings a week, and in the week from %(day)s "
            "there are %(count)d.",
            full.most,
        )
    else:
        message = ngettext(
            "%(resource)s: %(owner)s allows %(most)d booking a day, and %(day)s there are "
            "%(count)d.",
            "%(resource)s: %(owner)s allows %(most)d bookings a day, and %(day)s there are "
            "%(count)d.",
            full.most,
        )
    return message % words

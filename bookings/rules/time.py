"""When lessons may be: on open days, in opening hours, in the future, not too soon or too late."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from administration.enums import SchoolStatus
from bookings.enums import Party
from bookings.ports import Overridable, Overrides, Proposal, Search
from bookings.queries.diary import Diary, diary_of
from bookings.rules import wording
from justdriving.kernel.clock import instant_or_next
from justdriving.kernel.policy import Refusal


class SchoolIsActive:
    """A school that is suspended or archived gives no lessons."""

    code = "school-not-active"
    overridable: ClassVar[Overrides] = {}

    def load(self, search: Search) -> Diary | None:
        diary = diary_of(search)
        return None if diary.school_status == SchoolStatus.ACTIVE else diary

    def refuse(self, _proposal: Proposal, facts: Diary) -> Iterable[Refusal]:
        yield Refusal(
            self.code,
            _("The school is not active: no lessons can be booked."),
            {"status": facts.school_status},
        )


class SchoolIsOpen:
    """No lessons on a day on which the school, or the department that gives it, is closed."""

    code = "school-closed"
    overridable: ClassVar[Overrides] = {code: Overridable(gettext_lazy("Closed day"))}

    def load(self, search: Search) -> Diary | None:
        diary = diary_of(search)
        return diary if diary.closed and not search.subtracted else None

    def refuse(self, proposal: Proposal, facts: Diary) -> Iterable[Refusal]:
        for day in facts.days_of(proposal.starts_at, proposal.ends_at):
            for department_id in (None, proposal.department_id):
                if name := facts.closed.get((department_id, day)):
                    shown = wording.day(day, facts.zone)
                    message = _("The school is closed %(day)s: %(name)s.")
                    yield Refusal(
                        self.code,
                        message % {"day": shown, "name": name},
                        {"day": day, "name": name},
                        overridable=True,
                    )
                    return


class WithinOpeningHours:
    """The whole lesson lies in the opening hours: the department's own, else the school's."""

    code = "outside-opening-hours"
    overridable: ClassVar[Overrides] = {code: Overridable(gettext_lazy("Opening hours"))}

    def load(self, search: Search) -> Diary | None:
        diary = diary_of(search)
        return diary if diary.opening and not search.subtracted else None

    def refuse(self, proposal: Proposal, facts: Diary) -> Iterable[Refusal]:
        if facts.is_open(proposal.starts_at, proposal.ends_at):
            return
        day = facts.day_of(proposal.starts_at)
        spans = facts.open_on(day)
        shown = ", ".join(wording.hours(*span, facts.zone) for span in spans)
        message = (
            _("The school is open %(hours)s %(day)s.")
            if spans
            else _("The school is not open %(day)s.")
        )
        words = {"day": wording.day(day, facts.zone), "hours": shown}
        yield Refusal(self.code, message % words, {"open": spans}, overridable=True)


class NotInThePast:
    """A lesson begins later than now; writing one down afterwards needs a reason."""

    code = "in-the-past"
    overridable: ClassVar[Overrides] = {code: Overridable(gettext_lazy("Entered afterwards"))}

    def load(self, search: Search) -> datetime:
        return search.at

    def refuse(self, proposal: Proposal, facts: datetime) -> Iterable[Refusal]:
        if proposal.starts_at <= facts:
            yield Refusal(self.code, _("That time has passed."), overridable=True)


class NoticeGiven:
    """Students book at least ``min_notice_hours`` before the lesson; staff decide themselves."""

    code = "notice-too-short"
    overridable: ClassVar[Overrides] = {code: Overridable(gettext_lazy("Notice to book"))}

    def load(self, search: Search) -> datetime | None:
        if search.party != Party.STUDENT:
            return None
        return search.at + timedelta(hours=search.lesson_type.min_notice_hours)

    def refuse(self, proposal: Proposal, facts: datetime) -> Iterable[Refusal]:
        if proposal.starts_at >= facts:
            return
        hours = proposal.lesson_type.min_notice_hours
        message = ngettext(
            "Book at least %(hours)d hour ahead.", "Book at least %(hours)d hours ahead.", hours
        )
        yield Refusal(self.code, message % {"hours": hours}, {"hours": hours}, overridable=True)


class WithinBookingWindow:
    """Students book at most ``max_advance_days`` ahead, by the school's calendar days."""

    code = "too-far-ahead"
    overridable: ClassVar[Overrides] = {
        code: Overridable(gettext_lazy("How far ahead students book"))
    }

    def load(self, search: Search) -> tuple[date, datetime] | None:
        """The last day, and the instant after it."""
        if search.party != Party.STUDENT:
            return None
        days = search.lesson_type.max_advance_days
        last_day = search.at.astimezone(search.zone).date() + timedelta(days=days)
        return last_day, instant_or_next(last_day + timedelta(days=1), time(), search.zone)

    def refuse(self, proposal: Proposal, facts: tuple[date, datetime]) -> Iterable[Refusal]:
        last_day, over = facts
        if proposal.starts_at < over:
            return
        days = proposal.lesson_type.max_advance_days
        message = ngettext(
            "Book at most %(days)d day ahead.", "Book at most %(days)d days ahead.", days
        )
        yield Refusal(self.code, message % {"days": days}, {"last_day": last_day}, overridable=True)

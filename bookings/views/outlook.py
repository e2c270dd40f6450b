"""What rearranging would come to, lesson by lesson, for a page to show before it is done."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bookings.forms.booking import OVERRIDE, REASON, BrokenRule, OverrideForm
from bookings.services.together import Judged
from justdriving.kernel.policy import Refusal, Refused


@dataclass(frozen=True, slots=True)
class Outlook:
    """``stuck`` lessons are refused by something nobody here may overrule."""

    lines: Sequence[Judged]
    rules: list[BrokenRule]
    stuck: int

    @property
    def count(self) -> int:
        return len(self.lines)

    @property
    def is_clear(self) -> bool:
        return not self.stuck and not self.rules


def outlook_of(judged: Sequence[Judged], form: OverrideForm) -> Outlook:
    """Rules that may be overruled are named once, however many lessons they refuse."""
    broken: dict[str, list[str]] = {}
    stuck = 0
    for one in judged:
        final = [refusal for refusal in one.refusals if not _may_be_overruled(refusal, form)]
        stuck += bool(final)
        for refusal in (*one.refusals, *one.verdict.set_aside):
            if _may_be_overruled(refusal, form):
                broken.setdefault(refusal.code, []).append(str(refusal.message))
    rules = [_rule(code, messages, form) for code, messages in broken.items()]
    return Outlook(judged, rules, stuck)


def said(refused: Refused) -> str:
    """What stands above the page: the lessons tell what is theirs."""
    if any("booking_id" in one.facts for one in refused.refusals):
        return _("Nothing was changed: see what stands in the way of each lesson.")
    return str(refused)


def _may_be_overruled(refusal: Refusal, form: OverrideForm) -> bool:
    return form.may_override and refusal.overridable


def _rule(code: str, messages: Sequence[str], form: OverrideForm) -> BrokenRule:
    reason = form.data.get(REASON + code, "").strip()
    return BrokenRule(code, _together(messages), OVERRIDE + code in form.data, reason)


def _together(messages: Iterable[str]) -> str:
    said = list(dict.fromkeys(messages))
    if len(said) == 1:
        return said[0]
    more = ngettext("and %(count)d more", "and %(count)d more", len(said) - 1)
    return f"{said[0]} ({more % {'count': len(said) - 1}})"

"""Steps of the reminder ladder as people read them."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from finance.models import FollowUp, ReminderStep


def day_in_words(days: int) -> str:
    if not days:
        return _("On the due date")
    text = (
        ngettext("%(days)d day before the due date", "%(days)d days before the due date", -days)
        if days < 0
        else ngettext("%(days)d day after the due date", "%(days)d days after the due date", days)
    )
    return text % {"days": abs(days)}


def step_in_words(step: ReminderStep | FollowUp) -> str:
    """What a step does: its letter, its fee, and whether it blocks bookings."""
    said = [step.get_action_display()]
    if step.fee_minor:
        said.append(_("fee %(amount)s") % {"amount": step.fee.localized()})
    if step.blocks_booking:
        said.append(_("no new bookings until it is paid"))
    return ", ".join(said)

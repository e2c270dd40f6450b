"""Why a lesson is cancelled: on whose behalf, for which of the school's reasons, at what mercy."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from administration.models import Membership
from administration.permissions import Permission, may
from bookings.enums import Party
from bookings.models import CancellationReason
from bookings.policies import may_act_for, party_of
from bookings.queries.proposals import found
from bookings.services.history import Doing
from justdriving.kernel.policy import Refusal, Refused, enforce


@dataclass(frozen=True, slots=True)
class Grounds:
    """What somebody says when they cancel.

    ``party`` is the side that asked, empty for their own. ``reason_id`` is one of the school's
    reasons, ``words`` what was typed, ``category`` a ReasonCategory where no reason was chosen.
    """

    party: str = ""
    reason_id: int | None = None
    words: str = ""
    category: str = ""
    waive_fee: bool = False
    document_seen: bool = False


def grounded(by: Membership, at: datetime, grounds: Grounds, *, muted: bool = False) -> Doing:
    """The grounds of a cancellation, checked.

    A reason never waives the fee by itself: somebody with WAIVE_FEE does, and says why. Raises
    Refused: ``not-allowed``, ``not-found``, ``reason-missing``, ``document-missing``.
    """
    party = Party(grounds.party) if grounds.party else party_of(by)
    enforce(may_act_for(party_of(by), party))
    reason = _chosen(grounds.reason_id, party)
    if grounds.waive_fee:
        enforce(may_waive(by, reason, grounds))
    return Doing(
        by=by.user,
        party=party,
        at=at,
        reason=grounds.words.strip(),
        category=reason.category if reason else grounds.category,
        muted=muted,
        cancellation_reason=reason,
        fee_waived=grounds.waive_fee,
        document_seen=grounds.document_seen and by.is_staff_role,
    )


def _chosen(reason_id: int | None, party: Party) -> CancellationReason | None:
    if reason_id is None:
        return None
    offered = CancellationReason.objects.filter(Q(party="") | Q(party=party), is_active=True)
    return found(offered.filter(pk=reason_id))


def may_waive(
    by: Membership, reason: CancellationReason | None, grounds: Grounds
) -> Refusal | None:
    """Whether this person may waive a fee on these grounds."""
    if not may(by, Permission.WAIVE_FEE):
        raise Refused(Refusal("not-allowed", _("Only the office may waive a fee.")))
    if not grounds.words.strip() and not (reason and reason.waives_fee):
        return Refusal("reason-missing", _("Write why the fee is waived."))
    if reason and reason.needs_document and not grounds.document_seen:
        message = _("“%(reason)s” needs a document. Tick that you have seen it.")
        return Refusal("document-missing", message % {"reason": reason.name})
    return None

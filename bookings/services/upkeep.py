"""When a vehicle or a room cannot be used, and what it must have had by which day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from administration.models import Membership
from administration.services.noting import in_store, note_changes
from bookings.enums import DueDateKind
from bookings.models import Resource, ResourceDueDate, ResourceOutage
from justdriving.kernel.policy import Refusal, Refused, enforce
from justdriving.kernel.transactions import use_case
from justdriving.templatetags.formats import full_date, full_stretch, kilometres


@dataclass(frozen=True, slots=True)
class Due:
    """``on`` is the last day on which it counts as done; ``blocks``: then no bookings.

    ``km`` is the last reading of the odometer at which it counts as done, None for any.
    """

    on: date
    blocks: bool = True
    km: int | None = None


@use_case
def set_due_dates(
    *,
    resource_id: int,
    due: Mapping[DueDateKind, Due],
    by: Membership,
    at: datetime,
    odometer_km: int | None = None,
    corrects: bool = False,
) -> None:
    """Set what a resource must have had by when; a kind that is not there has no due date.

    ``odometer_km`` is what the odometer says ``at`` that moment, None keeps the last reading. With
    ``corrects`` it may say less than it did: a new meter, or a reading that was wrong. Lessons
    booked after a day or a reading stay booked. Raises Refused ``odometer-backwards``.
    """
    resource = Resource.objects.select_for_update(no_key=True).get(pk=resource_id)
    if not corrects:
        enforce(_backwards(resource.odometer_km, odometer_km))
    stood = {row.kind: row for row in resource.due_dates.all()}
    resource.due_dates.exclude(kind__in=due).delete()
    changes = {}
    with override(by.school.language):
        for kind in DueDateKind:
            row, wanted = stood.get(kind), due.get(kind)
            was = _due_in_words(Due(row.due_on, row.blocks, row.due_km) if row else None)
            changes[kind.value] = (was, _due_in_words(wanted))
    for kind, wanted in due.items():
        ResourceDueDate.objects.update_or_create(
            school_id=resource.school_id,
            resource=resource,
            kind=kind,
            defaults={"due_on": wanted.on, "blocks": wanted.blocks, "due_km": wanted.km},
        )
    if odometer_km is not None:
        changes["odometer_km"] = (in_store(resource.odometer_km), str(odometer_km))
        resource.odometer_km = odometer_km
        resource.odometer_read_on = at.astimezone(by.school.zone).date()
        resource.save(update_fields=["odometer_km", "odometer_read_on"])
    note_changes(resource, changes, by=by, at=at, name=resource.name)


def _backwards(stood: int | None, reads: int | None) -> Refusal | None:
    if stood is None or reads is None or reads >= stood:
        return None
    message = _(
        "The odometer stood at %(km)s already. Tick that it is a correction, or type again."
    )
    return Refusal("odometer-backwards", message % {"km": kilometres(stood)}, {"km": stood})


@use_case
def add_outage(
    *,
    resource_id: int,
    starts_at: datetime,
    ends_at: datetime,
    reason: str,
    by: Membership,
    at: datetime,
) -> ResourceOutage:
    """Take a resource out of service between two instants. Its lessons stay until somebody moves
    them. Raises Refused ``outage-over`` when all of it lies before ``at``; the same twice is one.
    """
    resource = Resource.objects.select_for_update(no_key=True).get(pk=resource_id)
    if ends_at <= at:
        raise Refused(Refusal("outage-over", _("That time has already passed.")))
    outage, is_new = ResourceOutage.objects.get_or_create(
        school_id=resource.school_id,
        resource=resource,
        period=DateTimeTZRange(starts_at, ends_at),
        defaults={"reason": reason},
    )
    if is_new:
        _note(outage, ("", _outage_in_words(outage, by)), by, at)
    return outage


@use_case
def remove_outage(*, resource_id: int, outage_id: int, by: Membership, at: datetime) -> None:
    """The resource can be used after all. Removing what is gone already changes nothing."""
    Resource.objects.select_for_update(no_key=True).get(pk=resource_id)
    outage = ResourceOutage.objects.filter(pk=outage_id, resource=resource_id).first()
    if outage is not None:
        words = _outage_in_words(outage, by)
        _note(outage, (words, ""), by, at)
        outage.delete()


def _note(outage: ResourceOutage, words: tuple[str, str], by: Membership, at: datetime) -> None:
    resource = outage.resource
    note_changes(resource, {"outage": words}, by=by, at=at, name=resource.name)


def _outage_in_words(outage: ResourceOutage, by: Membership) -> str:
    with override(by.school.language), timezone.override(by.school.zone):
        words = full_stretch(outage.period)
    return f"{words} {outage.reason}".strip()


def _due_in_words(due: Due | None) -> str:
    if due is None:
        return ""
    day = str(full_date(due.on))
    if due.km is not None:
        day = _("%(day)s or at %(km)s") % {"day": day, "km": kilometres(due.km)}
    return day if due.blocks else _("%(day)s, only a reminder") % {"day": day}

"""The numbers a school books by, its caps, its opening hours."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time

from django.utils.translation import gettext as _
from django.utils.translation import override

from administration.models import Department, Membership, School
from administration.services.noting import note_changes, set_and_note
from bookings.enums import LessonKind
from bookings.models import BookingSettings, DailyCap, OpeningHours
from bookings.wording import week_in_words
from justdriving.kernel.policy import Refusal, Refused
from justdriving.kernel.transactions import use_case

LIMIT_FIELDS = (
    "max_active_bookings", "max_bookings_per_day", "max_bookings_per_week", "max_moves",
    "max_teacher_minutes_per_day", "max_debt_minor", "offer_minutes", "lesson_minutes",
)  # fmt: skip
ANNEX = "Kørekortbekendtgørelsen, bilag 3, V, 7"


@dataclass(frozen=True, slots=True)
class Cap:
    """``most`` lessons of a kind in a day, ``most_together`` of all kinds on a day with it."""

    kind: LessonKind
    most: int
    most_together: int | None = None
    source: str = ""


DANISH_CAPS = (
    Cap(LessonKind.THEORY, 4, 6, ANNEX),
    Cap(LessonKind.PRACTICAL, 2, 6, ANNEX),
    Cap(LessonKind.CLOSED_TRACK, 4, 8, ANNEX),
    Cap(LessonKind.SKID_PAD, 5, 9, ANNEX),
)
"""Most lessons of 45 minutes a student may have in a day in Denmark (annex 3 of the order)."""
DANISH_LESSON_MINUTES = 45


@use_case
def save_limits(
    *,
    values: Mapping[str, int | None],
    caps: Collection[Cap] | None = None,
    department_id: int | None = None,
    version: int,
    by: Membership,
    at: datetime,
) -> BookingSettings:
    """Set the limits (minutes, minor units, counts) of the school, or of one department.

    None leaves it to the school, or for the school means no limit. ``caps`` replaces the daily
    caps of the school. ``version`` is that of the page that was edited, 0 when nothing stood.
    Lessons already booked stay. Raises Refused ``changed-meanwhile``.
    """
    limits = _locked_limits(department_id, by)
    if limits.version * bool(limits.pk) != version:
        message = _("Somebody changed these rules meanwhile. Open the page again to see them.")
        raise Refused(Refusal("changed-meanwhile", message))
    return _write_limits(limits, values, caps, by, at)


@use_case
def use_danish_rules(*, by: Membership, at: datetime) -> None:
    """Set the daily caps of Danish law and count them in lessons of 45 minutes; twice is once."""
    limits = _locked_limits(None, by)
    values = {"lesson_minutes": DANISH_LESSON_MINUTES}
    others = DailyCap.objects.exclude(kind__in=[cap.kind for cap in DANISH_CAPS])
    kept = [
        Cap(LessonKind(row.kind), row.most, row.most_together, row.source)
        for row in others.order_by("kind")
    ]
    _write_limits(limits, values, [*DANISH_CAPS, *kept], by, at)


@use_case
def set_opening_hours(
    *,
    spans: Collection[tuple[int, time, time]],
    department_id: int | None = None,
    by: Membership,
    at: datetime,
) -> None:
    """Set the opening hours of the school or of one department: (weekday, from, to), wall times.

    No spans means always open, for a department that the school's hold. Booked lessons stay.
    """
    School.objects.select_for_update(no_key=True).get(pk=by.school_id)
    standing = OpeningHours.objects.filter(department=department_id)
    old = [(row.weekday, row.opens_at, row.closes_at) for row in standing]
    wanted = sorted(set(spans))
    if sorted(old) == wanted:
        return
    standing.delete()
    OpeningHours.objects.bulk_create(
        OpeningHours(
            school_id=by.school_id,
            department_id=department_id,
            weekday=weekday,
            opens_at=opens_at,
            closes_at=closes_at,
        )
        for weekday, opens_at, closes_at in wanted
    )
    with override(by.school.language):
        words = {"hours": (week_in_words(old), week_in_words(wanted))}
    name = department_name(department_id)
    note_changes(OpeningHours, words, by=by, at=at, name=name, subject_id=department_id)


def department_name(department_id: int | None) -> str:
    return str(Department.objects.get(pk=department_id)) if department_id else ""


def _locked_limits(department_id: int | None, by: Membership) -> BookingSettings:
    School.objects.select_for_update(no_key=True).get(pk=by.school_id)
    stored = BookingSettings.objects.filter(department=department_id).first()
    return stored or BookingSettings(school_id=by.school_id, department_id=department_id)


def _write_limits(
    limits: BookingSettings,
    values: Mapping[str, int | None],
    caps: Collection[Cap] | None,
    by: Membership,
    at: datetime,
) -> BookingSettings:
    name = department_name(limits.department_id)
    was_new = limits.pk is None
    if was_new:
        limits.save()  # so that its first values are a change from nothing
    wanted = {field: values[field] for field in LIMIT_FIELDS if field in values}
    has_changed = set_and_note(limits, wanted, by=by, at=at, name=name)
    if caps is not None:
        has_changed |= _set_caps(sorted(caps, key=lambda cap: cap.kind), by, at)
    if has_changed and not was_new:
        limits.version += 1
        limits.save(update_fields=["version"])
    return limits


def _set_caps(caps: Sequence[Cap], by: Membership, at: datetime) -> bool:
    """Replace the daily caps that differ; whether any did."""
    stood = {row.kind: row for row in DailyCap.objects.all()}
    wanted = {cap.kind: cap for cap in caps}
    DailyCap.objects.exclude(kind__in=wanted).delete()
    changes = {}
    for kind in LessonKind:
        row, cap = stood.get(kind), wanted.get(kind)
        changes[kind.value] = (_cap_in_words(row), _cap_in_words(cap))
        if cap and _cap_in_words(row) != _cap_in_words(cap):
            DailyCap.objects.update_or_create(
                school_id=by.school_id,
                kind=kind,
                defaults={
                    "most": cap.most,
                    "most_together": cap.most_together,
                    "source": cap.source,
                },
            )
    note_changes(DailyCap, changes, by=by, at=at)
    return any(old != new for old, new in changes.values())


def _cap_in_words(cap: Cap | DailyCap | None) -> str:
    """``2/6 (source)``: of this kind, of all kinds together."""
    if cap is None:
        return ""
    together = "" if cap.most_together is None else f"/{cap.most_together}"
    return f"{cap.most}{together}" + (f" ({cap.source})" if cap.source else "")

"""Days on which the school or a department is closed, and the public holidays of its country."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import holidays
from django.utils.translation import gettext as _
from django.utils.translation import override

from administration.models import Membership
from administration.services.noting import note_changes
from bookings.models import ClosedDay
from bookings.services.settings import department_name
from bookings.wording import closed_in_words
from justdriving.kernel.policy import Refusal, Refused
from justdriving.kernel.transactions import use_case

LONGEST = 366


@dataclass(frozen=True, slots=True)
class Holiday:
    on: date
    name: str


def public_holidays(*, country: str, year: int, language: str) -> list[Holiday]:
    """The public holidays of a country in a year, named in ``language`` where that is known.

    A country that the list does not know has none.
    """
    if country not in holidays.list_supported_countries():
        return []
    known = holidays.country_holidays(country)
    spoken = [name for name in known.supported_languages if name.split("_")[0] == language]
    chosen = spoken[0] if spoken else known.default_language
    found = holidays.country_holidays(country, years=year, language=chosen)
    return [Holiday(day, name) for day, name in sorted(found.items())]


@use_case
def close_days(
    *,
    first_day: date,
    last_day: date,
    name: str,
    department_id: int | None = None,
    by: Membership,
    at: datetime,
) -> int:
    """Close the school, or one department, on each day of the period; returns how many are new.

    Lessons already booked stay where they are. Raises Refused ``period-too-long``.
    """
    if (last_day - first_day).days >= LONGEST:
        raise Refused(Refusal("period-too-long", _("Close at most one year at a time.")))
    days = [first_day + timedelta(days=n) for n in range((last_day - first_day).days + 1)]
    rows = [
        ClosedDay(school_id=by.school_id, department_id=department_id, on=day, name=name)
        for day in days
    ]
    return _add(rows, by, at)


@use_case
def import_holidays(*, names: Mapping[date, str], by: Membership, at: datetime) -> int:
    """Close the school on these public holidays; days already closed stay as they are."""
    rows = [
        ClosedDay(school_id=by.school_id, on=day, name=name, is_public_holiday=True)
        for day, name in sorted(names.items())
    ]
    return _add(rows, by, at)


@use_case
def rename_closed_days(
    *, closed_day_ids: Collection[int], name: str, by: Membership, at: datetime
) -> None:
    """Give closed days another name."""
    rows = list(ClosedDay.objects.select_for_update().filter(pk__in=closed_day_ids).order_by("on"))
    old = _words(rows, by)
    for row in rows:
        row.name = name
    ClosedDay.objects.bulk_update(rows, ["name"])
    _note(rows, (old, _words(rows, by)), by, at)


@use_case
def open_days(*, closed_day_ids: Collection[int], by: Membership, at: datetime) -> None:
    """The school is open on these days after all; opening them again changes nothing."""
    rows = list(ClosedDay.objects.select_for_update().filter(pk__in=closed_day_ids).order_by("on"))
    ClosedDay.objects.filter(pk__in=[row.pk for row in rows]).delete()
    _note(rows, (_words(rows, by), ""), by, at)


def _add(rows: Collection[ClosedDay], by: Membership, at: datetime) -> int:
    """Add the days that are not closed yet; returns how many."""
    days = [row.on for row in rows]
    here = {row.department_id for row in rows}
    standing = ClosedDay.objects.filter(on__in=days)
    known = {(row.department_id, row.on) for row in standing if row.department_id in here}
    new = [row for row in rows if (row.department_id, row.on) not in known]
    ClosedDay.objects.bulk_create(new, ignore_conflicts=True)
    _note(new, ("", _words(new, by)), by, at)
    return len(new)


def _note(
    rows: Collection[ClosedDay], words: tuple[str, str], by: Membership, at: datetime
) -> None:
    for department_id in {row.department_id for row in rows}:
        name = department_name(department_id)
        note_changes(
            ClosedDay, {"closed": words}, by=by, at=at, name=name, subject_id=department_id
        )


def _words(rows: Collection[ClosedDay], by: Membership) -> str:
    with override(by.school.language):
        return closed_in_words(rows)

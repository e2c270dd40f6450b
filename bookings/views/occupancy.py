"""How full each teacher, vehicle and department is, week by week; each number opens its lessons."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from administration.access import MemberRequest, requires
from administration.permissions import Permission
from bookings.queries.occupancy import Load, Row, Weeks, occupancy_by
from justdriving.kernel.clock import day_named
from justdriving.spreadsheets import spreadsheet

CHOICES: dict[str, str | Promise] = {
    "teacher": gettext_lazy("Teachers"),
    "vehicle": gettext_lazy("Vehicles"),
    "department": gettext_lazy("Departments"),
}
LENGTHS = (4, 8, 12)
LEVELS = (1, 25, 50, 70, 85, 100)
"""From so many percent on a cell takes the next darker shade."""


@dataclass(frozen=True, slots=True)
class Question:
    """What the address asks: of whom, from which Monday, for how many weeks."""

    by: str
    first: date
    count: int

    @classmethod
    def read(cls, asked: Any) -> "Question":
        by, count = asked.get("by", "teacher"), asked.get("weeks", "4")
        if by not in CHOICES or count not in {str(one) for one in LENGTHS}:
            raise Http404
        try:
            day = day_named(asked.get("from")) or timezone.localdate()
        except ValueError as error:
            raise Http404 from error
        return cls(by, day - timedelta(days=day.weekday()), int(count))

    def query(self, **changed: Any) -> str:
        asked = {"by": self.by, "from": self.first.isoformat(), "weeks": self.count}
        return "?" + urlencode(asked | changed)


@dataclass(frozen=True, slots=True)
class Cell:
    """One number of the heat map: its shade, and the lessons behind it."""

    load: Load
    url: str

    @property
    def level(self) -> int:
        percent = self.load.percent or 0
        return sum(percent >= one for one in LEVELS)


@require_GET
@requires(Permission.VIEW_CALENDAR)
def occupancy(request: MemberRequest) -> HttpResponse:
    asked = Question.read(request.GET)
    weeks = Weeks(asked.first, asked.count, request.school.zone)
    rows = occupancy_by(request.membership, asked.by, weeks)
    if "csv" in request.GET:
        return _as_csv(rows, weeks, asked)
    context = {
        "rows": [(row, _cells(request, row, weeks, asked)) for row in rows],
        "weeks": _weeks(request, rows, weeks),
        "total": sum((row.total for row in rows), Load()),
        "asked": asked,
        "tabs": _tabs(request, asked),
        "lengths": [(one, asked.query(weeks=one), one == asked.count) for one in LENGTHS],
        "earlier": asked.query(**{"from": asked.first - timedelta(weeks=asked.count)}),
        "later": asked.query(**{"from": asked.first + timedelta(weeks=asked.count)}),
        "now_url": asked.query(**{"from": ""}),
        "csv_url": asked.query(csv=1),
    }
    return render(request, "bookings/occupancy.html", context)


def _tabs(request: MemberRequest, asked: Question) -> list[dict[str, Any]]:
    """A teacher has nothing to compare with."""
    choices = CHOICES if request.membership.is_office else {}
    return [
        {"label": label, "url": asked.query(by=by), "is_current": by == asked.by}
        for by, label in choices.items()
    ]


def _cells(request: MemberRequest, row: Row, weeks: Weeks, asked: Question) -> list[Cell]:
    calendar = reverse("bookings:calendar", args=[request.school.slug])
    whose = {
        "teacher": {"lane": "teacher", "teacher": row.id},
        "vehicle": {"lane": "vehicle", "thing": row.id},
        "department": {"lane": "teacher", "department": row.id},
    }[asked.by]
    return [
        Cell(load, f"{calendar}?{urlencode({'view': 'week', 'date': monday, **whose})}")
        for load, monday in zip(row.weeks, weeks.mondays, strict=True)
    ]


def _weeks(request: MemberRequest, rows: list[Row], weeks: Weeks) -> list[tuple[date, Cell]]:
    """Each week of everybody together."""
    calendar = reverse("bookings:calendar", args=[request.school.slug])
    return [
        (
            monday,
            Cell(
                sum((row.weeks[number] for row in rows), Load()),
                f"{calendar}?{urlencode({'view': 'week', 'date': monday})}",
            ),
        )
        for number, monday in enumerate(weeks.mondays)
    ]


def _as_csv(rows: list[Row], weeks: Weeks, asked: Question) -> HttpResponse:
    head = [_("Name"), _("Week from"), _("Planned hours"), _("Bookable hours"), _("Booked hours")]
    return spreadsheet(
        f"occupancy-{asked.by}-{asked.first}",
        [*head, _("Attended hours"), _("Occupancy, %")],
        (
            (row.title, monday, *_numbers(load))
            for row in rows
            for monday, load in zip(weeks.mondays, row.weeks, strict=True)
        ),
    )


def _numbers(load: Load) -> list[Decimal | int]:
    hours = (load.planned, load.bookable, load.booked, load.attended)
    return [*(Decimal(f"{minutes / 60:.2f}") for minutes in hours), load.percent or 0]

"""Everything that happened to a lesson, in words: who, when, what, from where to where, and why."""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from administration.models import Membership, Student
from bookings.enums import (
    BookingChange,
    BookingStatus,
    ParticipationStatus,
    Party,
    ReasonCategory,
    VenueChange,
)
from bookings.models import Booking, BookingTransition, VenueConfirmation
from bookings.queries.grounds import grounds_of, is_declined
from bookings.templatetags.lessons import lesson_name, status_icon, status_tone
from justdriving.templatetags.formats import clock, day, when

Line = dict[str, str]
VENUE_LOOKS: dict[VenueChange, tuple[Promise, str, str]] = {
    VenueChange.CONFIRMED: (
        gettext_lazy("%(venue)s confirmed with no. %(number)s"), "telephone", "ok",
    ),
    VenueChange.WITHDRAWN: (
        gettext_lazy("%(venue)s: no. %(number)s taken back"), "x-circle", "neutral",
    ),
    VenueChange.LAPSED: (
        gettext_lazy("%(venue)s: no. %(number)s no longer holds"), "exclamation-triangle", "warn",
    ),
    VenueChange.TOLD: (
        gettext_lazy("%(venue)s was told that no. %(number)s is not needed"), "check2", "neutral",
    ),
}  # fmt: skip


def history_of(booking: Booking, member: Membership) -> list[Line]:
    """One line for each change, the latest first, as far as ``member`` may read it.

    Staff read everything; a student or guardian nothing that concerns the places of others alone.
    """
    rows = booking.transitions.select_related(
        "made_by",
        "cancellation_reason",
        "from_teacher__membership__user",
        "to_teacher__membership__user",
    ).prefetch_related("participation_transitions__participation__student__membership__user")
    mine = None if member.is_staff_role else _students_of(member)
    shown = [row for row in rows.order_by("-sequence") if _concerns(row, mine)]
    swapped = _swapped(shown, member) if member.is_staff_role else {}
    told = [(row.happened_at, _line(row, member, mine)) for row in shown]
    for row, (_at, line) in zip(shown, told, strict=True):
        if row.pk in swapped:
            line["note"] = "\n".join(filter(None, (swapped[row.pk], line["note"])))
    venues = _venue_lines(booking) if member.is_staff_role else []
    lines: list[Line] = []
    for happened_at, line in told:
        while venues and venues[0][0] >= happened_at:
            lines.append(venues.pop(0)[1])
        lines.append(line)
    return [*lines, *(line for _at, line in venues)]


def _swapped(rows: list[BookingTransition], member: Membership) -> dict[int, str]:
    """By row (id) the lesson it was exchanged with, as far as ``member`` sees that one."""
    together: dict[Any, BookingTransition] = {row.batch: row for row in rows if row.batch}
    if not together:
        return {}
    others = BookingTransition.objects.filter(
        batch__in=together, booking__in=Booking.objects.visible_to(member)
    ).exclude(booking=rows[0].booking_id)
    related = others.select_related("booking__lesson_type", "booking__group", "booking__template")
    found = {}
    for other in related.prefetch_related("booking__participations__student__membership__user"):
        row = together[other.batch]
        if _is_exchange(row, other):
            words = {"lesson": lesson_name(other.booking), "number": other.booking.number}
            found[row.pk] = _("Swapped with %(lesson)s (%(number)s)") % words
    return found


def _is_exchange(one: BookingTransition, other: BookingTransition) -> bool:
    """Whether each got the beginning, or the teacher, that the other had."""
    if not (one.from_period and other.from_period):
        return False
    before = [(row.from_period.lower, row.from_teacher_id) for row in (one, other)]
    after = [(row.to_period.lower, row.to_teacher_id) for row in (one, other)]
    return any(
        before[0][part] == after[1][part]
        and before[1][part] == after[0][part]
        and before[0][part] != before[1][part]
        for part in (0, 1)
    )


def _venue_lines(booking: Booking) -> list[tuple[datetime, Line]]:
    """What became of the numbers of venues, the latest first."""
    rows = booking.venue_confirmations.select_related("resource", "made_by")
    return [(row.happened_at, _venue_line(row)) for row in rows.order_by("-happened_at", "-pk")]


def _venue_line(row: VenueConfirmation) -> Line:
    title, icon, tone = VENUE_LOOKS[VenueChange(row.change)]
    who = str(row.made_by) if row.made_by else _("Automatically")
    is_lapsed = row.change == VenueChange.LAPSED
    return {
        "title": str(title) % {"venue": row.resource, "number": row.number},
        "meta": f"{who} · {day(row.happened_at)} {clock(row.happened_at)}",
        "note": _("The venue must confirm it anew.") if is_lapsed else "",
        "icon": icon,
        "tone": tone,
    }


def _students_of(member: Membership) -> set[int]:
    return set(Student.objects.visible_to(member).values_list("pk", flat=True))


def _concerns(row: BookingTransition, mine: set[int] | None) -> bool:
    """Whether a change is about the whole lesson or about one of these students; None: always."""
    places = {place.participation.student_id for place in row.participation_transitions.all()}
    return mine is None or not places or bool(places & mine)


def _line(row: BookingTransition, member: Membership, mine: set[int] | None) -> Line:
    who = str(row.made_by) if row.made_by else _("Automatically")
    if _is_passed_on(row):
        who = _("%(who)s for the student") % {"who": who}
    happened = f"{day(row.happened_at)} {clock(row.happened_at)}"
    is_status = row.change in {BookingChange.CREATED, BookingChange.STATUS}
    return {
        "title": _title(row, mine),
        "meta": f"{who} · {happened}",
        "note": "\n".join(filter(None, _notes(row, member))),
        "icon": status_icon(row.to_status) if is_status else "arrow-left-right",
        "tone": status_tone(row.to_status) if is_status else "info",
    }


def _is_passed_on(row: BookingTransition) -> bool:
    """Whether somebody of the staff wrote down what a student asked for."""
    students = {
        place.participation.student.membership.user_id
        for place in row.participation_transitions.all()
    }
    asked = row.requested_by == Party.STUDENT and row.to_status == BookingStatus.CANCELLED
    return asked and bool(students) and row.made_by_id not in students


def _title(row: BookingTransition, mine: set[int] | None) -> str:
    match row.change:
        case BookingChange.MOVED if _is_draft(row):
            return _("The draft was changed")
        case BookingChange.MOVED:
            moved = {"old": when(row.from_period), "new": when(row.to_period)}
            if row.from_period == row.to_period:
                return next(_others(row), _("Changed"))
            return _("Moved from %(old)s to %(new)s") % moved
        case BookingChange.CHANGED:
            return _changed(row, mine)
        case BookingChange.CREATED:
            return _made(row)
        case _:
            return _became(row)


def _is_draft(row: BookingTransition) -> bool:
    """Nobody was told of its time, so nothing was moved."""
    return row.to_status == BookingStatus.DRAFT


def _made(row: BookingTransition) -> str:
    made = {"when": when(row.to_period)}
    match row.to_status:
        case BookingStatus.DRAFT:
            return _("Drafted for %(when)s") % made
        case BookingStatus.PENDING:
            return _("Requested for %(when)s") % made
        case _:
            return _("Booked for %(when)s") % made


def _became(row: BookingTransition) -> str:
    if row.to_status == BookingStatus.NO_SHOW and row.booking.no_show_by == Party.TEACHER:
        return _("The teacher did not come")
    if row.reason_category == ReasonCategory.EXPIRED:
        return _("Not answered in time")
    if is_declined(row):
        return _("The request was declined")
    return str(row.get_to_status_display())


def _changed(row: BookingTransition, mine: set[int] | None) -> str:
    if row.fee_waived:
        return _("Fee waived")
    if other := next(_others(row), ""):
        return other
    if names := _names(row, ParticipationStatus.BOOKED, mine):
        return _("%(names)s joined") % {"names": names}
    if names := _names(row, ParticipationStatus.CANCELLED, mine):
        return _("%(names)s left") % {"names": names}
    return _("Changed")


def _names(row: BookingTransition, to: ParticipationStatus, mine: set[int] | None) -> str:
    """Whose places became ``to``, of these students (ids); None: of all."""
    moved = [
        one.participation for one in row.participation_transitions.all() if one.to_status == to
    ]
    return ", ".join(str(one.student) for one in moved if mine is None or one.student_id in mine)


def _others(row: BookingTransition) -> Iterator[str]:
    """Who and what took part instead of whom and what, the teacher first."""
    return filter(None, (_other_teacher(row), _other_things(row)))


def _other_teacher(row: BookingTransition) -> str:
    if not row.from_teacher_id or row.from_teacher_id == row.to_teacher_id:
        return ""
    return _("%(new)s instead of %(old)s") % {"new": row.to_teacher, "old": row.from_teacher}


def _other_things(row: BookingTransition) -> str:
    words = {"new": ", ".join(row.to_things or ()), "old": ", ".join(row.from_things or ())}
    if words["new"] and words["old"]:
        return _("%(new)s instead of %(old)s") % words
    if words["new"]:
        return _("With %(new)s") % words
    return _("Without %(old)s") % words if words["old"] else ""


def _notes(row: BookingTransition, member: Membership) -> Iterator[str]:
    """Why, and what was let pass. What was overruled stays visible to staff for ever."""
    yield from grounds_of(row)
    is_other_time = row.from_period != row.to_period
    if row.change == BookingChange.MOVED and is_other_time and _is_draft(row):
        yield _("Now for %(when)s") % {"when": when(row.to_period)}
    in_title = 0 if is_other_time or _is_draft(row) else 1
    yield from islice(_others(row), in_title, None)
    if row.from_price_minor is not None and row.to_price_minor is not None:
        old, new = (member.school.money(one) for one in (row.from_price_minor, row.to_price_minor))
        yield _("Price %(new)s instead of %(old)s") % {
            "new": new.localized(),
            "old": old.localized(),
        }
    if row.fee_waived and row.change == BookingChange.STATUS:
        yield _("The fee was waived.")
    if row.document_seen:
        yield _("The document was seen.")
    if member.is_staff_role:
        for rule in row.overridden_rules:
            words = {"rule": rule["message"], "reason": rule["reason"]}
            yield _("Overruled: %(rule)s (%(reason)s)") % words

"""What undoing a sick day could not give back, in words."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from administration.models import Student
from bookings.models import Booking, Resource
from bookings.services import Loss, Lost
from justdriving.templatetags.formats import when

THING = {Loss.TAKEN, Loss.BROKEN}


def losses_in_words(rows: Iterable[tuple[Booking, Lost]]) -> list[str]:
    """One sentence or two for each, with the lesson it is about. Two queries."""
    known = list(rows)
    students = Student.objects.select_related("membership__user").in_bulk(
        {lost.student_id for _booking, lost in known if lost.student_id}
    )
    things = Resource.objects.in_bulk(
        {pk for _booking, lost in known for pk in (lost.thing_id, lost.instead_id) if pk}
    )
    return [
        _("%(booking)s, %(when)s: %(why)s")
        % {
            "booking": booking,
            "when": when(booking.period),
            "why": _thing_words(lost, students, things)
            if lost.loss in THING
            else _offer_words(lost, students),
        }
        for booking, lost in known
    ]


def _thing_words(lost: Lost, students: dict[int, Student], things: dict[int, Resource]) -> str:
    thing = things.get(lost.thing_id or 0)
    said = [
        _("%(thing)s is out of service by now.") % {"thing": thing}
        if lost.loss == Loss.BROKEN
        else _("%(thing)s is taken by now.") % {"thing": thing}
    ]
    if lost.instead_id:
        said.append(_("%(thing)s stands in for it.") % {"thing": things.get(lost.instead_id)})
    if lost.student_id:
        student = students.get(lost.student_id)
        said.append(_("%(student)s needs another place.") % {"student": student})
    return " ".join(said)


def _offer_words(lost: Lost, students: dict[int, Student]) -> str:
    match lost.loss:
        case Loss.HOLD_OVER:
            why = _("The time to answer the offer to %(student)s is over: they are back in line.")
        case Loss.HOLD_TAKEN:
            why = _("What was offered to %(student)s is taken by now: they are back in line.")
        case _:
            why = _("%(student)s does not wait for the offer any more, or has another one.")
    return why % {"student": students.get(lost.student_id or 0)}

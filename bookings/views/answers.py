"""How a change is answered, and what a page shows of earlier ones."""

import json

from django.contrib import messages
from django.db.models import Model
from django.http import HttpResponse
from django.shortcuts import redirect

from administration.access import MemberRequest
from administration.history import (
    RECENT_CHANGES,
    ChangeInWords,
    changes_in_words,
    changes_of,
)
from bookings.models import Booking

NO_CONTENT = 204


def calendar_changed(
    request: MemberRequest, booking: Booking, text: str, *, undo: str = ""
) -> HttpResponse:
    """To a dialog: the calendar is another now. Without scripts: on to the lesson.

    ``undo`` is the address that takes the change back.
    """
    if not request.htmx:
        messages.success(request, text, extra_tags=undo)
        return redirect("bookings:detail", request.school.slug, booking.pk)
    heard = {"calendar:changed": {}, "toast": {"text": text, "tone": "ok", "undo": undo}}
    return HttpResponse(status=NO_CONTENT, headers={"HX-Trigger": json.dumps(heard)})


def history_of(row: Model) -> list[ChangeInWords]:
    """The latest changes of one row, in the reader's language."""
    return changes_in_words(changes_of(row)[:RECENT_CHANGES])

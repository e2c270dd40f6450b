"""One lesson: what, when, where, who; what may be done with it; everything that happened to it."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_GET

from administration.access import MemberRequest, requires
from administration.models import Membership, Student
from administration.permissions import Permission, may
from bookings.enums import OCCUPYING, BookingStatus, LessonKind, ParticipationStatus, Party
from bookings.forms.venues import VenueNumberForm
from bookings.models import Booking, Participation
from bookings.ports import pricing
from bookings.queries.attendance import Presence, presence_in
from bookings.queries.cancellation import CancellationQuote, cancellation_quote
from bookings.queries.grounds import ran_out, was_declined
from bookings.queries.settings import settings_for
from bookings.queries.venues import used_venues
from bookings.templatetags.lessons import status_icon, status_tone
from bookings.views.access import changeable, get_booking
from bookings.views.history import history_of
from bookings.views.suggested import offered_instead

OPEN = (BookingStatus.PENDING, BookingStatus.CONFIRMED)
CLOSED = (BookingStatus.CANCELLED, BookingStatus.NO_SHOW, BookingStatus.COMPLETED)


@require_GET
@requires(Permission.VIEW_BOOKINGS)
def detail(request: MemberRequest, booking_id: int) -> HttpResponse:
    booking = get_booking(Booking.objects.visible_to(request.membership), booking_id)
    return detail_page(request, booking)


def detail_page(
    request: MemberRequest, booking: Booking, refused: VenueNumberForm | None = None
) -> HttpResponse:
    """The page of a lesson; ``refused`` is a venue's number that could not be written down."""
    context = _context(request, booking)
    context["venues"] = _venues(request, booking, refused)
    return render(request, "bookings/detail.html", context, status=422 if refused else 200)


def _venues(
    request: MemberRequest, booking: Booking, refused: VenueNumberForm | None
) -> list[dict[str, Any]]:
    """The venues of others that the lesson uses, with a form for who may write their number."""
    used = used_venues(booking)
    may_write = (
        bool(used)
        and booking.status in OCCUPYING
        and may(request.membership, Permission.CONFIRM_VENUE)
        and changeable(request).filter(pk=booking.pk).exists()
    )
    forms = {refused.used.pk: refused} if refused else {}
    return [
        {
            "used": one,
            "form": (forms.get(one.pk) or VenueNumberForm(used=one)) if may_write else None,
        }
        for one in used
    ]


def _context(request: MemberRequest, booking: Booking) -> dict[str, Any]:
    member = request.membership
    participations = shown_participations(booking, member)
    status = _shown_status(booking, participations, member)
    goes_on = status == booking.status
    presence = _presence(booking, member)
    instead = _instead(booking, member)
    has_run_out = ran_out(booking, at=timezone.now())
    is_mine = goes_on and changeable(request).filter(pk=booking.pk).exists()
    return {
        "booking": booking,
        "pill": _pill(booking, status, presence, member),
        "presence": {one.place.pk: one for one in presence},
        "excused": [one for one in presence if one.is_excused] if member.is_staff_role else [],
        "participations": participations,
        "resources": [
            used.resource
            for used in booking.booking_resources.all()
            if not used.resource.is_external
        ],
        "has_run_out": has_run_out,
        "book_again": _book_again(booking, member) if has_run_out else "",
        "quote": _quote(booking, member) if is_mine and not has_run_out else None,
        "actions": _actions(booking, member) if is_mine and not has_run_out else None,
        "history": history_of(booking, member),
        "marks": _marks(booking),
        "moved": _moved(booking),
        "fees": _fees(booking, member),
        "instead": instead,
        "offered": None if instead else offered_instead(booking, member),
        "for_staff": member.is_staff_role,
        "may_see_students": may(member, Permission.VIEW_STUDENTS) and member.is_staff_role,
    }


def _shown_status(
    booking: Booking, participations: list[Participation], member: Membership
) -> BookingStatus:
    """How it stands for this person: who gave up the place reads of no lesson that goes on."""
    has_left = all(place.status == ParticipationStatus.CANCELLED for place in participations)
    if has_left and not member.is_staff_role:
        return BookingStatus.CANCELLED
    return BookingStatus(booking.status)


def _presence(booking: Booking, member: Membership) -> list[Presence]:
    """Who was there, of those whom this person may read about."""
    if booking.status not in {BookingStatus.COMPLETED, BookingStatus.NO_SHOW}:
        return []
    found = presence_in([booking])[booking.pk]
    if member.is_staff_role:
        return found
    mine = set(Student.objects.visible_to(member).values_list("pk", flat=True))
    return [one for one in found if one.place.student_id in mine]


def _pill(
    booking: Booking, status: BookingStatus, presence: list[Presence], member: Membership
) -> dict[str, str]:
    """How it stands: for a student who was not there, that, whatever became of the lesson."""
    if not member.is_staff_role and len(presence) == 1 and not presence[0].was_there:
        own = presence[0]
        return {"text": own.label, "tone": own.tone, "icon": own.icon}
    if ran_out(booking, at=timezone.now()):
        return {"text": pgettext("request", "Expired"), "tone": "neutral", "icon": "clock-history"}
    declined = was_declined(booking)
    return {
        "text": pgettext("request", "Declined") if declined else str(status.label),
        "tone": status_tone(status),
        "icon": status_icon(status),
    }


def _instead(booking: Booking, member: Membership) -> Booking | None:
    """The lesson that was booked again in place of a cancelled one."""
    if booking.status != BookingStatus.CANCELLED:
        return None
    again = Booking.objects.visible_to(member).filter(replaces=booking)
    return again.exclude(status=BookingStatus.CANCELLED).first()


def _book_again(booking: Booking, member: Membership) -> str:
    """Where the same lesson can be asked for anew; empty for who may not book."""
    if not may(member, Permission.BOOK):
        return ""
    if not member.is_staff_role:
        book = reverse("bookings:book", args=[member.school.slug])
        return f"{book}?{urlencode({'type': booking.lesson_type_id})}"
    start = f"{booking.wall_date}T{booking.wall_time:%H:%M}"
    known = {"type": booking.lesson_type_id, "teacher": booking.teacher_id, "start": start}
    if place := booking.participations.first():
        known["student"] = place.student_id
    return reverse("bookings:new", args=[member.school.slug]) + f"?{urlencode(known)}"


def _marks(booking: Booking) -> list[dict[str, str]]:
    """What is out of the ordinary about a lesson, beside its status."""
    marks = []
    if booking.entered_afterwards:
        marks.append({"text": _("entered afterwards"), "tone": "warn", "icon": "clock-history"})
    if booking.lesson_type.kind == LessonKind.EXAM:
        marks.append({"text": _("exam day"), "tone": "accent", "icon": "flag-fill"})
    if booking.no_show_by == Party.TEACHER:
        marks.append({"text": _("the teacher did not come"), "tone": "bad", "icon": "person-x"})
    return marks


def _moved(booking: Booking) -> str:
    """How often a student moved it, of how often they may."""
    if not booking.moves:
        return ""
    limit = settings_for(booking.department_id).max_moves
    if limit is None:
        return ngettext("%(moves)d time", "%(moves)d times", booking.moves) % {
            "moves": booking.moves
        }
    return _("%(moves)d of %(limit)d times") % {"moves": booking.moves, "limit": limit}


def _fees(booking: Booking, member: Membership) -> list[dict[str, Any]]:
    """What was charged for cancelling or missing it and not waived, for those who may waive it."""
    if booking.status not in CLOSED or not may(member, Permission.WAIVE_FEE):
        return []
    standing = pricing().fees_standing(booking.pk)
    return [
        {"student": place.student, "amount": standing[place.pk], "place": place.pk}
        for place in booking.participations.all()
        if place.pk in standing
    ]


def _quote(booking: Booking, member: Membership) -> CancellationQuote | None:
    if booking.status not in OPEN:
        return None
    return cancellation_quote(booking=booking, by=member, at=timezone.now())


def shown_participations(booking: Booking, member: Membership) -> list[Participation]:
    """Staff see everybody in the lesson; a student or guardian only their own place.

    Places that were given up are shown where the whole lesson is off, or to whom has no other.
    """
    shown = list(booking.participations.all())
    if not member.is_staff_role:
        mine = set(Student.objects.visible_to(member).values_list("pk", flat=True))
        shown = [place for place in shown if place.student_id in mine]
    live = [place for place in shown if place.status != ParticipationStatus.CANCELLED]
    goes_on = booking.status != BookingStatus.CANCELLED
    return live if live or (member.is_staff_role and goes_on) else shown


@dataclass(frozen=True, slots=True)
class Actions:
    """What this person may do with this lesson now; an empty address is "not now"."""

    confirm: str
    submit: str
    edit: str
    complete: str
    no_show: str
    move: str
    swap: str
    cancel: str


def _actions(booking: Booking, member: Membership) -> Actions:
    now = timezone.now()
    is_open, is_staff = booking.status in OPEN, member.is_staff_role
    is_confirmed = booking.status == BookingStatus.CONFIRMED
    begun, over = booking.starts_at <= now, booking.ends_at <= now
    is_draft = booking.status == BookingStatus.DRAFT
    may_change = is_open and (is_staff or not begun)
    may_complete = is_staff and is_confirmed and may(member, Permission.COMPLETE_BOOKING)
    address = _Addresses(booking, member)
    return Actions(
        confirm=address("bookings:confirm", is_staff and booking.status == BookingStatus.PENDING),
        submit=address("bookings:submit", is_staff and is_draft),
        edit=address("bookings:draft_edit", is_staff and is_draft),
        complete=address("learning:complete", may_complete and over),
        no_show=address("bookings:no_show", may_complete and over),
        move=address("bookings:move", may_change and (is_staff or booking.capacity == 1)),
        swap=address("bookings:swap", may_change and is_staff),
        cancel=address("bookings:cancel", may_change or (is_staff and is_draft)),
    )


class _Addresses:
    def __init__(self, booking: Booking, member: Membership) -> None:
        self.where = [member.school.slug, booking.pk]

    def __call__(self, route: str, is_open: bool) -> str:  # noqa: FBT001 -- reads as a table above
        return reverse(route, args=self.where) if is_open else ""

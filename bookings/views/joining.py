"""Sessions with seats: a student sees what is left, what it costs, and takes one."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from administration.access import MemberRequest, requires
from administration.models import Student
from administration.permissions import Permission
from bookings.enums import Party
from bookings.models import Booking, LessonType, Participation
from bookings.ports import Quotes, pricing
from bookings.queries.prices import steps_of
from bookings.queries.seats import seats_left, sessions_for
from bookings.queries.waiting import in_line
from bookings.services import join_booking
from bookings.services.booking import new_places
from bookings.services.late_terms import late_terms
from bookings.views.terms import terms_of
from justdriving.kernel.ids import id_in
from justdriving.kernel.money import Money
from justdriving.kernel.policy import Refusal, Refused

PAGE_SIZE = 20
DIGITS = 18  # of a sum, at most
RELATED = (
    "school",
    "department",
    "lesson_type__cancellation_terms",
    "teacher__membership__user",
    "cancellation_terms",
)


def own_student(request: MemberRequest) -> Student:
    """The student who looks; staff, who have none, get a 404."""
    mine = Student.objects.visible_to(request.membership).filter(membership=request.membership)
    student: Student = get_object_or_404(
        mine.select_related("membership__user", "teacher__membership__user", "school")
    )
    return student


@require_GET
@requires(Permission.BOOK)
def sessions_to_join(request: MemberRequest) -> HttpResponse:
    """What is coming up, with the seats left: one page of it in a fixed number of queries."""
    if request.membership.is_staff_role:
        return redirect("bookings:calendar", request.school.slug)
    student, now = own_student(request), timezone.now()
    sessions = sessions_for(student, at=now)
    kinds = LessonType.objects.filter(pk__in=sessions.order_by().values("lesson_type"))
    chosen = id_in(request.GET.get("type", ""))
    if chosen:
        sessions = sessions.filter(lesson_type=chosen)
    page = Paginator(sessions.select_related(*RELATED), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": _rows(list(page.object_list), student),
        "kinds": [*kinds.order_by("name")],
        "chosen": chosen,
        "query": f"type={chosen}&" if chosen else "",
    }
    return render(request, "bookings/sessions.html", context)


def _rows(sessions: list[Booking], student: Student) -> list[dict[str, Any]]:
    left = seats_left(sessions, offered_to=student.pk)
    types = {one.lesson_type_id: one.lesson_type for one in sessions}
    now = timezone.now()
    starts = [one.starts_at for one in sessions] or [now]
    quotes = pricing().quotes(
        list(types.values()), students=(student,), lower=min(starts), upper=max(starts), at=now
    )
    return [
        {
            "session": one,
            "left": max(left[one.pk], 0),
            "price": _price(quotes, one, student),
        }
        for one in sessions
    ]


def _price(quotes: Quotes, session: Booking, student: Student) -> Money | None:
    if not quotes.has(session.lesson_type):
        return None
    return quotes.quote(
        session.lesson_type,
        student_id=student.pk,
        teacher_id=session.teacher_id,
        department_id=session.department_id,
        starts_at=session.starts_at,
        minutes=session.minutes,
    ).amount


@require_http_methods(["GET", "POST"])
@requires(Permission.BOOK)
def join(request: MemberRequest, booking_id: int) -> HttpResponse:
    """One session: price and terms, then the button; full, the way to the waiting list."""
    student = own_student(request)
    sessions = sessions_for(student, at=timezone.now()).select_related(*RELATED)
    session = get_object_or_404(sessions, pk=booking_id)
    refused = None
    if request.method == "POST":
        try:
            _join(request, session, student)
        except Refused as error:
            refused = error.refusal
        else:
            messages.success(request, _("The seat is yours."))
            return redirect("bookings:detail", request.school.slug, session.pk)
    context = _context(session, student, refused) | {"entry": _entry(request, session)}
    return render(request, "bookings/join.html", context, status=422 if refused else 200)


def _join(request: MemberRequest, session: Booking, student: Student) -> None:
    shown = request.POST.get("expected_price", "")[:DIGITS]
    join_booking(
        booking_id=session.pk,
        student_id=student.pk,
        by=request.membership,
        at=timezone.now(),
        expected_price=request.school.money(int(shown)) if shown.isdecimal() else None,
        accepts_late_terms="accepts_late_terms" in request.POST,
    )


def _context(session: Booking, student: Student, refused: Refusal | None) -> dict[str, Any]:
    left = seats_left([session], offered_to=student.pk)[session.pk]
    context = {"session": session, "left": max(left, 0), "refused": refused}
    return context | price_and_terms(session, student)


def price_and_terms(booking: Booking, student: Student) -> dict[str, Any]:
    """What a place costs, what cancelling it would, and whether that begins at once."""
    try:
        (place,) = new_places(booking, (student,), None, at=timezone.now())
    except Refused as refused:
        return {"problem": str(refused)}
    return terms_for(booking, place)


def terms_for(booking: Booking, place: Participation) -> dict[str, Any]:
    now = timezone.now()
    terms = terms_of(
        booking.lesson_type,
        school=booking.school,
        department_id=booking.department_id,
        price=place.price,
        starts_at=booking.starts_at,
        at=now,
    )
    late = late_terms(booking, [place], Party.STUDENT, at=now, accepts=False)
    return {
        "price": place.price,
        "steps": steps_of(place),
        "terms": terms,
        "late": late,
    }


def _entry(request: MemberRequest, session: Booking) -> Any:
    """The student's own place in the line for this session, None if they do not wait."""
    return in_line(request.membership).filter(booking=session).first()

"""The next lesson of a student in one click: up to three times, each with its reason."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from administration.access import MemberRequest, requires
from administration.models import Membership, Student
from administration.permissions import Permission, may
from bookings.enums import BookingStatus
from bookings.forms import SuggestedForm
from bookings.forms.suggested import Choice
from bookings.models import Booking
from bookings.queries.grounds import was_declined, why_cancelled
from bookings.queries.prices import StudentPrices
from bookings.queries.suggestions import Suggestion, suggestions_for
from bookings.services import LessonRequest, book_lesson
from bookings.views.picker import slot_key
from bookings.views.terms import terms_of
from justdriving.kernel.policy import Refused
from justdriving.templatetags.formats import clock_to, long_day


@require_http_methods(["GET", "POST"])
@requires(Permission.BOOK)
def next_lesson(request: MemberRequest, student_id: int) -> HttpResponse:
    """Staff book a student's next lesson; students have a page of their own."""
    if not request.membership.is_staff_role:
        return redirect("bookings:book", request.school.slug)
    student = get_object_or_404(Student.objects.visible_to(request.membership), pk=student_id)
    form = SuggestedForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            booking = _book(request, student, form)
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("The next lesson is booked."))
            return redirect("bookings:detail", request.school.slug, booking.pk)
    offered = offered_to(student, request.membership)
    context = {"student": student, "form": form, "offered": offered}
    return render(request, "bookings/next_lesson.html", context, status=422 if form.errors else 200)


def _book(request: MemberRequest, student: Student, form: SuggestedForm) -> Booking:
    given = form.cleaned_data["choice"]
    return book_lesson(
        wanted=LessonRequest(
            lesson_type_id=given.lesson_type_id,
            teacher_id=given.teacher_id,
            student_ids=(student.pk,),
            resource_ids=None,
            starts_at=given.starts_at,
            place=student.pickup_place or student.address,
            minutes=given.minutes,
        ),
        by=request.membership,
        at=timezone.now(),
        request_key=form.cleaned_data["request_key"],
    )


def offered_to(
    student: Student, member: Membership, *, instead_of: Booking | None = None
) -> dict[str, Any] | None:
    """What the card of suggestions shows, None for somebody who may not book."""
    if not may(member, Permission.BOOK):
        return None
    found = suggestions_for(student=student, by=member, at=timezone.now(), instead_of=instead_of)
    return {
        "form": SuggestedForm(),
        "lines": [_line(one, member) for one in found],
        "lesson": _lesson(found[0]) if found else "",
        "student": student,
        "more_url": _more_url(student, member),
        "for_staff": member.is_staff_role,
        "action": reverse("bookings:next_lesson", args=[member.school.slug, student.pk])
        if member.is_staff_role
        else "",
    }


def offered_instead(booking: Booking, member: Membership) -> dict[str, Any] | None:
    """The same for a cancelled lesson of one student that was still to come, else None."""
    places = list(booking.participations.all())
    is_off = booking.status == BookingStatus.CANCELLED and booking.starts_at > timezone.now()
    if not is_off or booking.capacity > 1 or len(places) != 1:
        return None
    offered = offered_to(places[0].student, member, instead_of=booking)
    known = {"why": why_cancelled(booking), "is_declined": was_declined(booking)}
    return offered and offered | known


def bookable_now(
    student: Student, member: Membership, prices: StudentPrices
) -> dict[str, Any] | None:
    """The same as one-press bookings of the student's own, with price and terms; None without.

    A time whose cancelling already costs something has no ``slot``: it leads to where that is
    agreed to.
    """
    now = timezone.now()
    found = suggestions_for(student=student, by=member, at=now)
    if not found or not prices.quotes.has(found[0].lesson_type):
        return None
    lesson_type, minutes = found[0].lesson_type, found[0].minutes
    costs = [
        prices.of(lesson_type, one.slot.starts_at, one.slot.teacher.pk, minutes).amount
        for one in found
    ]
    is_one_price = len(set(costs)) == 1
    lines = []
    for one, price in zip(found, costs, strict=True):
        line = _line(one, member)
        terms = terms_of(
            lesson_type,
            school=member.school,
            department_id=student.department_id,
            price=price,
            starts_at=one.slot.starts_at,
            at=now,
        )
        said = [line["subtitle"], "" if is_one_price else price.localized(), str(terms)]
        key = "" if terms.is_late else slot_key(one.slot)
        lines.append(line | {"about": " · ".join(filter(None, said)), "slot": key, "price": price})
    return {
        "lines": lines,
        "lesson": _lesson(found[0]),
        "lesson_type": lesson_type,
        "minutes": minutes,
        "price": costs[0] if is_one_price else None,
        "place": student.pickup_place or student.address,
        "is_one_press": any(line["slot"] for line in lines),
    }


def _line(one: Suggestion, member: Membership) -> dict[str, str]:
    slot, book = one.slot, reverse("bookings:book", args=[member.school.slug])
    key = slot_key(slot)
    return {
        "title": f"{long_day(slot.starts_at)} {clock_to(slot.starts_at, slot.ends_at)}",
        "subtitle": f"{one.reason} · {slot.teacher}",
        "value": str(Choice(slot.starts_at, slot.teacher.pk, one.lesson_type.pk, one.minutes)),
        "url": f"{book}?type={one.lesson_type.pk}&minutes={one.minutes}&slot={key}#summary-title",
    }


def _lesson(one: Suggestion) -> str:
    return _("%(lesson)s · %(minutes)s minutes") % {
        "lesson": one.lesson_type,
        "minutes": one.minutes,
    }


def _more_url(student: Student, member: Membership) -> str:
    if not member.is_staff_role:
        return reverse("bookings:book", args=[member.school.slug])
    return reverse("bookings:new", args=[member.school.slug]) + f"?student={student.pk}"

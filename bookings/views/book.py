"""A student books: type, day, time, place, price, one button. Everything is in the address."""

from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from administration.access import MemberRequest, requires
from administration.models import Student
from administration.permissions import Permission
from bookings.enums import BookingStatus, SelfBooking
from bookings.forms import BookForm
from bookings.models import Booking, LessonType
from bookings.policies import offers_length
from bookings.queries.open_bookings import open_bookings_of
from bookings.queries.prices import StudentPrices, steps
from bookings.queries.suggestions import in_order_of_plan
from bookings.services import LessonRequest, book_lesson
from bookings.views.picker import DAYS, Offer, Picker, Wish, build_picker, slot_key
from bookings.views.suggested import bookable_now
from bookings.views.terms import terms_of
from justdriving.kernel.money import Money
from justdriving.kernel.policy import Refusal, Refused


@require_http_methods(["GET", "POST"])
@requires(Permission.BOOK)
def book(request: MemberRequest) -> HttpResponse:
    if request.membership.is_staff_role:
        return redirect("bookings:new", request.school.slug)
    mine = Student.objects.visible_to(request.membership).select_related("membership__user")
    student = get_object_or_404(mine.select_related("teacher__membership__user"))
    today = timezone.localdate()
    wish = Wish.read(request.POST if request.method == "POST" else request.GET, today)
    form = BookForm(
        request.POST or None, initial={"place": student.pickup_place or student.address}
    )
    if request.method == "POST" and form.is_valid():
        try:
            booking = _book(request, student, wish, form)
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            return _booked(request, booking)
    context = _context(request, student, wish, form)
    return render(request, "bookings/book.html", context, status=422 if form.errors else 200)


def _book(request: MemberRequest, student: Student, wish: Wish, form: BookForm) -> Booking:
    given = form.cleaned_data
    if wish.lesson_type_id is None or wish.starts_at is None or wish.teacher_id is None:
        raise Refused(Refusal("no-time", _("Choose a time first.")))
    price = given["expected_price"]
    return book_lesson(
        wanted=LessonRequest(
            lesson_type_id=wish.lesson_type_id,
            teacher_id=wish.teacher_id,
            student_ids=(student.pk,),
            resource_ids=None,
            starts_at=wish.starts_at,
            place=given["place"],
            minutes=wish.minutes,
        ),
        by=request.membership,
        at=timezone.now(),
        request_key=given["request_key"],
        expected_price=None if price is None else request.school.money(price),
        accepts_late_terms=given["accepts_late_terms"],
    )


def _booked(request: MemberRequest, booking: Booking) -> HttpResponse:
    asked = booking.status == BookingStatus.PENDING
    text = _("Your request is sent. The time is held for you.") if asked else _("It is booked.")
    messages.success(request, text)
    return redirect("bookings:detail", request.school.slug, booking.pk)


def _context(
    request: MemberRequest, student: Student, wish: Wish, form: BookForm
) -> dict[str, Any]:
    offered = _offered_types(request, student)
    prices = StudentPrices.between(offered, student, wish.first_day, DAYS, at=timezone.now())
    types = {one: prices.usual(one) for one in offered if prices.quotes.has(one)}
    suggested = _suggested(request, student, prices)
    likely = suggested["lesson_type"].pk if suggested else None
    chosen = _chosen_type(list(types), wish, student, likely)
    context: dict[str, Any] = {"form": form, "wish": wish, "lesson_type": chosen}
    if chosen is None:
        return context
    minutes = _minutes(chosen, wish)
    offer = Offer(
        chosen,
        (student,),
        request.membership,
        prices.at,
        student.teacher,
        prices,
        minutes=minutes,
    )
    keep = {"type": chosen.pk, "minutes": wish.minutes}
    picker = build_picker(offer, wish, today=timezone.localdate(), keep=keep)
    quote = offer.quote(picker.chosen) if picker.chosen else None
    price = quote.amount if quote else prices.usual(chosen, minutes)
    lead = [str(chosen), _length(minutes)]
    return context | {
        **_limits(request, student, chosen),
        "lead": " · ".join(lead if picker.chosen else [*lead, price.localized()]),
        "types": [_type_line(found, cost, chosen) for found, cost in types.items()],
        "lengths": _length_lines(chosen, prices, minutes),
        "picker": picker,
        "price": price,
        "steps": steps(quote.parts, price.currency) if quote else [],
        "is_request": chosen.self_booking == SelfBooking.REQUEST,
        "suggested": suggested,
        "instead": _instead(offer, wish, picker, list(types)),
        **_summary(offer, picker, student, price),
    }


def _suggested(
    request: MemberRequest, student: Student, prices: StudentPrices
) -> dict[str, Any] | None:
    """A few times to book at once, until something is chosen on the page."""
    has_begun = request.method == "POST" or bool(request.GET)
    return None if has_begun else bookable_now(student, request.membership, prices)


def _offered_types(request: MemberRequest, student: Student) -> list[LessonType]:
    """What this student can book, once it has a price."""
    offered = (
        LessonType.objects.visible_to(request.membership)
        .bookable_by_students()
        .filter(licence_category=student.licence_category)
        .select_related("school", "cancellation_terms")
        .prefetch_related("cancellation_terms__steps")
        .order_by("name")
    )
    return list(offered)


def _chosen_type(
    types: list[LessonType], wish: Wish, student: Student, likely: int | None
) -> LessonType | None:
    """The one asked for, else the one suggested (id), else what the student booked last, else the
    first; classes are joined.
    """
    types = [one for one in types if one.capacity == 1]
    if wish.lesson_type_id is not None:
        asked = next((found for found in types if found.pk == wish.lesson_type_id), None)
        if asked is None:
            raise Http404
        return asked
    last = Booking.objects.filter(participations__student=student).order_by("-pk")
    last_type = likely or last.values_list("lesson_type", flat=True).first()
    return next((found for found in types if found.pk == last_type), types[0] if types else None)


def _instead(
    offer: Offer, wish: Wish, picker: Picker, types: list[LessonType]
) -> dict[str, Any] | None:
    """Another type with free times in weeks that have none, what the plan has next first."""
    if any(day["is_free"] for day in picker.days):
        return None
    others = [one for one in types if one.capacity == 1 and one != offer.lesson_type]
    for lesson_type in in_order_of_plan(others, offer.students[0]):
        other = replace(offer, lesson_type=lesson_type, minutes=None)
        if other.times(wish.first_day, DAYS, only_free=True):
            url = f"?type={lesson_type.pk}&from={wish.first_day:%Y-%m-%d}"
            return {"lesson": lesson_type, "url": url}
    return None


def _summary(offer: Offer, picker: Picker, student: Student, price: Money) -> dict[str, Any]:
    slot = picker.chosen
    if slot is None:
        return {}
    terms = terms_of(
        offer.lesson_type,
        school=offer.by.school,
        department_id=student.department_id,
        price=price,
        starts_at=slot.starts_at,
        at=offer.at,
    )
    vehicle = ", ".join(str(resource) for resource in slot.resources)
    return {"slot_key": slot_key(slot), "vehicle": vehicle, "terms": terms}


def _limits(request: MemberRequest, student: Student, lesson_type: LessonType) -> dict[str, Any]:
    """What stands in the way of every time, and where to go when nothing is free."""
    wish = reverse("bookings:wish", args=[request.school.slug])
    return {
        "open": open_bookings_of(student, at=timezone.now()),
        "wish_url": f"{wish}?type={lesson_type.pk}",
    }


def _minutes(lesson_type: LessonType, wish: Wish) -> int:
    """The length asked for; one that is not offered is an address that does not exist."""
    if offers_length(lesson_type, wish.minutes):
        raise Http404
    return wish.minutes or lesson_type.duration_minutes


def _length_lines(
    lesson_type: LessonType, prices: StudentPrices, chosen: int
) -> list[dict[str, Any]]:
    """The lengths to choose from with their prices; none for a type that has only one."""
    lengths = sorted({lesson_type.duration_minutes, *lesson_type.other_durations})
    if len(lengths) == 1:
        return []
    return [
        {
            "title": _length(minutes),
            "subtitle": prices.usual(lesson_type, minutes).localized(),
            "url": f"?type={lesson_type.pk}&minutes={minutes}",
            "selected": minutes == chosen,
        }
        for minutes in lengths
    ]


def _length(minutes: int) -> str:
    return _("%(minutes)s minutes") % {"minutes": minutes}


def _joining(lesson_type: LessonType) -> str:
    """Where seats are taken; nothing for a type whose times are chosen on this page."""
    if lesson_type.capacity == 1:
        return ""
    return reverse("bookings:sessions_to_join", args=[lesson_type.school.slug])


def _type_line(lesson_type: LessonType, price: Money, chosen: LessonType) -> dict[str, Any]:
    return {
        "title": lesson_type.name,
        "subtitle": f"{_length(lesson_type.duration_minutes)} · {price.localized()}",
        "url": f"{_joining(lesson_type)}?type={lesson_type.pk}",
        "leads_away": lesson_type.capacity > 1,
        "selected": lesson_type.pk == chosen.pk,
    }

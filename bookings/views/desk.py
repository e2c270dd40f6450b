"""Staff book: any student they look after, any time; a rule in the way is overruled by name."""

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from administration.access import MemberRequest, requires
from administration.models import Student, Teacher
from administration.permissions import Permission
from bookings.enums import BookingStatus
from bookings.forms import DeskBookingForm
from bookings.forms.sessions import open_departments
from bookings.models import Booking, LessonType, Resource
from bookings.queries.prices import StudentPrices
from bookings.services import book_lesson
from bookings.views.picker import DAYS, Offer, Wish, build_picker
from justdriving.kernel.ids import id_in
from justdriving.kernel.policy import Refused


@require_http_methods(["GET", "POST"])
@requires(Permission.BOOK)
def new_booking(request: MemberRequest) -> HttpResponse:
    if not request.membership.is_staff_role:
        return redirect("bookings:book", request.school.slug)
    if request.method == "POST":
        form = DeskBookingForm(request.POST, member=request.membership)
        if form.is_valid():
            try:
                booking = _book(request, form)
            except Refused as refused:
                form.refuse(refused)
            else:
                messages.success(request, _said(booking))
                return redirect("bookings:detail", request.school.slug, booking.pk)
    else:
        form = DeskBookingForm(member=request.membership, initial=_initial(request))
    context = {"form": form, "finder": _finder(request, form)}
    return render(request, "bookings/new.html", context, status=422 if form.errors else 200)


def _book(request: MemberRequest, form: DeskBookingForm) -> Booking:
    return book_lesson(
        wanted=form.wanted,
        by=request.membership,
        at=timezone.now(),
        request_key=form.cleaned_data["request_key"],
        overrides=form.overrides,
        muted=form.cleaned_data["is_muted"],
    )


def _said(booking: Booking) -> str:
    if booking.status == BookingStatus.DRAFT:
        return _("The draft is saved. It takes nobody's time, and nobody is told.")
    return _("The lesson is booked.")


def _initial(request: MemberRequest) -> dict[str, Any]:
    """What the address already knows: ?student=, ?teacher=, ?type=, ?vehicle=, ?start=."""
    asked, member = request.GET, request.membership
    students = Student.objects.visible_to(member).select_related("teacher")
    student = _chosen(students, asked.get("student"))
    teacher = _chosen(Teacher.objects.visible_to(member), asked.get("teacher"))
    lesson_types = LessonType.objects.visible_to(member).filter(is_active=True).order_by("name")
    if not teacher and member.is_office:
        teacher = student.teacher if student else None
    elif not teacher:
        teacher = Teacher.objects.filter(membership=member).first()
    return {
        "student": student,
        "teacher": teacher,
        "lesson_type": _chosen(lesson_types, asked.get("type"))
        or _usual_type(lesson_types, student),
        "resource": _chosen(Resource.objects.visible_to(member), asked.get("vehicle")),
        "place": (student.pickup_place or student.address) if student else "",
        **_start(asked, request.school.zone),
    }


def _usual_type(lesson_types: QuerySet[LessonType], student: Student | None) -> LessonType | None:
    """What this student had last, else the first of their licence category."""
    if student is None:
        return lesson_types.first()
    last = Booking.objects.filter(participations__student=student).order_by("-pk")
    fitting = lesson_types.filter(licence_category=student.licence_category)
    return fitting.filter(pk__in=last.values("lesson_type")[:1]).first() or fitting.first()


def _chosen(rows: Any, key: str | None) -> Any:
    """The row the address names; an address of something out of sight is a 404."""
    if not key:
        return None
    found = rows.filter(pk=id_in(key)).first()
    if found is None:
        raise Http404
    return found


def _start(asked: QueryDict, zone: Any) -> dict[str, Any]:
    """``?start=2026-03-05T12:00`` is wall time of the school; ``?slot=`` comes from the finder."""
    wish = Wish.read(asked, timezone.localdate())
    if wish.starts_at:
        start = wish.starts_at.astimezone(zone)
        return {"day": start.date(), "time": start.time(), "teacher": wish.teacher_id}
    try:
        moment = parse_datetime(asked.get("start", ""))
    except ValueError as error:
        raise Http404 from error
    return {"day": moment.date(), "time": moment.time()} if moment else {"day": wish.day}


def _finder(request: MemberRequest, form: DeskBookingForm) -> dict[str, Any] | None:
    """Free times for the student and lesson type chosen so far, beside the form."""
    student, lesson_type = _picked(form, "student"), _picked(form, "lesson_type")
    if not (student and lesson_type):
        return None
    student = Student.objects.select_related("membership__user", "teacher__membership__user").get(
        pk=student.pk
    )
    now, today = timezone.now(), timezone.localdate()
    wish = Wish.read(request.GET, today)
    prices = StudentPrices.between([lesson_type], student, wish.first_day, DAYS, at=now)
    problem = prices.problem(lesson_type)
    where = _where(request, student, wish)
    offer = Offer(
        lesson_type,
        (student,),
        request.membership,
        now,
        student.teacher,
        None if problem else prices,
        department_id=wish.department_id,
    )
    keep = {"student": student.pk, "type": lesson_type.pk, "department": wish.department_id}
    picker = build_picker(offer, wish, today=today, keep=keep)
    chosen = {"student": student, "lesson_type": lesson_type, "wish": wish}
    price = None if problem else prices.usual(lesson_type)
    return {"picker": picker, "price": price, "problem": problem, "where": where, **chosen}


def _where(request: MemberRequest, student: Student, wish: Wish) -> list[dict[str, Any]]:
    """The departments whose teachers may be searched; none for a school that has only one."""
    departments = list(open_departments(request.membership))
    known = {one.pk for one in departments}
    if wish.department_id and wish.department_id not in known:
        raise Http404
    if len(departments) == 1:
        return []
    chosen = wish.department_id or student.department_id
    return [{"department": one, "is_chosen": one.pk == chosen} for one in departments]


def _picked(form: DeskBookingForm, field: str) -> Any:
    """The row chosen in a field, whether it was typed just now or came with the address."""
    if form.is_bound:
        return form.fields[field].chosen(form.cleaned_data.get(field))  # type: ignore[attr-defined]  # a RowField
    return form.initial.get(field)

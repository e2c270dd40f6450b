"""A student's home: the next lesson, what waits for them, how far they are."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from administration.access import MemberRequest
from administration.models import Membership, Student
from administration.permissions import Permission, may
from bookings.enums import LessonKind
from bookings.models import Booking
from bookings.queries import cancellation_quote
from bookings.queries.waiting import open_offers
from bookings.views.suggested import offered_to
from bookings.views.wording import offer_line
from finance.queries import unpaid_invoices
from justdriving.home.queries import next_lesson
from justdriving.templatetags.formats import clock_to, relative_day
from learning.queries import Progress, progress_of, to_sign

MORNING, EVENING = 10, 18
STEPS_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Task:
    """One thing that waits for the student."""

    title: str
    subtitle: str
    url: str
    icon: str
    tone: str


def student_home(request: MemberRequest) -> HttpResponse:
    member = request.membership
    student = get_object_or_404(
        Student.objects.visible_to(member).select_related("membership__user", "school")
    )
    booking = next_lesson(member, at=timezone.now())
    plans = progress_of([student.pk]).get(student.pk, [])
    may_book = may(member, Permission.BOOK)
    context = {
        "greeting": greeting(request.user.first_name),
        "offers": [offer_line(offer) for offer in open_offers([student], at=timezone.now())],
        "booking": booking,
        "starts": starts_in_words(booking),
        "steps": steps_planned(plans, booking),
        "quote": quote_of(booking, member) if booking and may_book else None,
        "has_begun": bool(booking and booking.starts_at <= timezone.now()),
        "tasks": [*_signatures(request, student), *payments_due(member)],
        "plans": plans,
        "may_book": may_book,
        "offered": offered_to(student, member) if booking is None else None,
    }
    return render(request, "home/student.html", context)


def greeting(name: str) -> str:
    hour = timezone.localtime().hour
    if hour < MORNING:
        return _("Good morning, %(name)s") % {"name": name}
    if hour >= EVENING:
        return _("Good evening, %(name)s") % {"name": name}
    return _("Hello, %(name)s") % {"name": name}


def starts_in_words(booking: Booking | None) -> str:
    """``today 15:30–17:00``."""
    if booking is None:
        return ""
    day = relative_day(booking.starts_at)
    return f"{day} {clock_to(booking.starts_at, booking.ends_at)}"


def quote_of(booking: Booking, member: Membership) -> Any:
    return cancellation_quote(booking=booking, by=member, at=timezone.now())


def steps_planned(plans: list[Progress], booking: Booking | None) -> list[str]:
    """What will probably be practised, in the words of the plan."""
    kind = LessonKind(booking.lesson_type.kind) if booking else LessonKind.PRACTICAL
    steps = [step for plan in plans for step in plan.next_steps(kind, STEPS_SHOWN)]
    return [step.title for step in steps[:STEPS_SHOWN]]


def _signatures(request: MemberRequest, student: Student) -> list[Task]:
    records = list(to_sign(student)[:10])
    if not records:
        return []
    title = ngettext("Sign %(count)s lesson", "Sign %(count)s lessons", len(records))
    with_whom = _("%(when)s with %(teacher)s") % {
        "when": relative_day(records[0].taught_at),
        "teacher": records[0].teacher,
    }
    url = reverse("learning:to_sign", args=[request.school.slug])
    return [Task(title % {"count": len(records)}, with_whom, url, "pen", "info")]


def payments_due(member: Membership) -> list[Task]:
    """One line for each invoice that is still owed."""
    today = timezone.localdate()
    tasks = []
    for invoice in unpaid_invoices(member)[:5]:
        is_late = invoice.due_on is not None and invoice.due_on < today
        words = {"amount": invoice.due.localized(), "day": relative_date(invoice.due_on)}
        title = _("%(amount)s was due %(day)s") if is_late else _("%(amount)s is due %(day)s")
        tasks.append(
            Task(
                title=title % words,
                subtitle=_("Invoice %(number)s") % {"number": invoice.number},
                url=reverse("finance:invoice", args=[member.school.slug, invoice.pk]),
                icon="receipt",
                tone="bad" if is_late else "warn",
            )
        )
    return tasks


def relative_date(day: Any) -> str:
    """Today and tomorrow by name, any other day in short."""
    noon = timezone.localtime().replace(year=day.year, month=day.month, day=day.day, hour=12)
    return relative_day(noon)

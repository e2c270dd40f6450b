"""A guardian's home: how the child is doing, the next lesson, what is to be paid."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from administration.access import MemberRequest
from administration.models import Student
from justdriving.home.queries import next_lesson
from justdriving.home.student import greeting, payments_due, starts_in_words
from learning.queries import progress_of


def guardian_home(request: MemberRequest) -> HttpResponse:
    member = request.membership
    children = list(
        Student.objects.visible_to(member).select_related("membership__user").order_by("born_on")
    )
    booking = next_lesson(member, at=timezone.now())
    plans = progress_of([child.pk for child in children])
    context = {
        "greeting": greeting(request.user.first_name),
        "children": [(child, plans.get(child.pk, [])) for child in children],
        "booking": booking,
        "starts": starts_in_words(booking),
        "tasks": payments_due(member),
    }
    return render(request, "home/guardian.html", context)

"""How far a student is: the same numbers for the student, their teacher and the office."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from administration.access import MemberRequest, requires
from administration.models import Student
from administration.permissions import Permission, may
from learning import queries


@require_GET
@requires(Permission.VIEW_PROGRESS)
def progress(request: MemberRequest) -> HttpResponse:
    """The student's own way through the plan."""
    own = Student.objects.visible_to(request.membership).filter(membership=request.membership)
    return _show(request, get_object_or_404(own.select_related("membership__user")))


@require_GET
@requires(Permission.VIEW_PROGRESS)
def student_progress(request: MemberRequest, student_id: int) -> HttpResponse:
    """The same for somebody else: teacher, office, guardian."""
    visible = Student.objects.visible_to(request.membership).select_related("membership__user")
    return _show(request, get_object_or_404(visible, pk=student_id))


def _show(request: MemberRequest, student: Student) -> HttpResponse:
    history = list(queries.history_of(student))
    is_own = student.membership_id == request.membership.pk
    page = {
        "student": student,
        "plans": queries.progress_of([student.pk]).get(student.pk, []),
        "history": history,
        "waiting": sum(r.has_teacher and not r.has_student for r in history),
        "is_own": is_own,
        "is_staff": request.membership.is_staff_role,
        "may_assign": may(request.membership, Permission.ASSIGN_LESSON_PLAN),
    }
    return render(request, "learning/progress.html", page)

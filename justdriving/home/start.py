"""One address for everybody's first page; the role decides which one it is."""

from collections.abc import Callable

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from administration.access import MemberRequest, requires
from administration.enums import Role
from administration.permissions import Permission
from justdriving.home.guardian import guardian_home
from justdriving.home.office import office_home
from justdriving.home.student import student_home
from justdriving.home.teacher import teacher_home

HOMES: dict[Role, Callable[[MemberRequest], HttpResponse]] = {
    Role.STUDENT: student_home,
    Role.GUARDIAN: guardian_home,
    Role.TEACHER: teacher_home,
    Role.OFFICE: office_home,
    Role.OWNER: office_home,
}


@require_GET
@requires(Permission.VIEW_HOME)
def home(request: MemberRequest) -> HttpResponse:
    return HOMES[Role(request.membership.role)](request)

"""The page "Who may do what": the real table, as it holds at this school now."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from administration.access import MemberRequest, requires
from administration.enums import Role
from administration.permissions import SCOPES, Permission, table


@require_GET
@requires(Permission.VIEW_PERMISSIONS)
def permissions(request: MemberRequest) -> HttpResponse:
    areas = [
        (
            area,
            [
                (row.label, [(cell, cell.holds_at(request.school)) for cell in row.cells])
                for row in rows
            ],
        )
        for area, rows in table()
    ]
    roles = [(role, SCOPES[role]) for role in Role]
    return render(request, "administration/permissions.html", {"areas": areas, "roles": roles})

"""The columns of the calendar: every teacher, vehicle or room that has something to show."""

from dataclasses import dataclass

from administration.models import Membership, Teacher, User
from bookings.enums import ResourceKind
from bookings.models import Resource

KINDS: dict[str, tuple[ResourceKind, ...]] = {
    "vehicle": (ResourceKind.VEHICLE,),
    "room": (
        ResourceKind.ROOM,
        ResourceKind.TRACK,
        ResourceKind.SKID_PAD,
        ResourceKind.SIMULATOR,
    ),
}


@dataclass(frozen=True, slots=True)
class Lane:
    """One column. ``note`` is what stands beside the name: a vehicle's gearbox."""

    id: int
    title: str
    short: str
    note: str = ""
    is_active: bool = True


def lanes_of(
    member: Membership, lane: str, department_id: int | None = None, *, with_former: bool = False
) -> list[Lane]:
    """The lanes this member may look at, by name. ``lane`` is teacher, vehicle or room. One query.

    A teacher sees only their own column unless the school shows all. ``with_former`` adds those no
    longer in use.
    """
    if lane == "teacher":
        return _teachers(member, department_id, with_former=with_former)
    things = Resource.objects.visible_to(member).filter(kind__in=KINDS[lane])
    if not with_former:
        things = things.filter(is_active=True)
    if department_id is not None:
        things = things.filter(department=department_id)
    return [
        Lane(
            one.pk,
            one.name,
            one.name[:2],
            str(one.get_gearbox_display()) if one.gearbox else "",
            one.is_active,
        )
        for one in things.order_by("kind", "name")
    ]


def _teachers(member: Membership, department_id: int | None, *, with_former: bool) -> list[Lane]:
    rows = Teacher.objects.visible_to(member)
    if not with_former:
        rows = rows.filter(is_active=True)
    if not member.is_office and not member.school.teachers_see_whole_calendar:
        rows = rows.filter(membership=member)
    if department_id is not None:
        rows = rows.filter(departments=department_id)
    found = rows.order_by("membership__user__full_name").values_list(
        "pk", "is_active", "membership__user__full_name", "membership__user__email"
    )
    return [_of_teacher(*row) for row in found]


def _of_teacher(pk: int, is_active: bool, full_name: str, email: str) -> Lane:  # noqa: FBT001 -- a row
    user = User(full_name=full_name, email=email)
    return Lane(pk, str(user), user.initials, is_active=is_active)

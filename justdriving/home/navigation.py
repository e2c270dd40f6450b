"""The menu of each role: what a person may do decides what they see."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise, SimpleLazyObject
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from administration.enums import MembershipStatus, Role, SchoolStatus
from administration.models import Membership
from administration.permissions import Permission, may


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a menu before it is known who looks: a label, a route, an icon, a permission."""

    label: str | Promise
    route: str
    icon: str
    permission: Permission
    in_tabbar: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    label: str | Promise
    url: str
    icon: str
    is_current: bool
    in_tabbar: bool


@dataclass(frozen=True, slots=True)
class SchoolLink:
    name: str
    url: str


P = Permission
STUDENT_MENU = (
    Entry(pgettext_lazy("menu", "Home"), "home:home", "house", P.VIEW_HOME, in_tabbar=True),
    Entry(pgettext_lazy("menu", "Book"), "bookings:book", "calendar-plus", P.BOOK, in_tabbar=True),
    Entry(_("Lessons"), "bookings:list", "calendar-week", P.VIEW_BOOKINGS),
    Entry(_("Progress"), "learning:progress", "signpost-2", P.VIEW_PROGRESS, in_tabbar=True),
    Entry(_("Money"), "finance:account", "wallet2", P.VIEW_INVOICES, in_tabbar=True),
    Entry(_("Messages"), "notifications:inbox", "chat-dots", P.VIEW_MESSAGES),
    Entry(_("Profile"), "administration:profile", "person", P.EDIT_OWN_PROFILE),
)
TEACHER_MENU = (
    Entry(_("Today"), "home:home", "sun", P.VIEW_HOME, in_tabbar=True),
    Entry(_("Calendar"), "bookings:calendar", "calendar3", P.VIEW_CALENDAR, in_tabbar=True),
    Entry(_("Students"), "administration:students", "people", P.VIEW_STUDENTS, in_tabbar=True),
    Entry(
        pgettext_lazy("menu", "Unfinished"),
        "bookings:unfinished",
        "inbox",
        P.COMPLETE_BOOKING,
        in_tabbar=True,
    ),
    Entry(_("Occupancy"), "bookings:occupancy", "bar-chart", P.VIEW_CALENDAR),
    Entry(_("Venues"), "bookings:venues", "telephone", P.CONFIRM_VENUE),
    Entry(_("Messages"), "notifications:inbox", "chat-dots", P.VIEW_MESSAGES),
    Entry(_("Who may do what"), "administration:permissions", "shield-check", P.VIEW_PERMISSIONS),
    Entry(_("Profile"), "administration:profile", "person", P.EDIT_OWN_PROFILE),
)
OFFICE_MENU = (
    Entry(_("Today"), "home:home", "sun", P.VIEW_HOME, in_tabbar=True),
    Entry(_("Calendar"), "bookings:calendar", "calendar3", P.VIEW_CALENDAR, in_tabbar=True),
    Entry(_("Occupancy"), "bookings:occupancy", "bar-chart", P.VIEW_CALENDAR),
    Entry(_("Students"), "administration:students", "people", P.VIEW_STUDENTS, in_tabbar=True),
    Entry(_("Group sessions"), "bookings:sessions", "calendar-range", P.MANAGE_SESSIONS),
    Entry(_("Classes"), "bookings:classes", "mortarboard", P.MANAGE_SESSIONS),
    Entry(_("Waiting list"), "bookings:waiting_desk", "hourglass-split", P.MANAGE_WAITING_LIST),
    Entry(_("Venues"), "bookings:venues", "telephone", P.CONFIRM_VENUE),
    Entry(_("Rearrange lessons"), "bookings:rearrange", "arrow-left-right", P.BOOK),
    Entry(_("Sick days"), "bookings:sick_day", "heart-pulse", P.BOOK),
    Entry(_("Teachers"), "administration:teachers", "person-badge", P.MANAGE_TEACHERS),
    Entry(_("Vehicles and rooms"), "bookings:resources", "car-front", P.MANAGE_RESOURCES),
    Entry(_("Lesson types"), "bookings:lesson_types", "tags", P.MANAGE_LESSON_TYPES),
    Entry(_("Lesson plans"), "learning:plans", "signpost-2", P.EDIT_LESSON_PLANS),
    Entry(_("Invoices"), "finance:invoices", "receipt", P.MANAGE_INVOICES, in_tabbar=True),
    Entry(_("Messages"), "notifications:log", "chat-dots", P.VIEW_ALL_MESSAGES),
    Entry(_("Who may do what"), "administration:permissions", "shield-check", P.VIEW_PERMISSIONS),
    Entry(_("Settings"), "administration:settings", "gear", P.MANAGE_SCHOOL),
    Entry(_("Profile"), "administration:profile", "person", P.EDIT_OWN_PROFILE),
)
GUARDIAN_MENU = (
    Entry(pgettext_lazy("menu", "Home"), "home:home", "house", P.VIEW_HOME, in_tabbar=True),
    Entry(_("Money"), "finance:account", "wallet2", P.VIEW_INVOICES, in_tabbar=True),
    Entry(_("Messages"), "notifications:inbox", "chat-dots", P.VIEW_MESSAGES, in_tabbar=True),
    Entry(_("Profile"), "administration:profile", "person", P.EDIT_OWN_PROFILE, in_tabbar=True),
)
MENUS: dict[Role, tuple[Entry, ...]] = {
    Role.STUDENT: STUDENT_MENU,
    Role.TEACHER: TEACHER_MENU,
    Role.OFFICE: OFFICE_MENU,
    Role.OWNER: OFFICE_MENU,
    Role.GUARDIAN: GUARDIAN_MENU,
}


def navigation_for(membership: Membership, path: str) -> list[Item]:
    """The menu of this person.

    The entry whose address is the longest beginning of ``path`` is current.
    """
    slug = membership.school.slug
    entries = [entry for entry in MENUS[Role(membership.role)] if may(membership, entry.permission)]
    urls = {entry.route: reverse(entry.route, args=[slug]) for entry in entries}
    here = max((url for url in urls.values() if path.startswith(url)), key=len, default="")
    return [
        Item(entry.label, urls[entry.route], entry.icon, urls[entry.route] == here, entry.in_tabbar)
        for entry in entries
    ]


def other_schools(membership: Membership) -> Iterable[SchoolLink]:
    """The person's other schools; asked of the database only when a template looks."""

    def load() -> list[SchoolLink]:
        others = (
            Membership.across_schools.filter(
                user=membership.user_id, status=MembershipStatus.ACTIVE
            )
            .exclude(school=membership.school_id)
            .exclude(school__status=SchoolStatus.ARCHIVED)
            .select_related("school")
            .order_by("school__name")
        )
        return [
            SchoolLink(other.school.name, reverse("home:home", args=[other.school.slug]))
            for other in others
        ]

    return SimpleLazyObject(load)

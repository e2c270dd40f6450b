"""Who may do what. Roles grant permissions here and nowhere else.

A permission is role × scope: this table gives the role's part, ``visible_to`` of each queryset the
scope. Source: the permission table of the product (docs/permissions.md is printed from it).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from administration.enums import Role
from administration.models import Membership, School


class Permission(StrEnum):
    VIEW_HOME = "home.view"
    EDIT_OWN_PROFILE = "people.edit_own_profile"
    MANAGE_SCHOOL = "school.manage"
    MANAGE_DEPARTMENTS = "departments.manage"
    MANAGE_OFFICE = "people.manage_office"
    MANAGE_TEACHERS = "people.manage_teachers"
    VIEW_STUDENTS = "students.view"
    EDIT_STUDENTS = "students.edit"
    VIEW_CALENDAR = "calendar.view"
    VIEW_BOOKINGS = "bookings.view"
    BOOK = "bookings.book"
    OVERRIDE_RULE = "bookings.override_rule"
    COMPLETE_BOOKING = "bookings.complete"
    CONFIRM_VENUE = "bookings.confirm_venue"
    MANAGE_LESSON_TYPES = "lesson_types.manage"
    MANAGE_RESOURCES = "resources.manage"
    MANAGE_BOOKING_RULES = "booking_rules.manage"
    MANAGE_SESSIONS = "sessions.manage"
    MANAGE_WAITING_LIST = "waiting_list.manage"
    WAIVE_FEE = "fees.waive"
    EDIT_LESSON_PLANS = "plans.edit"
    ASSIGN_LESSON_PLAN = "plans.assign"
    VIEW_PROGRESS = "progress.view"
    RECORD_TEACHING = "teaching.record"
    SIGN_AS_TEACHER = "signatures.sign_as_teacher"
    SIGN_AS_STUDENT = "signatures.sign_as_student"
    CORRECT_SIGNED_RECORD = "signatures.correct"
    VIEW_INVOICES = "invoices.view"
    MANAGE_INVOICES = "invoices.manage"
    REGISTER_PAYMENT = "payments.register"
    GRANT_DISCOUNT = "discounts.grant"
    PAY_ONLINE = "payments.pay_online"
    VIEW_REPORTS = "reports.view"
    VIEW_MESSAGES = "messages.view"
    VIEW_ALL_MESSAGES = "messages.view_all"
    VIEW_PERMISSIONS = "permissions.view"


P = Permission
_EVERYONE = frozenset({P.VIEW_HOME, P.EDIT_OWN_PROFILE, P.VIEW_MESSAGES, P.VIEW_BOOKINGS})
_STAFF = _EVERYONE | {
    P.VIEW_STUDENTS,
    P.VIEW_CALENDAR,
    P.BOOK,
    P.COMPLETE_BOOKING,
    P.CONFIRM_VENUE,
    P.VIEW_PROGRESS,
    P.VIEW_PERMISSIONS,
}
_OFFICE = _STAFF | {
    P.MANAGE_TEACHERS,
    P.EDIT_STUDENTS,
    P.OVERRIDE_RULE,
    P.MANAGE_RESOURCES,
    P.MANAGE_SESSIONS,
    P.MANAGE_WAITING_LIST,
    P.WAIVE_FEE,
    P.ASSIGN_LESSON_PLAN,
    P.VIEW_INVOICES,
    P.MANAGE_INVOICES,
    P.REGISTER_PAYMENT,
    P.GRANT_DISCOUNT,
    P.VIEW_ALL_MESSAGES,
}

GRANTS: dict[Role, frozenset[Permission]] = {
    Role.OWNER: _OFFICE
    | {
        P.MANAGE_SCHOOL,
        P.MANAGE_DEPARTMENTS,
        P.MANAGE_OFFICE,
        P.MANAGE_LESSON_TYPES,
        P.MANAGE_BOOKING_RULES,
        P.EDIT_LESSON_PLANS,
        P.RECORD_TEACHING,
        P.SIGN_AS_TEACHER,
        P.CORRECT_SIGNED_RECORD,
        P.VIEW_REPORTS,
    },
    Role.OFFICE: _OFFICE | {P.VIEW_REPORTS},
    Role.TEACHER: _STAFF
    | {
        P.RECORD_TEACHING,
        P.SIGN_AS_TEACHER,
        P.CORRECT_SIGNED_RECORD,
        P.EDIT_STUDENTS,
        P.REGISTER_PAYMENT,
        P.EDIT_LESSON_PLANS,
    },
    Role.STUDENT: _EVERYONE
    | {P.BOOK, P.VIEW_PROGRESS, P.SIGN_AS_STUDENT, P.VIEW_INVOICES, P.PAY_ONLINE},
    Role.GUARDIAN: _EVERYONE | {P.VIEW_STUDENTS, P.VIEW_PROGRESS, P.VIEW_INVOICES, P.PAY_ONLINE},
}

IF_THE_SCHOOL_ALLOWS: dict[tuple[Role, Permission], str] = {
    (Role.TEACHER, P.EDIT_STUDENTS): "teachers_edit_students",
    (Role.TEACHER, P.REGISTER_PAYMENT): "teachers_register_payments",
    (Role.TEACHER, P.EDIT_LESSON_PLANS): "teachers_edit_lesson_plans",
    (Role.OFFICE, P.VIEW_REPORTS): "office_sees_reports",
    (Role.STUDENT, P.BOOK): "students_book_themselves",
}
"""Grants that hold only while this field of the school is true."""


AREAS: dict[Promise, dict[Permission, Promise]] = {
    _("Everyone"): {
        P.VIEW_HOME: _("See the home page"),
        P.EDIT_OWN_PROFILE: _("Change their own profile"),
        P.VIEW_MESSAGES: _("See their own messages"),
    },
    _("People"): {
        P.VIEW_STUDENTS: _("See students"),
        P.EDIT_STUDENTS: _("Create, edit and deactivate students"),
        P.MANAGE_TEACHERS: _("Invite and manage teachers"),
        P.MANAGE_OFFICE: _("Invite and manage owners and office staff"),
    },
    _("Calendar"): {
        P.VIEW_BOOKINGS: _("See lessons"),
        P.VIEW_CALENDAR: _("See the school calendar"),
        P.BOOK: _("Create, move and cancel bookings"),
        P.OVERRIDE_RULE: _("Override a named rule, with a reason"),
        P.COMPLETE_BOOKING: _("Attendance, completion, no-show"),
        P.CONFIRM_VENUE: _("Write down the confirmation numbers of venues"),
        P.MANAGE_LESSON_TYPES: _("Edit lesson types"),
        P.MANAGE_BOOKING_RULES: _("Edit booking rules and cancellation terms"),
        P.MANAGE_RESOURCES: _("Edit vehicles and rooms"),
        P.MANAGE_SESSIONS: _("Plan weekly sessions and classes"),
        P.MANAGE_WAITING_LIST: _("Manage the waiting list"),
        P.WAIVE_FEE: _("Waive a fee, with a reason"),
    },
    _("Teaching"): {
        P.VIEW_PROGRESS: _("See progress"),
        P.EDIT_LESSON_PLANS: _("Edit lesson plans"),
        P.ASSIGN_LESSON_PLAN: _("Give a student a lesson plan"),
        P.RECORD_TEACHING: _("Record what was taught"),
        P.SIGN_AS_TEACHER: _("Sign as the teacher"),
        P.SIGN_AS_STUDENT: _("Sign as the student"),
        P.CORRECT_SIGNED_RECORD: _("Correct a signed record (both sign again)"),
    },
    _("Money"): {
        P.VIEW_INVOICES: _("See invoices"),
        P.MANAGE_INVOICES: _("Invoices, credit notes, refunds"),
        P.REGISTER_PAYMENT: _("Register a manual payment"),
        P.GRANT_DISCOUNT: _("Give a discount by hand, and say who is one family"),
        P.PAY_ONLINE: _("Pay online"),
        P.VIEW_REPORTS: _("See financial reports"),
    },
    _("The school"): {
        P.MANAGE_SCHOOL: _("School settings and appearance"),
        P.MANAGE_DEPARTMENTS: _("Departments"),
        P.VIEW_ALL_MESSAGES: _("See all messages that were sent"),
        P.VIEW_PERMISSIONS: _("See this table"),
    },
}
"""Every permission in words, by area: the page "Who may do what" and docs/permissions.md."""

SCOPES: dict[Role, Promise] = {
    Role.OWNER: _("the whole school"),
    Role.OFFICE: _("the whole school, or one department"),
    Role.TEACHER: _("own lessons and own students"),
    Role.STUDENT: _("only themselves"),
    Role.GUARDIAN: _("only their child"),
}


class Grant(StrEnum):
    YES = "yes"
    NO = "no"
    IF_ALLOWED = "if_allowed"


@dataclass(frozen=True, slots=True)
class Cell:
    """What one role has of one permission; ``switch`` is the field of the school that decides."""

    role: Role
    grant: Grant
    switch: str = ""

    def holds_at(self, school: School) -> bool:
        allowed = not self.switch or bool(getattr(school, self.switch))
        return self.grant is not Grant.NO and allowed


@dataclass(frozen=True, slots=True)
class Row:
    permission: Permission
    label: Promise
    cells: tuple[Cell, ...]


def cell(role: Role, permission: Permission) -> Cell:
    if permission not in GRANTS[role]:
        return Cell(role, Grant.NO)
    switch = IF_THE_SCHOOL_ALLOWS.get((role, permission), "")
    return Cell(role, Grant.IF_ALLOWED if switch else Grant.YES, switch)


def table() -> Iterator[tuple[Promise, list[Row]]]:
    """The whole table, area by area, one cell for each role in the order of ``Role``."""
    for area, permissions in AREAS.items():
        yield (
            area,
            [
                Row(permission, label, tuple(cell(role, permission) for role in Role))
                for permission, label in permissions.items()
            ],
        )


def may(membership: Membership, permission: Permission) -> bool:
    """Whether the role grants it and the school's settings allow it; scope is not asked here."""
    role = Role(membership.role)
    switch = IF_THE_SCHOOL_ALLOWS.get((role, permission))
    allowed = switch is None or bool(getattr(membership.school, switch))
    return allowed and permission in GRANTS[role]


MANAGES: dict[Role, Permission] = {
    Role.OWNER: P.MANAGE_OFFICE,
    Role.OFFICE: P.MANAGE_OFFICE,
    Role.TEACHER: P.MANAGE_TEACHERS,
    Role.STUDENT: P.EDIT_STUDENTS,
    Role.GUARDIAN: P.EDIT_STUDENTS,
}
"""The permission that inviting, changing or deactivating a person of a role takes."""


def may_manage(membership: Membership, role: Role) -> bool:
    return may(membership, MANAGES[role])

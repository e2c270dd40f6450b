"""The pages of administration: fetch through what a person may see, one use case, render."""

from administration.views.documents import document_add, document_remove
from administration.views.members import (
    accept,
    deactivate,
    invite_again,
    reactivate,
    staff_edit,
    teacher_edit,
    teacher_invite,
    teachers,
)
from administration.views.permissions import permissions
from administration.views.profile import end_sessions, profile, set_language
from administration.views.public import join, register, registered, school, school_theme, terms
from administration.views.schools import (
    department_add,
    department_edit,
    departments,
    settings,
    settings_history,
)
from administration.views.students import student_add, student_edit, students

__all__ = [
    "accept",
    "deactivate",
    "department_add",
    "department_edit",
    "departments",
    "document_add",
    "document_remove",
    "end_sessions",
    "invite_again",
    "join",
    "permissions",
    "profile",
    "reactivate",
    "register",
    "registered",
    "school",
    "school_theme",
    "set_language",
    "settings",
    "settings_history",
    "staff_edit",
    "student_add",
    "student_edit",
    "students",
    "teacher_edit",
    "teacher_invite",
    "teachers",
    "terms",
]

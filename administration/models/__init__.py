"""Schools, the people in them, and what they are to each other."""

from administration.models.history import MembershipEvent, SettingChange
from administration.models.people import (
    Guardian,
    Membership,
    Student,
    StudentDocument,
    StudentEvent,
    Teacher,
    TeacherDepartment,
    User,
)
from administration.models.schools import Department, School

__all__ = [
    "Department",
    "Guardian",
    "Membership",
    "MembershipEvent",
    "School",
    "SettingChange",
    "Student",
    "StudentDocument",
    "StudentEvent",
    "Teacher",
    "TeacherDepartment",
    "User",
]

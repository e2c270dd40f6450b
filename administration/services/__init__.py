"""The use cases of administration: the only code that writes schools, people and their places."""

from administration.services.documents import add_document, remove_document
from administration.services.links import accept_link, join_link, password_link
from administration.services.members import (
    Invitation,
    MemberChanges,
    accept_invitation,
    change_member,
    deactivate_member,
    invite_again,
    invite_member,
    reactivate_member,
)
from administration.services.profile import (
    Profile,
    confirm_address,
    edit_profile,
    end_other_sessions,
    set_language,
)
from administration.services.registration import (
    GuardianDetails,
    StudentDetails,
    create_student,
    join_school,
    register_student,
)
from administration.services.schools import (
    DepartmentDetails,
    FirstOwner,
    change_settings,
    open_school,
    save_department,
    set_school_status,
)
from administration.services.students import edit_student

__all__ = [
    "DepartmentDetails",
    "FirstOwner",
    "GuardianDetails",
    "Invitation",
    "MemberChanges",
    "Profile",
    "StudentDetails",
    "accept_invitation",
    "accept_link",
    "add_document",
    "change_member",
    "change_settings",
    "confirm_address",
    "create_student",
    "deactivate_member",
    "edit_profile",
    "edit_student",
    "end_other_sessions",
    "invite_again",
    "invite_member",
    "join_link",
    "join_school",
    "open_school",
    "password_link",
    "reactivate_member",
    "register_student",
    "remove_document",
    "save_department",
    "set_language",
    "set_school_status",
]

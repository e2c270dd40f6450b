"""Parse what people typed, and word what is wrong with it. No form saves."""

from administration.forms.documents import DocumentForm
from administration.forms.members import InviteForm, PlaceForm
from administration.forms.profile import LanguageForm, ProfileForm
from administration.forms.schools import DepartmentForm, SettingsForm
from administration.forms.students import (
    JoinForm,
    NewStudentForm,
    RegistrationForm,
    StudentFilterForm,
    StudentForm,
)

__all__ = [
    "DepartmentForm",
    "DocumentForm",
    "InviteForm",
    "JoinForm",
    "LanguageForm",
    "NewStudentForm",
    "PlaceForm",
    "ProfileForm",
    "RegistrationForm",
    "SettingsForm",
    "StudentFilterForm",
    "StudentForm",
]

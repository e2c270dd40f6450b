"""The words of learning: what a module is, how a step went, who signs."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from bookings.enums import LessonKind


class ModuleKind(models.TextChoices):
    THEORY = "theory", _("Theory")
    CLOSED_TRACK = "closed_track", _("Closed track")
    ROAD = "road", _("On the road")
    SKID_PAD = "skid_pad", _("Skid pad")
    FIRST_AID = "first_aid", _("First aid")
    EXAM = "exam", _("Test")


class Presence(models.TextChoices):
    """What a teacher says of each student of a class; who is excused owes nothing."""

    CAME = "came", pgettext_lazy("student", "Came")
    ABSENT = "absent", pgettext_lazy("student", "Did not come")
    EXCUSED = "excused", pgettext_lazy("student", "Excused")


class StepOutcome(models.TextChoices):
    COVERED = "covered", _("Covered")
    REPEAT = "repeat", _("To repeat")


class StepState(models.TextChoices):
    NOT_STARTED = "not_started", _("Not started")
    REPEAT = "repeat", _("To repeat")
    COVERED = "covered", _("Covered")
    VERIFIED = "verified", _("Signed by both")


class ModuleState(models.TextChoices):
    NOT_STARTED = "not_started", _("Not started")
    STARTED = "started", pgettext_lazy("module", "In progress")
    TAUGHT = "taught", _("Awaits signatures")
    VERIFIED = "verified", pgettext_lazy("module", "Verified")


class Side(models.TextChoices):
    """As whom somebody signs a lesson record."""

    TEACHER = "teacher", _("Teacher")
    STUDENT = "student", _("Student")


class SignatureMethod(models.TextChoices):
    """How the signer's identity was established."""

    SESSION = "session", _("Signed in with their own login")


class SignatureChange(models.TextChoices):
    TEACHER_SIGNED = "teacher_signed", _("The teacher signed")
    VERIFIED = "verified", _("Signed by both")


K = ModuleKind
# Which modules a lesson of a kind can feed.
TEACHES: dict[LessonKind, tuple[ModuleKind, ...]] = {
    LessonKind.PRACTICAL: (K.ROAD,),
    LessonKind.THEORY: (K.THEORY,),
    LessonKind.CLOSED_TRACK: (K.CLOSED_TRACK,),
    LessonKind.SKID_PAD: (K.SKID_PAD,),
    LessonKind.EXAM: (K.EXAM,),
    LessonKind.SEMINAR: (K.FIRST_AID, K.THEORY),
    LessonKind.OTHER: tuple(K),
}

"""The words administration uses for people, schools and licences."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class SchoolStatus(models.TextChoices):
    ACTIVE = "active", _("Active")
    SUSPENDED = "suspended", _("Suspended")
    ARCHIVED = "archived", _("Archived")


class Role(models.TextChoices):
    OWNER = "owner", _("Owner")
    OFFICE = "office", _("Office")
    TEACHER = "teacher", _("Teacher")
    STUDENT = "student", _("Student")
    GUARDIAN = "guardian", _("Guardian")


class MembershipStatus(models.TextChoices):
    INVITED = "invited", _("Invited")
    ACTIVE = "active", _("Active")
    INACTIVE = "inactive", _("Inactive")


class StudentStatus(models.TextChoices):
    REGISTERED = "registered", _("Registered")
    ACTIVE = "active", _("In training")
    PAUSED = "paused", _("Paused")
    FINISHED = "finished", _("Finished")
    LEFT = "left", _("Left")


class LicenceCategory(models.TextChoices):
    AM = "AM", _("AM – moped")
    A1 = "A1", _("A1 – light motorcycle")
    A2 = "A2", _("A2 – medium motorcycle")
    A = "A", _("A – motorcycle")
    B = "B", _("B – car")
    BE = "BE", _("BE – car with trailer")
    C1 = "C1", _("C1 – light lorry")
    C = "C", _("C – lorry")
    CE = "CE", _("CE – lorry with trailer")
    D1 = "D1", _("D1 – minibus")
    D = "D", _("D – bus")


class Gearbox(models.TextChoices):
    MANUAL = "manual", _("Manual")
    AUTOMATIC = "automatic", _("Automatic")


class DocumentKind(models.TextChoices):
    MEDICAL = "medical", _("Medical certificate")
    FIRST_AID = "first_aid", _("First-aid certificate")
    CONSENT = "consent", _("Guardian's consent")
    IDENTITY = "identity", _("Proof of identity")
    STUDENT_CARD = "student_card", _("Student card")


class StudentChange(models.TextChoices):
    REGISTERED = "registered", _("Registered")
    UPDATED = "updated", _("Details changed")
    STATUS = "status", _("Status changed")


class MembershipChange(models.TextChoices):
    INVITED = "invited", _("Invited")
    ACCEPTED = "accepted", _("Invitation accepted")
    UPDATED = "updated", _("Details changed")
    DEACTIVATED = "deactivated", _("Deactivated")
    REACTIVATED = "reactivated", _("Reactivated")

"""Users sign in; a membership is what a user is to one school; profiles hold the rest."""

from collections.abc import Iterator
from typing import Any, ClassVar, Self

import pgtrigger
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField

from administration.enums import (
    DocumentKind,
    Gearbox,
    LicenceCategory,
    MembershipStatus,
    Role,
    StudentChange,
    StudentStatus,
)
from administration.models.schools import Department
from justdriving.kernel.tenancy import SchoolManager, SchoolOwned


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    """A person who can sign in, at however many schools. Staff of the platform has ``is_staff``."""

    email = models.EmailField(_("e-mail"), unique=True)
    full_name = models.CharField(_("name"), max_length=120)
    phone = PhoneNumberField(_("phone"), blank=True)
    language = models.CharField(_("language"), max_length=8, default="da")
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    session_epoch = models.PositiveIntegerField(default=0)  # raising it ends every session
    date_joined = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar = ["full_name"]

    objects: ClassVar = UserManager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(Lower("email"), name="email_once_whatever_its_case"),
        ]

    def __str__(self) -> str:
        return self.full_name or self.email

    def get_session_auth_hash(self) -> str:
        return f"{super().get_session_auth_hash()}.{self.session_epoch}"

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        for fallback in super().get_session_auth_fallback_hash():
            yield f"{fallback}.{self.session_epoch}"

    def get_full_name(self) -> str:
        return self.full_name

    @property
    def first_name(self) -> str:
        return self.full_name.split(" ")[0] if self.full_name else self.email

    @property
    def initials(self) -> str:
        names = self.full_name.split()
        return "".join(name[0] for name in (names[:1] + names[-1:] if len(names) > 1 else names))


class Membership(SchoolOwned):
    """One person's role at one school; every permission is derived from it."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(_("role"), max_length=16, choices=Role)
    status = models.CharField(
        max_length=16, choices=MembershipStatus, default=MembershipStatus.ACTIVE
    )
    department = models.ForeignKey(
        Department,
        verbose_name=_("limited to department"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    shapes_readings: ClassVar = ("role",)  # see justdriving.kernel.reads

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["school", "user"], name="one_role_per_school"),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="membership_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user} ({self.get_role_display()})"

    @property
    def shown_name(self) -> str:
        """An invited person is an address and no more, until they accept."""
        invited = self.status == MembershipStatus.INVITED
        return self.user.email if invited else str(self.user)

    @property
    def is_staff_role(self) -> bool:
        return self.role in {Role.OWNER, Role.OFFICE, Role.TEACHER}

    @property
    def is_office(self) -> bool:
        """Owner or office: sees the whole school, or the department it is limited to."""
        return self.role in {Role.OWNER, Role.OFFICE}


class TeacherQuerySet(models.QuerySet["Teacher"]):
    def visible_to(self, member: Membership) -> Self:
        """Colleagues for staff; for students and guardians the teachers they may book."""
        if member.is_office and member.department_id:
            return self.filter(departments=member.department_id)
        return self if member.is_staff_role else self.filter(is_active=True)


class Teacher(SchoolOwned):
    """What makes a member a teacher. An owner who teaches has one too."""

    membership = models.OneToOneField(Membership, on_delete=models.PROTECT, related_name="teacher")
    departments = models.ManyToManyField(
        Department, through="TeacherDepartment", related_name="teachers"
    )
    licence_categories = ArrayField(
        models.CharField(max_length=4, choices=LicenceCategory),
        verbose_name=_("teaches"),
        default=list,
    )
    is_active = models.BooleanField(_("teaches now"), default=True)
    buffer_before_minutes = models.PositiveSmallIntegerField(_("minutes free before"), default=0)
    buffer_after_minutes = models.PositiveSmallIntegerField(_("minutes free after"), default=0)

    objects: ClassVar = SchoolManager.from_queryset(TeacherQuerySet)()

    def __str__(self) -> str:
        return str(self.membership.user)


class TeacherDepartment(SchoolOwned):
    teacher = models.ForeignKey(Teacher, on_delete=models.CASCADE, related_name="workplaces")
    department = models.ForeignKey(Department, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["teacher", "department"], name="teacher_works_in_a_department_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.teacher_id} in {self.department_id}"


STATUS_TONES = {
    StudentStatus.REGISTERED: "info",
    StudentStatus.ACTIVE: "ok",
    StudentStatus.PAUSED: "warn",
    StudentStatus.FINISHED: "neutral",
    StudentStatus.LEFT: "neutral",
}


class StudentQuerySet(models.QuerySet["Student"]):
    def visible_to(self, member: Membership) -> Self:
        """The students this person may know about; everyone else is a 404."""
        match member.role:
            case Role.OWNER | Role.OFFICE:
                limited = member.department_id
                return self.filter(department=limited) if limited else self
            case Role.TEACHER:
                taught = Q(participations__booking__teacher__membership=member)
                own = self.model.objects.filter(Q(teacher__membership=member) | taught)
                return self.filter(pk__in=own.values("pk"))
            case Role.GUARDIAN:
                return self.filter(guardians__user=member.user_id)
            case _:
                return self.filter(membership=member)


class Student(SchoolOwned):
    """Someone who learns to drive at a school."""

    membership = models.OneToOneField(Membership, on_delete=models.PROTECT, related_name="student")
    department = models.ForeignKey(
        Department,
        verbose_name=_("department"),
        on_delete=models.PROTECT,
        related_name="students",
    )
    teacher = models.ForeignKey(
        Teacher,
        verbose_name=_("teacher"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="students",
    )
    licence_category = models.CharField(
        _("licence category"), max_length=4, choices=LicenceCategory, default=LicenceCategory.B
    )
    gearbox = models.CharField(_("gearbox"), max_length=16, choices=Gearbox, default=Gearbox.MANUAL)
    born_on = models.DateField(_("date of birth"))
    address = models.CharField(_("address"), max_length=200, blank=True)
    pickup_place = models.CharField(_("usual pick-up place"), max_length=200, blank=True)
    height_cm = models.PositiveSmallIntegerField(_("height, cm"), null=True, blank=True)
    weight_kg = models.PositiveSmallIntegerField(_("weight, kg"), null=True, blank=True)
    status = models.CharField(
        _("status"), max_length=16, choices=StudentStatus, default=StudentStatus.REGISTERED
    )
    registered_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)  # refuses an edit of a page grown stale

    objects: ClassVar = SchoolManager.from_queryset(StudentQuerySet)()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(status__in=StudentStatus.values), name="student_status_known"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["school", "status"], name="student_by_status"),
        ]

    def __str__(self) -> str:
        return str(self.membership.user)

    @property
    def status_tone(self) -> str:
        """The colour that goes with the status."""
        return STATUS_TONES[StudentStatus(self.status)]


class StudentDocument(SchoolOwned):
    """A paper the school has seen; without ``valid_until`` it does not lapse. Both days count."""

    student = models.ForeignKey(Student, on_delete=models.CASCADE, related_name="documents")
    kind = models.CharField(_("document"), max_length=16, choices=DocumentKind)
    valid_from = models.DateField(_("valid from"))
    valid_until = models.DateField(_("valid until"), null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["student", "kind", "valid_from"], name="student_document_listed_once"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=DocumentKind.values), name="student_document_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
                name="student_document_ends_after_it_begins",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.student_id}: {self.kind}"


class Guardian(SchoolOwned):
    """Who answers for a student under 18, and follows along."""

    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="guardians")
    user = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    full_name = models.CharField(_("name"), max_length=120)
    email = models.EmailField(_("e-mail"))
    phone = PhoneNumberField(_("phone"), blank=True)
    consented_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.full_name


class StudentEvent(SchoolOwned):
    """Something happened to a student's record: what, when, who. Written once, never edited."""

    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="events")
    change = models.CharField(max_length=16, choices=StudentChange)
    details = models.JSONField(
        default=dict
    )  # field -> [old, new]; for a registration, what was agreed
    happened_at = models.DateTimeField()
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["student"],
                condition=Q(change=StudentChange.REGISTERED),
                name="student_registered_once",
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(
                name="student_event_is_final", operation=pgtrigger.Update | pgtrigger.Delete
            ),
        ]

    def __str__(self) -> str:
        return f"{self.student_id}: {self.change}"

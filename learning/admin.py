"""Teaching for platform administrators: plans may be corrected, nothing signed can be touched."""

from django.contrib import admin

from administration.admin import ReadOnlyAdmin, SchoolAdmin
from learning.models import (
    LessonPlan,
    LessonRecord,
    PlanModule,
    PlanStep,
    RecordedStep,
    Signature,
    SignatureEvent,
    StudentPlan,
)


@admin.register(LessonPlan)
class LessonPlanAdmin(SchoolAdmin):
    list_display = ["licence_category", "version", "lesson_minutes", "is_active"]
    list_filter = ["school", "licence_category", "is_active"]


@admin.register(PlanModule)
class PlanModuleAdmin(SchoolAdmin):
    list_display = ["plan", "position", "kind", "minimum_lessons"]
    list_select_related = ["school", "plan"]


@admin.register(PlanStep)
class PlanStepAdmin(SchoolAdmin):
    list_display = ["code", "module", "position"]
    list_select_related = ["school", "module"]


@admin.register(StudentPlan)
class StudentPlanAdmin(ReadOnlyAdmin):
    list_display = ["student", "lesson_plan", "started_on", "ended_on"]
    list_select_related = ["school", "student__membership__user", "lesson_plan"]


@admin.register(LessonRecord)
class LessonRecordAdmin(ReadOnlyAdmin):
    list_display = ["student", "teacher", "taught_at", "minutes", "version"]
    list_select_related = [
        "school",
        "student__membership__user",
        "teacher__membership__user",
    ]


@admin.register(RecordedStep)
class RecordedStepAdmin(ReadOnlyAdmin):
    list_display = ["step", "outcome"]
    list_select_related = ["school", "step"]


@admin.register(Signature)
class SignatureAdmin(ReadOnlyAdmin):
    list_display = ["student", "signer", "signed_as", "signed_at", "method"]
    list_filter = ["school", "signed_as", "method"]
    list_select_related = ["school", "student__membership__user", "signer"]


@admin.register(SignatureEvent)
class SignatureEventAdmin(ReadOnlyAdmin):
    list_display = ["change", "happened_at", "made_by"]
    list_select_related = ["school", "made_by"]

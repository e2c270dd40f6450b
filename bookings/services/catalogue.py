"""What can be booked and with what: lesson types, vehicles and rooms."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import override

from administration.models import Membership
from administration.services.noting import note_changes, set_and_note
from bookings.enums import EligibilityAttribute, ResourceKind
from bookings.models import EligibilityRule, LessonType, LessonTypeNeed, Resource
from bookings.wording import eligibility_in_words
from justdriving.kernel.policy import Refusal
from justdriving.kernel.transactions import refusing, use_case

M = TypeVar("M", bound=models.Model)

RESOURCE_FIELDS = (
    "department", "kind", "name", "plate", "gearbox", "licence_categories",
    "buffer_before_minutes", "buffer_after_minutes", "is_active",
)  # fmt: skip
LESSON_TYPE_FIELDS = (
    "name", "kind", "licence_category", "duration_minutes", "other_durations", "capacity",
    "buffer_before_minutes", "buffer_after_minutes", "slot_minutes", "min_notice_hours",
    "max_advance_days", "self_booking", "hold_minutes", "colour", "cancellation_terms", "is_active",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Demand:
    """What a student must fulfil: bounds included, in the unit of the attribute."""

    attribute: EligibilityAttribute
    minimum: int | None = None
    maximum: int | None = None


@use_case
def save_resource(
    *, by: Membership, at: datetime, values: Mapping[str, Any], resource_id: int | None = None
) -> Resource:
    """Create a resource, or give one new ``values`` (a value for each of RESOURCE_FIELDS).

    Raises Refused ``name_taken`` when the school has another one of that name.
    """
    resource = _mine(Resource, resource_id, by)
    wanted = {field: values[field] for field in RESOURCE_FIELDS}
    with refusing({"resource_name_once": _name_taken}):
        set_and_note(resource, wanted, by=by, at=at)
    return resource


@use_case
def save_lesson_type(
    *,
    by: Membership,
    at: datetime,
    values: Mapping[str, Any],
    needs: Collection[ResourceKind],
    demands: Sequence[Demand],
    lesson_type_id: int | None = None,
) -> LessonType:
    """Create a lesson type, or give one new ``values`` (a value for each of LESSON_TYPE_FIELDS).

    Booked lessons keep their length, buffers, price and terms. Raises Refused ``name_taken``.
    """
    lesson_type = _mine(LessonType, lesson_type_id, by)
    wanted = {field: values[field] for field in LESSON_TYPE_FIELDS}
    with refusing({"lesson_type_name_once": _name_taken}):
        set_and_note(lesson_type, wanted, by=by, at=at)
    with override(by.school.language):
        changes = {
            "needs": _set_needs(lesson_type, set(needs)),
            "eligibility": _set_demands(lesson_type, demands),
        }
    if lesson_type_id is not None:
        note_changes(lesson_type, changes, by=by, at=at, name=lesson_type.name)
    return lesson_type


def _mine(model: type[M], pk: int | None, by: Membership) -> M:
    manager: models.Manager[M] = model.objects  # type: ignore[attr-defined]  # every SchoolOwned has it
    if pk is None:
        return model(school_id=by.school_id)
    return manager.select_for_update().get(pk=pk)


def _set_needs(lesson_type: LessonType, wanted: set[ResourceKind]) -> tuple[str, str]:
    """Replace what it needs; returns what was and what is, in words."""
    stood = {ResourceKind(need.kind) for need in lesson_type.needs.all()}
    if stood != wanted:
        lesson_type.needs.exclude(kind__in=wanted).delete()
        LessonTypeNeed.objects.bulk_create(
            LessonTypeNeed(school_id=lesson_type.school_id, lesson_type=lesson_type, kind=kind)
            for kind in sorted(wanted - stood)
        )
    old, new = (", ".join(str(kind.label) for kind in sorted(kinds)) for kinds in (stood, wanted))
    return old, new


def _set_demands(lesson_type: LessonType, demands: Sequence[Demand]) -> tuple[str, str]:
    """Replace the eligibility rules that differ; returns what was and what is, in words."""
    stood = {rule.attribute: rule for rule in lesson_type.eligibility_rules.order_by("pk")}
    old = eligibility_in_words(stood.values())
    wanted = {demand.attribute: demand for demand in demands}
    lesson_type.eligibility_rules.exclude(attribute__in=wanted).delete()
    for attribute, demand in wanted.items():
        EligibilityRule.objects.update_or_create(
            school_id=lesson_type.school_id,
            lesson_type=lesson_type,
            attribute=attribute,
            defaults={"minimum": demand.minimum, "maximum": demand.maximum},
        )
    return old, eligibility_in_words(lesson_type.eligibility_rules.order_by("pk"))


def _name_taken() -> Refusal:
    return Refusal("name_taken", _("There is already one with this name."))

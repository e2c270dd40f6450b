"""What was changed in the settings, in the reader's language."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Field, Model, QuerySet
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from administration.models import Department, School, SettingChange

RECENT_CHANGES = 12
CREATED = "created"


@dataclass(frozen=True, slots=True)
class ChangeInWords:
    what: str
    old: str
    new: str
    made_by: str
    happened_at: datetime


def topic_of(row: Model | type[Model]) -> str:
    """What a change belongs to: the model, as "bookings.LessonType"."""
    return str(row._meta.label)


def changes_of(row: Model | None = None, *, topic: str = "") -> QuerySet[SettingChange]:
    """Changes of one row, of everything of a topic, or of the whole school, newest first."""
    found = SettingChange.objects.select_related("made_by", "school").order_by(
        "-happened_at", "-pk"
    )
    if row is not None:
        return found.filter(topic=row._meta.label, subject_id=row.pk)
    return found.filter(topic=topic) if topic else found


def changes_in_words(rows: Iterable[SettingChange] | None = None) -> list[ChangeInWords]:
    """These changes, or the school's latest ones, as people read them."""
    shown = changes_of()[:RECENT_CHANGES] if rows is None else rows
    return [
        ChangeInWords(
            what=_what_changed(row),
            old=_value_in_words(row, row.old),
            new=_value_in_words(row, row.new),
            made_by=str(row.made_by),
            happened_at=row.happened_at,
        )
        for row in shown
    ]


def topics_in_words() -> list[tuple[str, str]]:
    """What there is a history of, each with its name in the reader's language."""
    kept = SettingChange.objects.exclude(topic="").order_by().values_list("topic", flat=True)
    names = {topic: topic_name(topic) for topic in kept.distinct()}
    return sorted(names.items(), key=lambda entry: entry[1])


def topic_name(topic: str) -> str:
    model = apps.get_model(topic)
    return capfirst(str(getattr(model, "SETTING", model._meta.verbose_name)))


def _model_of(row: SettingChange) -> type[Model]:
    if row.topic:
        return apps.get_model(row.topic)
    return Department if row.subject else School


def _field_of(row: SettingChange) -> "Field[object, object] | None":
    try:
        field = _model_of(row)._meta.get_field(row.field)
    except FieldDoesNotExist:
        return None
    return field if isinstance(field, Field) else None


def _what_changed(row: SettingChange) -> str:
    words = {CREATED: _("new")} | getattr(_model_of(row), "ALSO_KEPT", {})
    field = _field_of(row)
    known = field.verbose_name if field else row.field.replace("_", " ")
    label = str(words.get(row.field, known))
    about = row.subject or _topic_shown(row)
    return f"{about}: {label}" if about and about.casefold() != label.casefold() else label


def _topic_shown(row: SettingChange) -> str:
    """What a change of something without a name is about; the school's own settings need none."""
    return topic_name(row.topic) if row.topic not in {"", topic_of(School)} else ""


def _value_in_words(row: SettingChange, value: str) -> str:
    field = _field_of(row)
    if value.isdecimal() and row.field.endswith("_minor"):
        return row.school.money(int(value)).localized()
    choices = {str(key): str(name) for key, name in (field.flatchoices if field else ())}
    switch = {"True": _("on"), "False": _("off")}
    return choices.get(value) or switch.get(value, value)

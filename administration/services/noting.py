"""Writes down what changed in a school's settings; the services of every app call it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Model

from administration.history import CREATED, topic_of
from administration.models import Membership, School, SettingChange, User
from justdriving.kernel.tenancy import school_scope


def set_and_note(
    row: Model, values: Mapping[str, Any], *, by: Membership, at: datetime, name: str | None = None
) -> bool:
    """Give ``row`` these values, save it, and write down each that differs; whether any did.

    Of a new row only its beginning is written down, under the field ``created``.
    """
    is_new = row.pk is None
    stored = {} if is_new else {field: in_store(getattr(row, field)) for field in values}
    for field, value in values.items():
        setattr(row, field, value)
    row.save()
    changes = {
        field: (old, new)
        for field, old in stored.items()
        if (new := in_store(values[field])) != old
    }
    called = str(row) if name is None else name
    if is_new:
        changes = {CREATED: ("", called)}
    note_changes(row, changes, by=by, at=at, name=called)
    return bool(changes)


def note_changes(
    row: Model | type[Model],
    changes: Mapping[str, tuple[str, str]],
    *,
    by: Membership,
    at: datetime,
    name: str = "",
    subject_id: int | None = None,
) -> None:
    """Write changes down: field -> (what was, what is). A model instead of a row is all of them."""
    key = row.pk if isinstance(row, Model) else subject_id
    write_changes(
        changes,
        subject=(topic_of(row), key, name),
        school=by.school,
        by=by.user,
        at=at,
    )


def write_changes(
    changes: Mapping[str, tuple[str, str]],
    *,
    subject: tuple[str, int | None, str],
    school: School,
    by: User,
    at: datetime,
) -> None:
    """The rows themselves. ``subject`` is topic, id and name of what changed."""
    topic, subject_id, name = subject
    with school_scope(school.pk):
        SettingChange.objects.bulk_create(
            SettingChange(
                school=school,
                topic=topic,
                subject_id=subject_id,
                subject=name[:120],
                field=field,
                old=old,
                new=new,
                made_by=by,
                happened_at=at,
            )
            for field, (old, new) in changes.items()
            if old != new
        )


def in_store(value: Any) -> str:
    """A value as history keeps it: nothing is empty, a list is its items."""
    if value is None:
        return ""
    if isinstance(value, list | tuple | set):
        return ", ".join(str(item) for item in value)
    return str(value)

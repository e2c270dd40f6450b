"""Every row belongs to one school, and no query may forget it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import ClassVar, TypeVar

from django.db import models

M = TypeVar("M", bound=models.Model)

_active_school_id: ContextVar[int | None] = ContextVar("active_school_id", default=None)


class NoActiveSchool(RuntimeError):
    """A school's table was queried outside a school_scope() block."""


@contextmanager
def school_scope(school_id: int) -> Iterator[None]:
    """Let the enclosed code read and write the rows of one school, and of no other."""
    token = _active_school_id.set(school_id)
    try:
        yield
    finally:
        _active_school_id.reset(token)


def active_school_id() -> int:
    """The id of the school in scope; raises NoActiveSchool outside a scope."""
    school_id = _active_school_id.get()
    if school_id is None:
        raise NoActiveSchool
    return school_id


class SchoolManager(models.Manager[M]):
    """Raises outside a school scope, filters inside it: there is no third way."""

    def get_queryset(self) -> models.QuerySet[M]:
        return super().get_queryset().filter(school_id=active_school_id())


class SchoolOwned(models.Model):
    school = models.ForeignKey("administration.School", on_delete=models.PROTECT, related_name="+")

    objects: ClassVar = SchoolManager()
    across_schools: ClassVar = models.Manager()  # only for the modules listed in test_tenancy.py

    class Meta:
        abstract = True

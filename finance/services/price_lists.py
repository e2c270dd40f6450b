"""Price lists, their lines, and the levels of teachers they may depend on."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from administration.models import Membership, Teacher
from administration.services.noting import note_changes, set_and_note
from finance.models import PriceList, PriceRate, TeacherAtLevel, TeacherLevel
from finance.price_words import rate_in_words
from justdriving.kernel.policy import Refusal, Refused
from justdriving.kernel.transactions import refusing, use_case


@use_case
def save_price_list(
    *, price_list: PriceList | None, values: dict[str, Any], by: Membership, at: datetime
) -> PriceList:
    """Add a price list or change one; what was booked keeps the price that was agreed.

    ``values`` are the fields of PriceList; both days are included, in the school's calendar.
    Raises Refused: ``lists-overlap``, ``ends-before``.
    """
    price_list = price_list or PriceList(school=by.school)
    with refusing(
        {
            "price_lists_of_a_scope_do_not_overlap": lambda: Refusal(
                "lists-overlap",
                _("Another price list holds for the same place in these days. End that one first."),
            ),
            "price_list_ends_after_it_begins": lambda: Refusal(
                "ends-before", _("It ends before it begins.")
            ),
        }
    ):
        set_and_note(price_list, values, by=by, at=at)
    return price_list


@use_case
def save_rate(
    *,
    price_list: PriceList,
    rate: PriceRate | None,
    values: dict[str, Any],
    by: Membership,
    at: datetime,
) -> PriceRate:
    """Add a line to a price list or change one, for what is booked from now on.

    ``values`` are the fields of PriceRate. Raises Refused with ``window-backwards``.
    """
    old = rate_in_words(rate) if rate else ""
    rate = rate or PriceRate(school=by.school, price_list=price_list)
    for field, value in values.items():
        setattr(rate, field, value)
    backwards = Refusal("window-backwards", _("It ends before it begins."))
    with refusing({"rate_window_ends_after_it_begins": lambda: backwards}):
        rate.save()
    _note_rate(price_list, old, rate_in_words(rate), by, at)
    return rate


@use_case
def remove_rate(*, rate: PriceRate, by: Membership, at: datetime) -> None:
    """Take a line off its price list; what was booked keeps the price that was agreed."""
    _note_rate(rate.price_list, rate_in_words(rate), "", by, at)
    rate.delete()


def _note_rate(price_list: PriceList, old: str, new: str, by: Membership, at: datetime) -> None:
    note_changes(price_list, {"rates": (old, new)}, by=by, at=at, name=price_list.name)


@use_case
def save_level(
    *, level: TeacherLevel | None, values: dict[str, Any], by: Membership, at: datetime
) -> TeacherLevel:
    """Add a level of teachers or change one. Raises Refused with ``name-taken``."""
    level = level or TeacherLevel(school=by.school)
    taken = Refusal("name-taken", _("There is one with this name already."))
    with refusing({"teacher_level_name_once": lambda: taken}):
        set_and_note(level, values, by=by, at=at)
    return level


@use_case
def place_teachers(
    *, levels: Mapping[int, TeacherLevel | None], by: Membership, at: datetime
) -> None:
    """Give teachers (ids) their levels; None is no level. It counts for what is booked from now on.

    Raises Refused with ``not-found`` for a teacher the person cannot see.
    """
    seen = Teacher.objects.visible_to(by).select_related("membership__user")
    teachers = {one.pk: one for one in seen.filter(pk__in=levels)}
    if teachers.keys() != levels.keys():
        raise Refused(Refusal("not-found", _("There is no such teacher.")))
    held = TeacherAtLevel.objects.select_related("level").in_bulk(
        list(levels), field_name="teacher_id"
    )
    for pk, level in levels.items():
        had = held.get(pk)
        if (had.level if had else None) == level:
            continue
        _place(teachers[pk], had, level)
        change = {"level": (had.level.name if had else "", level.name if level else "")}
        name = str(teachers[pk])
        note_changes(TeacherAtLevel, change, by=by, at=at, name=name, subject_id=pk)


def _place(teacher: Teacher, had: TeacherAtLevel | None, level: TeacherLevel | None) -> None:
    if level is None:
        TeacherAtLevel.objects.filter(teacher=teacher).delete()
    elif had is None:
        TeacherAtLevel.objects.create(school_id=teacher.school_id, teacher=teacher, level=level)
    else:
        TeacherAtLevel.objects.filter(pk=had.pk).update(level=level)

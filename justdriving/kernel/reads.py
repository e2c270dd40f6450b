"""Reads that repeat: the ORM writes their SQL once, afterwards only the values are sent."""

from collections.abc import Callable, Hashable, Sequence
from functools import cache
from typing import Any, Generic, NamedTuple, TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Model, QuerySet
from django.db.models.query import get_related_populators

from justdriving.kernel.tenancy import active_school_id, school_scope

M = TypeVar("M", bound=Model)

SCHOOL = -(2**62)
"""Stands for the school in scope while the SQL is written; the values follow it, counted up."""


class ClockInQuery(TypeError):
    """A query that is written once asked for the time, which would stand still in it."""


class Slot(NamedTuple):
    """Where a value goes."""

    place: int


class Plan(NamedTuple):
    """The SQL of a query, its parameters with a ``Slot`` for each value, and how to make rows."""

    sql: str
    parameters: tuple[Any, ...]
    makes: Callable[[Sequence[tuple[Any, ...]]], list[Any]]


class Reading(Generic[M]):
    """A query whose SQL depends on the shape of its arguments and not on their values.

    ``query`` makes the queryset. It is called once for each shape, with arguments that stand for
    the real ones: it may hand them on to the ORM and ask whether they are None, nothing else. An
    argument is an int, a text, None, a tuple of ints or texts, or a row. Of a row the query may
    know the ids it holds and the fields that its model names in ``shapes_readings``, which belong
    to the shape: asking such a row for anything else is a query for a row that does not exist.
    """

    def __init__(self, query: Callable[..., QuerySet[M]]) -> None:
        self._query = query
        self._plans: dict[Hashable, Plan | None] = {}

    def __call__(self, *arguments: Any) -> list[M]:
        """The rows, each a new instance, with what the queryset selects along. One statement."""
        shape: list[Any] = []
        values: list[Any] = []
        for argument in arguments:
            _take_apart(argument, shape, values)
        key = tuple(shape)
        if key not in self._plans:
            self._plans[key] = self._written(arguments)
        plan = self._plans[key]
        if plan is None:
            active_school_id()
            return []
        filled = [
            (values[one.place] if one.place >= 0 else active_school_id())
            if type(one) is Slot
            else one
            for one in plan.parameters
        ]
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            cursor.execute(plan.sql, filled)
            return plan.makes(cursor.fetchall())

    def _written(self, arguments: Sequence[Any]) -> Plan | None:
        """Have the ORM write the SQL; None when no row can ever come of it."""
        stand_ins: dict[Any, Slot] = {SCHOOL: Slot(-1)}
        with school_scope(SCHOOL):
            query = self._query(*[_stand_in(argument, stand_ins) for argument in arguments]).query
            compiler = query.get_compiler(using=DEFAULT_DB_ALIAS)
            try:
                sql, parameters = compiler.as_sql()
            except EmptyResultSet:
                return None
        placed = tuple(
            stand_ins.get(one, one) if isinstance(one, int | str) else one for one in parameters
        )
        if strange := [one for one in placed if not isinstance(one, Slot | str | int | None)]:
            message = f"{strange} would stand still in this query"
            raise ClockInQuery(message)
        return Plan(sql, placed, _maker(compiler))


def _take_apart(argument: Any, shape: list[Any], values: list[Any]) -> None:
    """Add to the shape and to the values what an argument brings."""
    if isinstance(argument, Model):
        shape.append(type(argument))
        for name, is_value in _known(type(argument)):
            part = getattr(argument, name)
            if is_value and part is not None:
                shape.append(int)
                values.append(part)
            else:
                shape.append(part)
    elif isinstance(argument, tuple):
        shape += [tuple, len(argument)]
        values += argument
    elif argument is None:
        shape.append(None)
    else:
        shape.append(type(argument))
        values.append(argument)


@cache
def _known(model: type[Model]) -> tuple[tuple[str, bool], ...]:
    """What a query may know of a row: names of attributes, and whether they are values."""
    shaping = getattr(model, "shapes_readings", ())
    fields = [(one, one.primary_key or one.is_relation) for one in model._meta.concrete_fields]
    return tuple((one.attname, is_id) for one, is_id in fields if is_id or one.name in shaping)


def _stand_in(argument: Any, stand_ins: dict[Any, Slot]) -> Any:
    """What the query gets in place of an argument; each value in it is found again in the SQL."""

    def of(value: Any) -> Any:
        index = len(stand_ins) - 1
        one = f"\0{index}" if isinstance(value, str) else SCHOOL + 1 + index
        stand_ins[one] = Slot(index)
        return one

    if isinstance(argument, Model):
        parts = {
            name: of(part) if is_value and part is not None else part
            for name, is_value in _known(type(argument))
            for part in [getattr(argument, name)]
        }
        return type(argument).from_db(DEFAULT_DB_ALIAS, list(parts), list(parts.values()))
    if isinstance(argument, tuple):
        return tuple(of(one) for one in argument)
    return None if argument is None else of(argument)


def _maker(compiler: Any) -> Callable[[Sequence[tuple[Any, ...]]], list[Any]]:
    """Makes instances of what the database sends, as ``ModelIterable`` does."""
    info, select = compiler.klass_info, compiler.select
    first, last = info["select_fields"][0], info["select_fields"][-1] + 1
    model, names = info["model"], [one[0].target.attname for one in select[first:last]]
    populators = get_related_populators(info, select, DEFAULT_DB_ALIAS)  # type: ignore[call-arg]  # the stubs are ahead of Django
    converters = compiler.get_converters([one[0] for one in select]).items()

    def made(rows: Sequence[tuple[Any, ...]]) -> list[Any]:
        found, database = [], connections[DEFAULT_DB_ALIAS]
        for sent in rows:
            row = list(sent)
            for place, (convert, expression) in converters:
                for one in convert:
                    row[place] = one(row[place], expression, database)
            instance = model.from_db(DEFAULT_DB_ALIAS, names, row[first:last])
            for populator in populators:
                populator.populate(row, instance)
            found.append(instance)
        return found

    return made

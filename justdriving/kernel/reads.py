"""Reads that repeat: the ORM writes their SQL once, afterwards only the values are sent."""

from collections.abc import Callable, Hashable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any, Generic, NamedTuple, TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Model, QuerySet
from django.db.models.query import ModelIterable, ValuesIterable, get_related_populators

from justdriving.kernel.tenancy import active_school_id, school_scope

R = TypeVar("R")

SCHOOL = -(2**62)
"""Stands for the school in scope while the SQL is written; the values follow it, counted up."""
AGE = timedelta(days=499)
"""Lies between the times that stand for others: one that was reckoned with is none of them."""


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


class Reading(Generic[R]):
    """A query whose SQL depends on the shape of its arguments and not on their values.

    ``query`` makes the queryset, of rows or with ``values()``. It is called once for each shape,
    with arguments that stand for the real ones: it may hand them on to the ORM and ask whether they
    are None, nothing else. An argument is an int, a text, a date, an aware datetime, None, a tuple
    of ints or texts, or a row. Of a row the query may know the ids it holds and the fields that its
    model names in ``shapes_readings``, which belong to the shape: asking such a row for anything
    else is a query for a row that does not exist.
    """

    def __init__(self, query: Callable[..., QuerySet[Any, R]]) -> None:
        self._query = query
        self._plans: dict[Hashable, Plan | None] = {}

    def __call__(self, *arguments: Any) -> list[R]:
        """The rows, each a new instance with what the queryset selects along, or a new dict.

        One statement.
        """
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
        filled = _filled(plan.parameters, values)
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            cursor.execute(plan.sql, filled)
            return plan.makes(cursor.fetchall())

    def _written(self, arguments: Sequence[Any]) -> Plan | None:
        """Have the ORM write the SQL; None when no row can ever come of it."""
        stand_ins: dict[Any, Slot] = {SCHOOL: Slot(-1)}
        with school_scope(SCHOOL):
            queryset = self._query(*[_stand_in(argument, stand_ins) for argument in arguments])
            compiler = queryset.query.get_compiler(using=DEFAULT_DB_ALIAS)
            try:
                sql, parameters = compiler.as_sql()
            except EmptyResultSet:
                return None
        placed = tuple(_placed(one, stand_ins) for one in parameters)
        return Plan(sql, placed, _maker(queryset, compiler))


def _placed(parameter: Any, stand_ins: dict[Any, Slot]) -> Any:
    """The slot that a parameter stands for, or itself; lists are gone through."""
    if isinstance(parameter, list):
        return [_placed(one, stand_ins) for one in parameter]
    known = isinstance(parameter, int | str | date)
    placed = stand_ins.get(parameter, parameter) if known else parameter
    if not isinstance(placed, Slot | str | int | None):
        message = f"{placed} would stand still in this query"
        raise ClockInQuery(message)
    return placed


def _filled(parameters: Sequence[Any], values: Sequence[Any]) -> list[Any]:
    """The parameters with the values in their slots."""
    return [
        (values[one.place] if one.place >= 0 else active_school_id())
        if type(one) is Slot
        else _filled(one, values)
        if type(one) is list
        else one
        for one in parameters
    ]


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
        one: Any
        match value:
            case str():
                one = f"\0{index}"
            case datetime():
                one = datetime.min.replace(tzinfo=UTC) + AGE * (index + 1)
            case date():
                one = date.min + AGE * (index + 1)
            case _:
                one = SCHOOL + 1 + index
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


def _maker(
    queryset: QuerySet[Any, Any], compiler: Any
) -> Callable[[Sequence[tuple[Any, ...]]], list[Any]]:
    """Makes of what the database sends what the queryset would."""
    converters = list(compiler.get_converters([one[0] for one in compiler.select]).items())
    made = _MAKERS[queryset._iterable_class](queryset, compiler)  # noqa: SLF001 -- there is no other way to ask

    def all_made(rows: Sequence[tuple[Any, ...]]) -> list[Any]:
        database = connections[DEFAULT_DB_ALIAS]
        return [made(_converted(sent, converters, database)) for sent in rows]

    return all_made


def _converted(
    sent: tuple[Any, ...], converters: Sequence[tuple[int, Any]], database: Any
) -> list[Any]:
    row = list(sent)
    for place, (convert, expression) in converters:
        for one in convert:
            row[place] = one(row[place], expression, database)
    return row


def _instances(_queryset: QuerySet[Any, Any], compiler: Any) -> Callable[[list[Any]], Model]:
    """As ``ModelIterable`` does."""
    info, select = compiler.klass_info, compiler.select
    first, last = info["select_fields"][0], info["select_fields"][-1] + 1
    model, names = info["model"], [one[0].target.attname for one in select[first:last]]
    populators = get_related_populators(info, select, DEFAULT_DB_ALIAS)  # type: ignore[call-arg]  # the stubs are ahead of Django

    def made(row: list[Any]) -> Model:
        instance: Model = model.from_db(DEFAULT_DB_ALIAS, names, row[first:last])
        for populator in populators:
            populator.populate(row, instance)
        return instance

    return made


def _dicts(queryset: QuerySet[Any, Any], _compiler: Any) -> Callable[[list[Any]], dict[str, Any]]:
    """As ``ValuesIterable`` does."""
    query = queryset.query
    every = (*query.extra_select, *query.values_select, *query.annotation_select)
    names = tuple(query.selected or every)

    def made(row: list[Any]) -> dict[str, Any]:
        return dict(zip(names, row, strict=True))

    return made


_MAKERS = {ModelIterable: _instances, ValuesIterable: _dicts}

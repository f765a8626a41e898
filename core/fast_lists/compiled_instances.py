"""Queries for instances whose SQL is made once: for what every request asks, such as whose token it brings."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Model, QuerySet
from django.db.models.query import get_related_populators

from core.fast_lists import compiled_queries
from core.fast_lists.compiled_queries import PROBE_FACTORIES, CompiledQuery

related_populators: Any = get_related_populators  # its types are of a later Django's

# The place of a value in a row, what makes a field's value of it, and the column that this is asked with.
Converter = tuple[int, Callable[..., Any], Any]


@dataclass(frozen=True)
class _InstancePlan:
    """A statement, and how its rows become instances."""

    statement: CompiledQuery
    model: type[Model]
    names: list[str]
    converters: tuple[Converter, ...]
    related: list[Any]

    def instance(self, row: tuple[Any, ...]) -> Model:
        values = list(row)
        for place, convert, expression in self.converters:
            values[place] = convert(values[place], expression, connection)
        made = self.model.from_db(connection.alias, self.names, values[: len(self.names)])
        for populator in self.related:
            populator.populate(values, made)
        return made


class CompiledInstanceQuery:
    """`build(values)` for values of these `kinds`, by name: the same instances as the queryset's, without its compilation.

    For querysets of whole instances, with `select_related` or without. Raises UncompilableError at the first use where the SQL
    depends on the values.
    """

    def __init__(self, build: Callable[[dict[str, Any]], QuerySet[Any]], **kinds: type) -> None:
        self._build = build
        self._kinds = kinds
        self._plan: _InstancePlan | None = None

    def __call__(self, **values: object) -> list[Any]:
        """The instances, read within the open transaction. Raises django.db.Error."""
        if not settings.FAST_LISTS:
            return list(self._build(values))
        plan = self._plan or self._compile()
        return [plan.instance(row) for row in compiled_queries.read_in_transaction(connection, plan.statement, values)]

    def _probe_values(self) -> dict[str, Any]:
        return {name: PROBE_FACTORIES[kind]() for name, kind in self._kinds.items()}

    def _compile(self) -> _InstancePlan:
        statement = compiled_queries.compile_query(self._build, self._kinds, connection)
        compiler = self._build(self._probe_values()).query.get_compiler(connection=connection)
        compiler.as_sql()
        info: Any = compiler.klass_info
        columns = [expression for expression, _, _ in compiler.select]
        names = [columns[place].target.attname for place in info["select_fields"]]
        converters = tuple(
            (place, convert, expression)
            for place, (converts, expression) in compiler.get_converters(columns).items()
            for convert in converts
        )
        related = related_populators(info, compiler.select, connection.alias)
        self._plan = _InstancePlan(statement, info["model"], names, converters, related)
        return self._plan

"""Queries for model instances whose SQL is compiled once, for frequent queries such as that of a token's user."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model, QuerySet
from django.db.models.query import get_related_populators

from core.fast_lists import compiled_queries
from core.fast_lists.compiled_queries import PROBE_FACTORIES, CompiledQuery
from core.fast_lists.lookups import Lookup, look_up

related_populators: Any = get_related_populators  # untyped, because the stubs are those of a later Django

# The index of a value in a row, the function that converts it, and the expression to call that with.
Converter = tuple[int, Callable[..., Any], Any]


@dataclass(frozen=True)
class _InstancePlan:
    """A statement, and the data to convert its rows to instances."""

    statement: CompiledQuery
    model: type[Model]
    names: list[str]
    converters: tuple[Converter, ...]
    related: list[Any]
    annotations: tuple[tuple[str, int], ...]

    def instance(self, row: tuple[Any, ...], connection: BaseDatabaseWrapper) -> Model:
        values = list(row)
        for place, convert, expression in self.converters:
            values[place] = convert(values[place], expression, connection)
        instance = self.model.from_db(connection.alias, self.names, values[: len(self.names)])
        for populator in self.related:
            populator.populate(values, instance)
        for name, place in self.annotations:
            setattr(instance, name, values[place])
        return instance


class CompiledInstanceQuery:
    """A compiled query for the instances of the queryset that `build` returns for values of these types, by name.

    The queryset must return whole instances, with or without `select_related` and annotations. The first call raises
    UncompilableError if the SQL depends on the values.
    """

    def __init__(self, build: Callable[[dict[str, Any]], QuerySet[Any]], **kinds: type) -> None:
        self._build = build
        self._kinds = kinds
        self._plan: _InstancePlan | None = None

    def __call__(self, **values: object) -> list[Any]:
        """Return the instances, read in the open transaction, or raise django.db.Error."""
        if not settings.FAST_LISTS:
            return list(self._build(values))
        found: list[Any] = []
        look_up([self.lookup(found.extend, **values)])
        return found

    def lookup(self, take: Callable[[list[Any]], object], **values: object) -> Lookup:
        """Return the look-up that passes the instances to `take`."""
        plan = self._plan or self.compile()
        opened = connections[DEFAULT_DB_ALIAS]  # not the proxy `django.db.connection`, which is slow to read
        return Lookup(plan.statement, values, lambda rows: take([plan.instance(row, opened) for row in rows]))

    def compile(self) -> _InstancePlan:
        """Compile the query, or raise UncompilableError."""
        connection = connections[DEFAULT_DB_ALIAS]
        statement = compiled_queries.compile_query(self._build, self._kinds, connection)
        probes = {name: PROBE_FACTORIES[kind]() for name, kind in self._kinds.items()}
        compiler = self._build(probes).query.get_compiler(connection=connection)
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
        annotations = tuple(compiler.annotation_col_map.items())
        self._plan = _InstancePlan(statement, info["model"], names, converters, related, annotations)
        return self._plan

"""SQL conditions of searches."""

from collections.abc import Callable
from functools import reduce
from operator import and_, or_
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from core.api.filters.fields import HAS, IS, FieldTable
from core.api.filters.kinds import Kind, Scope
from core.api.filters.periods import Calendar, Midnight, RelativeDay
from core.api.filters.texts import WORDS
from core.api.filters.tree import AllOf, AnyOf, Condition, Node, Not, Search, fields_of, values_of, with_values
from core.postgres.text_matching import IsNotTrue


def matching(
    queryset: QuerySet[Any], search: Search, table: FieldTable, *, owner: UUID, calendar: Callable[[], Calendar]
) -> QuerySet[Any]:
    """Return the owner's rows that match a search. `calendar` is called for searches that depend on it, at most once."""
    if search.where is None:
        return queryset
    values = list(values_of(search.where))
    if any(isinstance(value, Midnight | RelativeDay) for value in values):
        now = calendar()
        values = [value.on(now) if isinstance(value, Midnight | RelativeDay) else value for value in values]
    return queryset.filter(condition_of(with_values(search.where, iter(values)), table, Scope(owner)))


def condition_of(node: Node, table: FieldTable, scope: Scope) -> Q:
    """Return the SQL condition of a tree whose values do not depend on the day: that a row, or one of its parts, matches."""
    whole, parts = _of_row(node, table, scope), table.parts
    if parts is None or parts.own.isdisjoint(fields_of(node)):
        return whole
    own = parts.table.model._default_manager.filter(**{"user_id": OuterRef("user_id"), parts.parent: OuterRef("pk")})
    return whole | parts.exist & Q(Exists(own.filter(_of_row(node, parts.table, scope))))


def _of_row(node: Node, table: FieldTable, scope: Scope) -> Q:
    """Return the condition that a row itself matches. What is negated may match none of its parts, either."""
    match node:
        case AllOf(parts) | AnyOf(parts):
            conditions = (_of_row(part, table, scope) for part in parts)
            return reduce(and_ if isinstance(node, AllOf) else or_, conditions)
        case Not(part):
            return Q(IsNotTrue(condition_of(part, table, scope)))
        case Condition(field, operator, _) if field in {HAS, IS}:
            return table.conditions[field][operator]
        case Condition(field, operator, values):
            kind: Kind = table.words if field == WORDS else table.kinds[field]
            return kind.where(operator, values, scope)

"""A search as a tree of conditions."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, Union

Node = Union["AllOf", "AnyOf", "Not", "Condition"]


@dataclass(frozen=True, slots=True)
class AllOf:
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: Node


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition by the name of its field, an operator of the field's kind, and values, on which its SQL does not depend."""

    field: str
    operator: str
    values: tuple[Any, ...] = ()


class Ordering(NamedTuple):
    """The ordering of a search, as in `?ordering=`, and the column at which it is written."""

    name: str
    column: int


@dataclass(frozen=True, slots=True)
class Search:
    """A search: its conditions, None for every row, and its ordering, None for the list's own."""

    where: Node | None = None
    ordering: Ordering | None = None


def values_of(node: Node | None) -> Iterator[Any]:
    """Yield the values of all conditions, from left to right."""
    match node:
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from values_of(part)
        case Not(part):
            yield from values_of(part)
        case Condition(_, _, values):
            yield from values


def fields_of(node: Node) -> Iterator[str]:
    """Yield the names of the fields of all conditions."""
    match node:
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from fields_of(part)
        case Not(part):
            yield from fields_of(part)
        case Condition(field, _, _):
            yield field


def with_values(node: Node, values: Iterator[Any]) -> Node:
    """Return the tree with other values, in the order of `values_of`."""
    match node:
        case AllOf(parts):
            return AllOf(tuple(with_values(part, values) for part in parts))
        case AnyOf(parts):
            return AnyOf(tuple(with_values(part, values) for part in parts))
        case Not(part):
            return Not(with_values(part, values))
        case Condition(field, operator, old):
            return Condition(field, operator, tuple(next(values) for _ in old))

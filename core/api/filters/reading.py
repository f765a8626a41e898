"""Searches read with a table of fields: from text to a tree of conditions. `core.api.filters.searches` imports this module."""

from typing import Any

from lark import Token, Tree

from core.api.filters.errors import SearchError, suggestion
from core.api.filters.fields import SORT, FieldTable
from core.api.filters.grammar import parse
from core.api.filters.kinds import EQUAL
from core.api.filters.lexer import FIELD
from core.api.filters.texts import NOTHING, WORDS, Text
from core.api.filters.tree import AllOf, AnyOf, Condition, Node, Not, Ordering, Search
from core.folding import fold


class Reader:
    """Reads one search."""

    def __init__(self, table: FieldTable) -> None:
        self.table = table
        self.ordering: Ordering | None = None
        self.depth = 0  # of brackets and negations

    def read(self, text: str) -> Search:
        where = self._node(parse(text, self.table.known))
        if where is None and self.ordering is None:
            raise SearchError("invalid_search", NOTHING, 1)
        return Search(where, self.ordering)

    def _node(self, found: Tree[Token] | Token) -> Node | None:
        """Return the conditions of a part of the syntax tree; None for signs without letters, which are ignored."""
        if isinstance(found, Token):
            return self._words(found.value)
        kind, children = str(found.data), found.children
        if kind == "condition":
            return self._condition(children[0], children[1].value)  # type: ignore[arg-type, union-attr]  # two tokens
        self.depth += kind in {"group", "negation"}
        parts = [part for part in map(self._node, children) if part is not None]
        self.depth -= kind in {"group", "negation"}
        if kind == "negation":
            return Not(parts[0]) if parts else None
        if len(parts) < 2:
            return parts[0] if parts else None
        return AllOf(tuple(parts)) if kind == "all_of" else AnyOf(tuple(parts))

    def _words(self, value: Text) -> Node | None:
        if not fold(value.text) and not value.is_quoted:
            return None
        return Condition(WORDS, *self.table.words.read(":", value))

    def _condition(self, field: Token, value: Text) -> Node | None:
        name, operator = FIELD.fullmatch(field).groups()  # type: ignore[union-attr]  # the lexer has matched it
        name = name.lower()
        kind = self.table.kinds.get(name)
        allowed = kind.operators if kind else EQUAL
        if operator not in allowed:
            message = f'"{name}" has no operator {operator}. Use one of: {" ".join(allowed)}'
            raise SearchError("invalid_search", message, (field.start_pos or 0) + 1)
        if name == SORT:
            self._sort(operator, value)
            return None
        positive = "=" if operator == "!=" else operator
        node = Condition(name, *kind.read(positive, value)) if kind else self._named(name, value)
        return Not(node) if operator == "!=" else node

    def _named(self, name: str, value: Text) -> Condition:
        """Return the condition of `has:` or `is:`."""
        known = self.table.conditions[name]
        if value.text.lower() not in known:
            raise _not_one_of(value, known)
        return Condition(name, value.text.lower())

    def _sort(self, operator: str, value: Text) -> None:
        if self.depth or operator == "!=":
            message = "sort: applies to the whole search. Write it outside of brackets and without a sign in front."
            raise SearchError("invalid_search", message, value.column)
        if self.ordering is not None:
            raise SearchError("invalid_search", "Sort by one field only.", value.column)
        name = value.text.lower().removeprefix("-")
        if name not in self.table.sortable:
            raise _not_one_of(value, self.table.sortable)
        self.ordering = Ordering("-" * value.text.startswith("-") + self.table.sortable[name], value.column)


def _not_one_of(value: Text, known: dict[str, Any]) -> SearchError:
    hint = suggestion(value.text.removeprefix("-"), known)
    message = f'Expected one of {", ".join(sorted(known))}, not "{value.text}". {hint}'
    return SearchError("invalid_search_value", message.rstrip(), value.column)

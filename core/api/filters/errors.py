"""The error of a search that can't be read."""

from collections.abc import Iterable
from difflib import get_close_matches

from core.errors import DomainError


class SearchError(DomainError):
    """A mistake in a search at `column`, which counts characters from 1."""

    def __init__(self, code: str, message: str, column: int) -> None:
        super().__init__(code, message, field="search")
        self.details = {"column": column}


def suggestion(text: str, known: Iterable[str]) -> str:
    """Return "Did you mean food? " for a near miss of a known word, else ""."""
    found = get_close_matches(text.lower(), list(known), n=1)
    return f"Did you mean {found[0]}? " if found else ""


def unknown_field(name: str, known: Iterable[str], column: int) -> SearchError:
    fields = sorted(known)
    message = f'Unknown field "{name}". {suggestion(name, fields)}Known fields: {", ".join(fields)}.'
    return SearchError("unknown_search_field", f"{message} To search for the text itself, put it in quotes.", column)

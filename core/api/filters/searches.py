"""Searches that are read once; the grammar and lark are imported at the first search of the process."""

from functools import lru_cache

from django.utils.module_loading import import_string

from core.api.filters.fields import FieldTable
from core.api.filters.tree import Search

CACHED_SEARCHES = 500


@lru_cache(CACHED_SEARCHES)
def read_search(text: str, table: FieldTable) -> Search:
    """Return the search that a text means, or raise SearchError. A blank text finds every row."""
    if not text.strip():
        return Search()
    found: Search = import_string("core.api.filters.reading.Reader")(table).read(text)
    return found

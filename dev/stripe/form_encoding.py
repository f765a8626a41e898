"""Form-encoded nested parameters: `items[0][price]=price_1&expand[]=customer`."""

import re
from typing import Any
from urllib.parse import parse_qsl

from dev.stripe.errors import ApiError

BRACKETED = re.compile(r"\[([^\[\]]*)\]")
MAX_NESTING_DEPTH = 10


def decoded(text: str) -> dict[str, Any]:
    """Return nested dictionaries of strings. A list is a dictionary with the keys "0", "1", …; `a[]` is numbered."""
    tree: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        put(tree, path_of(name), value)
    return tree


def path_of(name: str) -> list[str]:
    """Return `a[b][0]` as `["a", "b", "0"]`."""
    first = name.split("[", 1)[0]
    path = [first, *BRACKETED.findall(name[len(first) :])]
    if not first or len(path) > MAX_NESTING_DEPTH:
        raise ApiError(f"Invalid parameter name: {name}", param=name)
    return path


def put(tree: dict[str, Any], path: list[str], value: str) -> None:
    """Write `value` at `path` and create the dictionaries on the way."""
    here = tree
    for step in path[:-1]:
        here = here.setdefault(step if step else str(len(here)), {})
        if not isinstance(here, dict):
            raise ApiError(f"Invalid parameter: {'.'.join(path)}", param=path[0])
    here[path[-1] if path[-1] else str(len(here))] = value

"""The routes of the API. The modules of resources register theirs; `{id}` stands for a part of a path."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dev.stripe.errors import ApiError
from dev.stripe.parameters import Table, each, text

Operation = Callable[..., Any]


@dataclass(frozen=True)
class Route:
    """An operation, its parameters, and the pattern of its path."""

    method: str
    pattern: re.Pattern[str]
    table: Table
    operation: Operation


ROUTES: list[Route] = []


def route(address: str, table: Table | None = None) -> Callable[[Operation], Operation]:
    """Register `operation(account, given, *parts_of_the_path)` for an address such as `POST /v1/customers/{id}`."""
    method, path = address.split(" ")
    pattern = re.compile(re.sub(r"\{\w+\}", r"([^/]+)", path))

    def register(operation: Operation) -> Operation:
        ROUTES.append(Route(method, pattern, {"expand": each(text), **(table or {})}, operation))
        return operation

    return register


def match_route(method: str, path: str) -> tuple[Route, tuple[str, ...]]:
    """Return the route of a request and the variable parts of its path, fewest first: `create_preview` precedes `{id}`."""
    matches = [
        (entry, match.groups()) for entry in ROUTES if entry.method == method and (match := entry.pattern.fullmatch(path))
    ]
    if matches:
        return min(matches, key=lambda pair: len(pair[1]))
    raise ApiError(f"Unrecognized request URL ({method}: {path}). Please see https://stripe.com/docs.", status=404)

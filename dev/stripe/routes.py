"""The routes of the API. The modules of `resources` register them. `{id}` matches one segment of a path."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dev.stripe.errors import ApiError
from dev.stripe.parameters import Table, each, text

Operation = Callable[..., Any]


@dataclass(frozen=True)
class Route:
    method: str
    pattern: re.Pattern[str]
    table: Table
    operation: Operation


ROUTES: list[Route] = []


def route(endpoint: str, table: Table | None = None) -> Callable[[Operation], Operation]:
    """Register `operation(account, given, *parts_of_the_path)` for an endpoint such as `POST /v1/customers/{id}`."""
    method, path = endpoint.split(" ")
    pattern = re.compile(re.sub(r"\{\w+\}", r"([^/]+)", path))

    def register(operation: Operation) -> Operation:
        ROUTES.append(Route(method, pattern, {"expand": each(text), **(table or {})}, operation))
        return operation

    return register


def match_route(method: str, path: str) -> tuple[Route, tuple[str, ...]]:
    """Return a request's route and its path's variable parts. The route with the fewest wins: `create_preview` over `{id}`."""
    matches = [
        (entry, match.groups()) for entry in ROUTES if entry.method == method and (match := entry.pattern.fullmatch(path))
    ]
    if matches:
        return min(matches, key=lambda pair: len(pair[1]))
    raise ApiError(f"Unrecognized request URL ({method}: {path}). Please see https://stripe.com/docs.", status=404)

"""Requests of an attacker to a route, generated from the router and the API's schema.

A probe has one id in its path, its query and its body: first the victim's, then one that does not exist. Both responses must
be the same.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from uuid import UUID

import orjson
from django.test import Client
from django_filters.filters import UUIDFilter
from drf_spectacular.generators import SchemaGenerator

from dev.routes import Route

UNKNOWN_ID = UUID("0badc0de-0000-4000-8000-00000000dead")
SPOT = "{id}"
WRITES = ("create", "update", "partial_update")
ALIASES = {
    "/api/v1/finance/transactions/import/": "/api/v1/finance/imports/",
    "/api/v1/finance/transactions/search/": "/api/v1/finance/transactions/",
}
"""The paths of the document under which the routes are described that are not in it."""
OWNER_FIELDS = ("user", "user_id", "owner", "owner_id", "id", "pk")
CLIENT = Client(raise_request_exception=False)  # shared, as each client searches the static files again


@dataclass(frozen=True)
class Probe:
    """One request with a place for an id."""

    method: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    body: Any = None

    def send(self, token: str, key: UUID, *, scheme: str = "Bearer ", **headers: str) -> Any:
        """Return the response to the probe with `key` as its id."""
        body, path = orjson.dumps(self.body).decode().replace(SPOT, str(key)), self.path.replace(SPOT, str(key))
        query = {name: value.replace(SPOT, str(key)) for name, value in self.query.items()}
        sent = {"data": body, "content_type": "application/json"} if self.body is not None else {}
        headers |= {"Authorization": f"{scheme}{token}"} if token else {}
        return CLIENT.generic(self.method.upper(), path, query_params=query, headers=headers, **sent)

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.path} {self.query} {self.body}"


def probes_for(route: Route, own: UUID) -> Iterator[Probe]:
    """Yield a probe for each place of an id in a route's requests. Other ids are `own`, the id of the attacker's rows."""
    for method, action in route.methods.items():
        yield from _by_path(route, method)
        yield from _by_query(route, method, action)
        if body := body_of(route, method, SPOT):
            yield Probe(method, route.path(own), body=body)
        if action == "bulk":
            yield from _by_bulk(route, own)


def forgeries_for(route: Route, own: UUID, names: Iterable[str] = OWNER_FIELDS) -> Iterator[Probe]:
    """Yield probes with the owner's fields `names` in the query or in the body, where no id belongs."""
    forged = dict.fromkeys(names, SPOT)
    for method, action in route.methods.items():
        if method == "get":
            yield Probe(method, route.path(own), query=forged)
        elif action == "bulk":
            yield Probe("post", route.path(), body={"create": [_row_of(route, own) | forged]})
            yield Probe("post", route.path(), body={"update": [{"id": str(own)} | forged]})
        else:
            yield Probe(method, route.path(own), body={**(body_of(route, method, str(own)) or {}), **forged})


def _by_path(route: Route, method: str) -> Iterator[Probe]:
    if route.has_key:
        yield Probe(method, route.path(SPOT), body=body_of(route, method, SPOT))
        yield Probe(method, route.path(SPOT), body={} if method != "get" else None)


def _by_query(route: Route, method: str, action: str) -> Iterator[Probe]:
    filters = getattr(getattr(route.view, "filterset_class", None), "base_filters", {})
    names = [name for name, found in filters.items() if isinstance(found, UUIDFilter)]
    if method == "get" and action in ("list", "export"):
        for name in (*names, "cursor", "search"):
            yield Probe(method, route.path(SPOT), query={name: SPOT})


def _by_bulk(route: Route, own: UUID) -> Iterator[Probe]:
    row = _row_of(route, own)
    change = dict(list(row.items())[:1])
    filters = [name for name, found in route.view.filterset_class.base_filters.items() if isinstance(found, UUIDFilter)]
    yield Probe("post", route.path(), body={"update": [{"id": SPOT, **change}]})
    yield Probe("post", route.path(), body={"delete": [SPOT]})
    yield Probe("post", route.path(), body={"delete": [str(own), SPOT]})
    yield Probe("post", route.path(), body={"ids": [SPOT], "patch": change, "expected_count": 1})
    yield Probe("post", route.path(), body={"ids": [str(own), SPOT], "patch": change, "expected_count": 2})
    yield Probe("post", route.path(), body={"create": [row | {name: SPOT for name, value in row.items() if value == str(own)}]})
    for name in filters:
        yield Probe("post", route.path(), body={"filter": {name: SPOT}, "patch": change, "expected_count": 1})


def _row_of(route: Route, own: UUID) -> dict[str, Any]:
    """Return a row that a bulk request creates."""
    row: dict[str, Any] = body_of(Route(route.pattern.replace("bulk/", ""), route.view, {"post": "create"}), "post", str(own))
    return row


@cache
def schema() -> dict[str, Any]:
    """Return the API's OpenAPI document."""
    return SchemaGenerator().get_schema(request=None, public=True)


def body_of(route: Route, method: str, key: str) -> Any:
    """Return a request body of a route with `key` for each id, None if the route has no JSON body."""
    path = "/" + route.pattern.replace("<uuid:pk>", "{id}").replace("<int:number>", "{number}")
    path = ALIASES.get(path, path)
    operations = schema()["paths"].get(path) or schema()["paths"][path.replace("{id}", "{pk}")]
    content = operations[method].get("requestBody", {}).get("content", {})
    if "application/json" not in content:
        return None
    body = example(content["application/json"]["schema"], key)
    return (
        _as_documented(route, body, key) if method in ("post", "put", "patch") and route.methods.get(method) in WRITES else body
    )


def _as_documented(route: Route, body: dict[str, Any], key: str) -> dict[str, Any]:
    """Return the body with the documentation's example, as values that the schema allows may be invalid."""
    form = route.view(action="create", request=None).get_serializer_class()
    fields = {name: field for name, field in form().fields.items() if not field.read_only}
    known = {name: value for name, value in form.Meta.example.items() if name in fields}
    keys = {name: key for name, field in fields.items() if hasattr(field, "queryset")}
    return {name: value for name, value in body.items() if fields[name].required} | known | keys


def example(json_schema: dict[str, Any], key: str) -> Any:
    """Return a value that a JSON schema allows."""
    if "$ref" in json_schema:
        return example(schema()["components"]["schemas"][json_schema["$ref"].rsplit("/", 1)[1]], key)
    for several in ("oneOf", "anyOf", "allOf"):
        if several in json_schema:
            return example(json_schema[several][0], key)
    if "enum" in json_schema:
        return json_schema["enum"][0]
    kinds = json_schema.get("type", "object")
    kind = kinds if isinstance(kinds, str) else kinds[0]
    return EXAMPLES[kind](json_schema, key)


def _text(json_schema: dict[str, Any], key: str) -> str:
    known = {
        "uuid": key,
        "date": "2026-03-01",
        "date-time": "2026-03-01T09:30:00Z",
        "time": "09:30:00",
        "email": "a@example.org",
    }
    known |= {"decimal": "1.00", "uri": "https://example.org/"}
    if json_schema.get("format") in known:
        return known[json_schema["format"]]
    return "1.00" if "pattern" in json_schema else "text"


def _object(json_schema: dict[str, Any], key: str) -> dict[str, Any]:
    fields = json_schema.get("properties", {})
    return {name: example(found, key) for name, found in fields.items() if not found.get("readOnly")}


EXAMPLES: dict[str, Any] = {
    "string": _text,
    "integer": lambda json_schema, key: max(json_schema.get("minimum", 1), 1),
    "number": lambda json_schema, key: 1,
    "boolean": lambda json_schema, key: True,
    "array": lambda json_schema, key: [example(json_schema["items"], key)] if json_schema.get("items") else [],
    "object": _object,
}

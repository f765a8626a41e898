"""The API's routes, read from the URL configuration, so that the contract tests cover each new route."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from django.urls import URLPattern, URLResolver, get_resolver

from core.api.permissions import PublicReadStaffWrite
from core.api.viewsets import OwnedBaseViewSet
from core.middleware import BODY_LIMITS
from dev.factories import FACTORIES
from users.models import User

API = "api/v1/"


@dataclass(frozen=True)
class Route:
    """A route of the API: its URL pattern, its view class, and the view's action by HTTP method."""

    pattern: str
    view: Any
    methods: dict[str, str]

    @property
    def model(self) -> Any:
        return self.view.queryset.model

    @property
    def is_owned(self) -> bool:
        """Return True if the view serves the user's own rows, possibly with broadcasts among them."""
        return issubclass(self.view, OwnedBaseViewSet)

    def is_public(self, method: str) -> bool:
        """Return True if the method needs no authentication."""
        return PublicReadStaffWrite in self.view.permission_classes and method in ("get", "head")

    @property
    def has_key(self) -> bool:
        return "<uuid:pk>" in self.pattern

    @property
    def is_list(self) -> bool:
        return self.methods.get("get") == "list"

    @property
    def takes_a_file(self) -> bool:
        """Return True if a POST has a multipart form, and its own limit of the body."""
        return f"/{self.pattern}" in BODY_LIMITS

    def path(self, key: object = None) -> str:
        text = "/" + self.pattern.replace("<uuid:pk>", str(key or uuid4()))
        return text.replace("<int:number>", "1")

    def __str__(self) -> str:
        return self.pattern.removeprefix(API)


def _api_routes(patterns: list[Any], prefix: str) -> Iterator[Route]:
    for entry in patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _api_routes(entry.url_patterns, path)
        elif isinstance(entry, URLPattern) and path.startswith(API):
            yield Route(path, entry.callback.cls, dict(entry.callback.actions))


def make(model: Any, number: int, user: User) -> list[Any]:
    """Create rows of a model. Rows of an owned model belong to `user`."""
    owned = any(field.name == "user" for field in model._meta.concrete_fields)
    return FACTORIES[model].create_batch(number, **({"user": user} if owned else {}))


ROUTES = list(_api_routes(get_resolver().url_patterns, ""))
LISTS = [route for route in ROUTES if route.is_list and not route.has_key]
OPERATIONS = [(route, method) for route in ROUTES for method in route.methods]
AUTHENTICATED_OPERATIONS = [(route, method) for route, method in OPERATIONS if not route.is_public(method)]
OWNED_LISTS = [route for route in LISTS if route.is_owned]
OWNED_KEYED = [route for route in ROUTES if route.has_key and route.is_owned]

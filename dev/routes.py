"""Walks the URL map, so that the contract covers the next route without a new line."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from django.urls import URLPattern, URLResolver, get_resolver

from core.api.permissions import PublicReadStaffWrite
from core.api.viewsets import OwnedBaseViewSet
from dev.factories import FACTORIES
from users.models import User

API = "api/v1/"


@dataclass(frozen=True)
class Route:
    """One address of the API: its pattern, its view class and which method does what there."""

    pattern: str
    view: Any
    methods: dict[str, str]

    @property
    def model(self) -> Any:
        return self.view.queryset.model

    @property
    def is_owned(self) -> bool:
        """Whether a customer meets his own rows here; a broadcast may be among them."""
        return issubclass(self.view, OwnedBaseViewSet)

    def is_public(self, method: str) -> bool:
        """Whether nobody need say who he is."""
        return PublicReadStaffWrite in self.view.permission_classes and method in ("get", "head")

    @property
    def has_key(self) -> bool:
        return "<uuid:pk>" in self.pattern

    @property
    def is_list(self) -> bool:
        return self.methods.get("get") == "list"

    def path(self, key: object = None) -> str:
        text = "/" + self.pattern.replace("<uuid:pk>", str(key or uuid4()))
        return text.replace("<int:number>", "1")

    def __str__(self) -> str:
        return self.pattern.removeprefix(API)


def _walk(patterns: list[Any], prefix: str) -> Iterator[Route]:
    for entry in patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _walk(entry.url_patterns, path)
        elif isinstance(entry, URLPattern) and path.startswith(API):
            yield Route(path, entry.callback.cls, dict(entry.callback.actions))


def make(model: Any, number: int, user: User) -> list[Any]:
    """Store rows of any model, those of an owned one for `user`."""
    owned = any(field.name == "user" for field in model._meta.concrete_fields)
    return FACTORIES[model].create_batch(number, **({"user": user} if owned else {}))


ROUTES = list(_walk(get_resolver().url_patterns, ""))
LISTS = [route for route in ROUTES if route.is_list and not route.has_key]
OPERATIONS = [(route, method) for route in ROUTES for method in route.methods]
AUTHENTICATED_OPERATIONS = [(route, method) for route, method in OPERATIONS if not route.is_public(method)]
OWNED_LISTS = [route for route in LISTS if route.is_owned]
OWNED_KEYED = [route for route in ROUTES if route.has_key and route.is_owned]

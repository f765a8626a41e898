"""The base class of views of the only row that a user has of a model, such as their profile."""

from typing import Any, TypeVar

from core.api.viewsets import OwnedBaseViewSet, RetrieveMixin, UpdateMixin
from core.models.base import BaseModel

RowT = TypeVar("RowT", bound=BaseModel)


class OwnedSingletonViewSet(UpdateMixin[RowT], RetrieveMixin[RowT], OwnedBaseViewSet[RowT]):
    """A viewset of the user's only row of a model, at a URL without an id."""

    def lookup(self) -> dict[str, Any]:
        return {}

"""The base class of views of the only row that a user has of a model, such as their profile."""

from typing import Any, TypeVar, cast

from rest_framework.request import Request
from rest_framework.response import Response

from core.api.viewsets import OwnedBaseViewSet, RetrieveMixin, UpdateMixin
from core.models.base import BaseModel

RowT = TypeVar("RowT", bound=BaseModel)


class OwnedSingletonViewSet(UpdateMixin[RowT], RetrieveMixin[RowT], OwnedBaseViewSet[RowT]):
    """A viewset of the user's only row of a model, at a URL without an id. With `creates_on_put` a PUT creates it."""

    creates_on_put = False

    def lookup(self) -> dict[str, Any]:
        return {}

    def update(self, request: Request, *args: object, partial: bool = False, **kwargs: object) -> Response:
        if self.creates_on_put and not partial and not self.get_queryset().exists():
            serializer = self.get_serializer(data=request.data)
            serializer.is_valid(raise_exception=True)
            serializer.save()
            return self.row_response(cast("RowT", serializer.instance), status=201)
        return super().update(request, *args, partial=partial, **kwargs)

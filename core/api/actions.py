"""Actions of a viewset: `POST` endpoints beside those for create, read, update and delete, with their documentation."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from core.api.viewsets import BaseViewSet

Method = Callable[..., Any]


def post_action(
    *, detail: bool = True, url_path: str = "", attributes: Mapping[str, Any] = {}, **schema: Any
) -> Callable[[Method], Method]:
    """Declare `POST /route/{id}/<action>/`, or without `detail` `POST /route/<action>/`, named after the method or `url_path`.

    `schema` has the arguments of `extend_schema`. Without a `request`, the endpoint has no body. `attributes` replace those of
    the view for the endpoint, such as `parser_classes`.
    """

    def declare(method: Method) -> Method:
        path = url_path or method.__name__.replace("_", "-")
        endpoint = action(detail=detail, methods=["post"], url_path=path, **attributes)(method)
        documented: Method = extend_schema(**{"request": None} | schema)(endpoint)
        return documented

    return declare


def row_action(*, request: type[Serializer] | None = None, **schema: Any) -> Callable[[Method], Method]:
    """Declare `POST /route/{id}/<action>/` for a method that changes the row. The response is the changed row.

    The method gets the locked row, and the fields of a body that was validated by the serializer `request`.
    """

    def declare(method: Method) -> Method:
        @post_action(request=request, **schema)
        @wraps(method)
        def endpoint(self: BaseViewSet[Any], http_request: Request, pk: str) -> Response:
            row = self.locked_object()
            method(self, row, **(self.parsed(request) if request else {}))
            return self.row_response(row)

        return endpoint

    return declare

"""The endpoint of the changes of a user's objects."""

from typing import Any, ClassVar, cast
from uuid import UUID

from django.contrib.auth import get_user_model
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.exceptions import ErrorDetail, PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.errors import ApiError
from core.api.examples import response_example
from core.api.pagination import DEFAULT_LIMIT, MAX_LIMIT, limit_of
from core.api.viewsets import OwnedBaseViewSet
from core.changes.cursors import ChangeCursor
from core.changes.log import PositionExpiredError
from core.changes.reading import ChangedObject, read_page
from core.changes.serializers import ChangesSerializer
from core.changes.types import ChangeType, change_types

PROBLEM = {"$ref": "#/components/schemas/Problem"}
PARAMETERS = {"cursor", "limit", "types", "types__in"}
START_OVER = "Start over: read without a cursor, and replace everything that you have stored."
EXPIRED = f"This cursor is older than the changes that are kept. {START_OVER}"
UNKNOWN_CURSOR = "Not a cursor of this user's changes. Use that of the last page, or omit it to start over."


class ChangesViewSet(OwnedBaseViewSet[Any]):
    may_read_replica = False  # the log and the objects are read from one database, in this order
    queryset = get_user_model().objects.all()
    serializer_class = ChangesSerializer
    pagination_class = None
    filtered_actions: ClassVar[dict[str, set[str]]] = {"changes": PARAMETERS}

    @extend_schema(
        summary="List changes",
        tags=["changes"],
        description="Returns what was changed since the cursor, as whole objects, in the order in which it was committed. "
        "Without a cursor it begins with all objects of the user. Apply each page, store its `cursor`, and go on while "
        "`has_more` is true. Then the stored objects are those of the lists, and the next request with the cursor returns "
        "only what was changed meanwhile. An object may come again unchanged. A value that depends on the current time, such "
        "as `days_until_due`, is that of the time of reading. Broadcasts to all users are in `system/alerts/` only. A cursor "
        "that is older than 90 days is refused with 410: start over without one.",
        parameters=[
            OpenApiParameter("cursor", str, description="The cursor of the last page. Default: from the beginning."),
            OpenApiParameter(
                "limit",
                {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
                description="The number of changes per page.",
            ),
            OpenApiParameter(
                "types",
                str,
                many=True,
                explode=False,
                enum=list(change_types()),
                description="The types to read. More may be added later to the same cursor, but none left out. Default: all.",
            ),
        ],
        responses={
            200: ChangesSerializer,
            410: OpenApiResponse(PROBLEM, f"`cursor_expired`: the cursor is too old. {START_OVER}"),
        },
        examples=[response_example(ChangesSerializer, "200")],
    )
    def changes(self, request: Request) -> Response:
        self.filter_queryset(self.get_queryset())  # refuses unknown parameters
        types, user_id = self._types(), cast("UUID", request.user.pk)
        cursor = self._cursor(types)
        try:
            page = read_page(user_id, cursor, types, limit=limit_of(request.query_params))
        except PositionExpiredError as error:
            raise ApiError(410, "cursor_expired", EXPIRED) from error
        return Response(
            {
                "cursor": page.cursor.encode(user_id),
                "has_more": page.has_more,
                "changes": [_shown(each) for each in page.objects],
            }
        )

    def _types(self) -> list[ChangeType]:
        """Return the types that the request asks for, by default all that the caller may list."""
        sent = [text for name in ("types", "types__in") for text in self.request.query_params.getlist(name)]
        known = change_types()
        wanted = {name for text in sent for name in text.split(",")}
        if unknown := sorted(wanted - known.keys()):
            message = f"“{unknown[0][:40]}” is unknown. Use some of: {', '.join(known)}."
            raise ValidationError({"types": [ErrorDetail(message, "invalid_choice")]})
        # SECURITY: staff who impersonate the user do not get what is closed to them elsewhere
        is_impersonated = getattr(self.request.auth, "impersonator_id", None) is not None
        closed = {name for name, kind in known.items() if is_impersonated and kind.view_class.closed_to_impersonation}
        if wanted & closed:
            raise PermissionDenied("Only the customer can access this.", "impersonation_closed")
        return [kind for name, kind in known.items() if name in (wanted or known.keys() - closed)]

    def _cursor(self, types: list[ChangeType]) -> ChangeCursor | None:
        """Return the cursor of the request, or raise a 400 for one of another user or of other types."""
        text = self.request.query_params.get("cursor")
        if not text:
            return None
        try:
            cursor = ChangeCursor.decode(text, cast("UUID", self.request.user.pk))
        except ValueError:
            raise ValidationError({"cursor": [ErrorDetail(UNKNOWN_CURSOR, "invalid_cursor")]}) from None
        left_out = change_types().keys() & {*cursor.read} - {kind.name for kind in types}
        if left_out:
            message = (
                f"This cursor is of further types: {', '.join(sorted(left_out))}. Add them, or start over without a cursor."
            )
            raise ValidationError({"cursor": [ErrorDetail(message, "invalid_cursor")]})
        return cursor


def _shown(changed: ChangedObject) -> dict[str, Any]:
    action = "delete" if changed.shown is None else "upsert"
    return {"type": changed.type, "id": changed.key, "action": action, "object": changed.shown}

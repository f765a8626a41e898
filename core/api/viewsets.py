"""The base of every viewset, and the one place where lists and rows are scoped to their owner."""

from typing import Any, ClassVar, TypeVar, cast

from django.db.models import QuerySet
from rest_framework import mixins
from rest_framework.generics import get_object_or_404
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.viewsets import GenericViewSet

from core import context
from core.api import etag, idempotency
from core.api.permissions import PublicReadStaffWrite, StaffModelPermission, TokenScopePermission, is_staff, refuse_impersonator
from core.context import Role
from core.fast_lists import fast_path
from core.fast_lists.list_permissions import Audience
from core.fast_lists.sql_serializer import SqlSerializer
from core.models.base import BaseModel, IdempotencyKey, OwnedModel
from core.postgres import replicas

# What the compiled list path stands for, and so must be as the base has it
LIST_ATTRIBUTES = (
    *("authentication_classes", "throttle_classes", "filter_backends", "pagination_class", "initial", "check_throttles"),
    *("perform_authentication", "get_authenticators", "check_permissions", "get_permissions", "get_throttles", "list"),
    *("filter_queryset", "paginate_queryset", "page", "finalize_response"),
)


RowT = TypeVar("RowT", bound=BaseModel)


class BaseViewSet(GenericViewSet[RowT]):
    """Idempotent POSTs, the action's actor, and the compiled list path.

    `closed_to_impersonation` keeps support out that acts as the customer: for credentials, and for leaving with everything.
    `permissions_by_action` are asked for some actions beside `permission_classes`, which are asked for all.
    """

    closed_to_impersonation = False
    permissions_by_action: ClassVar[dict[str, tuple[type[BasePermission], ...]]] = {}
    lookup_value_converter = "uuid"
    ordering = "-created_at"
    ordering_fields: tuple[str, ...] = ("created_at",)
    search_fields: tuple[str, ...] = ()
    _reserved: IdempotencyKey | None = None

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        super().initial(request, *args, **kwargs)
        self._reserved = idempotency.reserve_key(request)
        replicas.use_replica(request.user.pk)

    def perform_authentication(self, request: Request) -> None:
        """Find out who is calling; from here on the database shows what is his. A visitor is a customer who owns nothing."""
        super().perform_authentication(request)
        # SECURITY: the reach of the database's wall is set here, for every request of the API
        context.update(actor_id=request.user.pk, owner_id=request.user.pk, role=self.role(request))
        impersonator = getattr(request.auth, "impersonator_id", None)
        reason = getattr(request.auth, "reason", "") if impersonator else ""
        context.update(impersonator_id=impersonator, reason=reason)

    def get_permissions(self) -> list[Any]:
        return [*super().get_permissions(), *(needed() for needed in self.permissions_by_action.get(self.action or "", ()))]

    def check_permissions(self, request: Request) -> None:
        """Ask the view's permissions, after what no view may allow."""
        refuse_impersonator(request, self)
        super().check_permissions(request)

    def role(self, request: Request) -> Role:
        """The role of the database that the request's statements run as: staff's for what belongs to nobody."""
        return Role.STAFF if is_staff(request) else Role.CUSTOMER

    def handle_exception(self, exc: Exception) -> Response:
        return exc.response if isinstance(exc, idempotency.Replay) else super().handle_exception(exc)

    def finalize_response(self, request: Request, response: Response, *args: object, **kwargs: object) -> Response:
        if self._reserved and response.status_code < 400:
            idempotency.store_response(self._reserved, response)
        return super().finalize_response(request, response, *args, **kwargs)

    def get_queryset(self) -> QuerySet[Any]:
        """The view's rows; with those derived values that a list is to be filtered or sorted by."""
        if self.action != "list":
            return super().get_queryset()
        params = self.request.query_params
        return self.with_derived({*params, params.get("ordering", self.ordering).removeprefix("-")})

    def with_derived(self, parameters: set[str]) -> QuerySet[Any]:
        """The view's rows with the derived values that `parameters`, such as `is_overdue` or `score__gte`, speak of."""
        queryset = super().get_queryset()
        asked = {name.split("__")[0] for name in parameters}
        derived = queryset.model.sql_derived().items()
        return queryset.alias(**{name: expression for name, expression in derived if name in asked})

    def parsed(self, form: type[Serializer]) -> dict[str, Any]:
        """The request's body as `form` understands it: for actions that are no plain writes."""
        parser = form(data=self.request.data, context=self.get_serializer_context())
        parser.is_valid(raise_exception=True)
        return dict(parser.validated_data)

    def locked_object(self) -> RowT:
        """The row of the path, locked until the request's transaction ends, and in the state that If-Match names."""
        lookup = {self.lookup_field: self.kwargs[self.lookup_url_kwarg or self.lookup_field]}
        queryset = self.filter_queryset(self.get_queryset()).select_for_update(of=("self",))
        instance = self._one(queryset, lookup)
        etag.require_match(self.request, instance)
        return instance

    def _one(self, queryset: QuerySet[Any], lookup: dict[str, Any]) -> RowT:
        instance = get_object_or_404(queryset, **lookup)
        self.check_object_permissions(self.request, instance)
        return instance

    def audience(self) -> Audience | None:
        """Return who reads the list, where a token alone decides, so that `core.fast_lists` may answer it; else None."""
        # SECURITY: a view with checks of its own is not known to the compiled path
        as_ever = all(getattr(type(self), name) == getattr(ReadOnlyViewSet, name) for name in LIST_ATTRIBUTES)
        return (
            AUDIENCES.get((type(self).role, *self.permission_classes))
            if as_ever and "list" not in self.permissions_by_action
            else None
        )

    def with_owner(self, row: RowT) -> RowT:
        """A row that belongs to nobody has no owner to bring along."""
        return row

    def get_sql_serializer(self) -> SqlSerializer | None:
        """The columns that this view's list is read as; None for the plain path."""
        serializer = self.get_serializer_class()
        return serializer.get_sql_serializer() if hasattr(serializer, "get_sql_serializer") else None

    def page(self, queryset: QuerySet[Any]) -> Response:
        """Answer one page of `queryset`."""
        return self.page_of(self.paginate_queryset(queryset) or [])

    def page_of(self, rows: list[Any]) -> Response:
        """Answer a page of `rows`: instances, or tuples when there is a `sql_serializer`."""
        sql_serializer = self.get_sql_serializer()
        return self.get_paginated_response(
            sql_serializer.objects(rows) if sql_serializer else self.get_serializer(rows, many=True).data
        )

    def row_response(self, instance: BaseModel, *, status: int = 200) -> Response:
        """One row with its entity tag."""
        return Response(self.get_serializer(instance).data, status=status, headers={"ETag": etag.etag_of(instance)})


class ListMixin(mixins.ListModelMixin, BaseViewSet[RowT]):
    """`GET /route/`."""

    def list(self, request: Request, *args: object, **kwargs: object) -> Response:
        audience = None if kwargs else self.audience()
        if audience:
            fast_path.register_list(request, audience)
        return self.page(self.filter_queryset(self.get_queryset()))


class RetrieveMixin(mixins.RetrieveModelMixin, BaseViewSet[RowT]):
    """`GET /route/{id}/`, with ETag and If-None-Match."""

    def retrieve(self, request: Request, *args: object, **kwargs: object) -> Response:
        instance = self.get_object()
        if etag.is_known(request, instance):
            return Response(status=304, headers={"ETag": etag.etag_of(instance)})
        return self.row_response(instance)


class CreateMixin(mixins.CreateModelMixin, BaseViewSet[RowT]):
    """`POST /route/`."""

    def create(self, request: Request, *args: object, **kwargs: object) -> Response:
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        self.perform_create(serializer)
        return self.row_response(cast("RowT", serializer.instance), status=201)


class UpdateMixin(mixins.UpdateModelMixin, BaseViewSet[RowT]):
    """`PUT` and `PATCH /route/{id}/`, under a lock on the row and with If-Match."""

    def update(self, request: Request, *args: object, partial: bool = False, **kwargs: object) -> Response:
        instance = self.locked_object()
        serializer = self.get_serializer(instance, data=request.data, partial=partial)
        serializer.is_valid(raise_exception=True)
        self.perform_update(serializer)
        return self.row_response(cast("RowT", serializer.instance))


class DestroyMixin(mixins.DestroyModelMixin, BaseViewSet[RowT]):
    """`DELETE /route/{id}/`, with If-Match."""

    def destroy(self, request: Request, *args: object, **kwargs: object) -> Response:
        self.perform_destroy(self.locked_object())
        return Response(status=204)


class OwnedBaseViewSet(BaseViewSet[RowT]):
    """Scopes everything to the request's user."""

    def role(self, request: Request) -> Role:
        """A customer's, also for staff, who meet only rows of their own here."""
        return Role.CUSTOMER

    def get_queryset(self) -> QuerySet[Any]:
        return self._owned_by_user(super().get_queryset())

    def with_derived(self, parameters: set[str]) -> QuerySet[Any]:
        return self._owned_by_user(super().with_derived(parameters))

    def _owned_by_user(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        # SECURITY: the application's wall; every list, row and action of an owned model goes through here
        return queryset.for_user(self.request.user)  # type: ignore[attr-defined]  # every owned queryset has it

    def page_of(self, rows: list[Any]) -> Response:
        return super().page_of(rows if self.get_sql_serializer() else [self.with_owner(row) for row in rows])

    def get_object(self) -> RowT:
        return self.with_owner(super().get_object())

    def _one(self, queryset: QuerySet[Any], lookup: dict[str, Any]) -> RowT:
        return self.with_owner(super()._one(queryset, lookup))

    def with_owner(self, row: RowT) -> RowT:
        """The row with the signed-in user as its owner, whom nobody need read again for his time zone."""
        if isinstance(row, OwnedModel):
            row.user = cast("Any", self.request.user)
        return row


class ReadOnlyViewSet(ListMixin[RowT], RetrieveMixin[RowT], BaseViewSet[RowT]):
    """Rows that belong to nobody, to read."""


class UnownedViewSet(CreateMixin[RowT], UpdateMixin[RowT], DestroyMixin[RowT], ReadOnlyViewSet[RowT]):
    """Rows that belong to nobody: list, read, create, change, delete, as far as `permission_classes` go."""


class OwnedReadOnlyViewSet(ListMixin[RowT], RetrieveMixin[RowT], OwnedBaseViewSet[RowT]):
    """The user's own rows, to read."""


class OwnedViewSet(CreateMixin[RowT], UpdateMixin[RowT], DestroyMixin[RowT], OwnedReadOnlyViewSet[RowT]):
    """The user's own rows: list, read, create, change, delete."""


class OwnedSingletonViewSet(UpdateMixin[RowT], RetrieveMixin[RowT], OwnedBaseViewSet[RowT]):
    """The one row that a user has of a kind, at an address without an id. With `creates_on_put` a PUT makes it."""

    creates_on_put = False

    def get_object(self) -> RowT:
        return self._one(self.get_queryset(), {})

    def locked_object(self) -> RowT:
        instance = self._one(self.get_queryset().select_for_update(of=("self",)), {})
        etag.require_match(self.request, instance)
        return instance

    def update(self, request: Request, *args: object, partial: bool = False, **kwargs: object) -> Response:
        if self.creates_on_put and not partial and not self.get_queryset().exists():
            serializer = self.get_serializer(data=request.data)
            serializer.is_valid(raise_exception=True)
            serializer.save()
            return self.row_response(cast("RowT", serializer.instance), status=201)
        return super().update(request, *args, partial=partial, **kwargs)


AUDIENCES: dict[tuple[Any, ...], Audience] = {
    (OwnedBaseViewSet.role, *BaseViewSet.permission_classes): Audience.OWNER,
    (BaseViewSet.role, StaffModelPermission, TokenScopePermission): Audience.STAFF,
    (BaseViewSet.role, PublicReadStaffWrite, TokenScopePermission): Audience.PUBLIC,
}

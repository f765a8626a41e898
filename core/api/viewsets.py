"""The base classes of all viewsets, which restrict lists and rows to their owner."""

from typing import Any, ClassVar, cast

from django.db.models import QuerySet
from rest_framework import mixins
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer, Serializer

from core import context
from core.api import etag, idempotency
from core.api.filters.backends import ordering_of
from core.api.filters.fields import FieldTable
from core.api.path_rows import PathRowMixin, RowT
from core.api.permissions import PublicReadStaffWrite, StaffModelPermission, TokenScopePermission, is_staff, refuse_impersonator
from core.context import Role
from core.fast_lists import fast_path
from core.fast_lists.read_permissions import Audience
from core.fast_lists.sql_serializer import SqlSerializer
from core.models.base import BaseModel, OwnedModel
from core.postgres import replicas

# A viewset that overrides one of these is not compiled, because the fast path does the same work itself
COMPILED_ATTRIBUTES = (
    *("authentication_classes", "throttle_classes", "filter_backends", "initial", "check_throttles"),
    *("perform_authentication", "get_authenticators", "check_permissions", "get_permissions", "get_throttles"),
    *("filter_queryset", "finalize_response", "handle_exception"),
)
COMPILED_ACTIONS = {
    "list": ("list", "pagination_class", "paginate_queryset", "page"),
    "retrieve": ("retrieve", "get_object", "row_response", "check_object_permissions"),
}


class BaseViewSet(PathRowMixin[RowT]):
    """The base class of all viewsets, with idempotent POSTs, row-level security and compiled lists.

    `closed_to_impersonation` refuses staff who impersonate the customer, for credentials and for exports of all data.
    `permissions_by_action` adds permission classes for single actions to `permission_classes`.
    `search_table` declares the search grammar of the list; without it `?search=` looks for words in the `search_fields`.
    `filtered_actions` has further parameters of the actions that take the list's filters.
    `depends_on_session` says that the rows have a value that differs between the sessions of a user.
    `may_read_replica` is false for a view that combines reads of the ORM with those of other connections.
    """

    closed_to_impersonation = False
    depends_on_session = False
    may_read_replica = True
    permissions_by_action: ClassVar[dict[str, tuple[type[BasePermission], ...]]] = {}
    lookup_value_converter = "uuid"
    ordering = "-created_at"
    ordering_fields: tuple[str, ...] = ("created_at",)
    search_fields: tuple[str, ...] = ()
    search_table: ClassVar[FieldTable | None] = None
    filtered_actions: ClassVar[dict[str, set[str]]] = {}
    _reserved: idempotency.Reserved | None = None

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        super().initial(request, *args, **kwargs)
        self._reserved = idempotency.reserve_key(request)
        if self.may_read_replica:
            replicas.use_replica(request.user.pk)

    def perform_authentication(self, request: Request) -> None:
        """Authenticate, and set the database role and owner; an anonymous caller is a customer without rows."""
        super().perform_authentication(request)
        # SECURITY: row-level security of every API request depends on this
        context.update(actor_id=request.user.pk, owner_id=request.user.pk, role=self.role(request))
        impersonator = getattr(request.auth, "impersonator_id", None)
        reason = getattr(request.auth, "reason", "") if impersonator else ""
        context.update(impersonator_id=impersonator, reason=reason)

    def get_permissions(self) -> list[Any]:
        return [*super().get_permissions(), *(needed() for needed in self.permissions_by_action.get(self.action or "", ()))]

    def check_permissions(self, request: Request) -> None:
        """Refuse what is forbidden to impersonators in every view, then check the view's permissions."""
        refuse_impersonator(request, self)
        super().check_permissions(request)

    def role(self, request: Request) -> Role:
        """Return the database role of the request's statements, which is staff's only for rows without an owner."""
        return Role.STAFF if is_staff(request) else Role.CUSTOMER

    def handle_exception(self, exc: Exception) -> Response:
        return exc.response if isinstance(exc, idempotency.Replay) else super().handle_exception(exc)

    def finalize_response(self, request: Request, response: Response, *args: object, **kwargs: object) -> Response:
        if self._reserved and response.status_code < 400:
            idempotency.store_response(self._reserved, response)
        return super().finalize_response(request, response, *args, **kwargs)

    def get_queryset(self) -> QuerySet[Any]:
        """Return the view's rows, with the derived values that a list is filtered or sorted by."""
        if self.action != "list":
            return super().get_queryset()
        params = self.request.query_params
        return self.with_derived({*params, ordering_of(params, self).removeprefix("-")})

    def with_derived(self, parameters: set[str]) -> QuerySet[Any]:
        """Return the view's rows with the derived values in `parameters`, such as `is_overdue` or `score__gte`."""
        queryset = super().get_queryset()
        names = {name.split("__")[0] for name in parameters}
        derived = queryset.model.sql_derived().items()
        return queryset.alias(**{name: expression for name, expression in derived if name in names})

    def parsed(self, form: type[Serializer]) -> dict[str, Any]:
        """Return the request's body validated by a serializer, for actions other than create and update."""
        parser = form(data=self.request.data, context=self.get_serializer_context())
        parser.is_valid(raise_exception=True)
        return dict(parser.validated_data)

    def audience(self) -> Audience | None:
        """Return the readers of the view's action if `core.fast_lists` can check them, else None."""
        # SECURITY: the fast path would skip the checks of a view that overrides one of these
        names = (*COMPILED_ATTRIBUTES, *COMPILED_ACTIONS[self.action])
        is_standard = all(getattr(type(self), name) is getattr(ReadOnlyViewSet, name) for name in names)
        if not is_standard or self.action in self.permissions_by_action or self.get_sql_serializer() is None:
            return None
        return AUDIENCES.get((type(self).role, *self.permission_classes))

    def get_sql_serializer(self) -> SqlSerializer | None:
        serializer = self.get_serializer_class()
        return serializer.get_sql_serializer() if hasattr(serializer, "get_sql_serializer") else None

    def page(self, queryset: QuerySet[Any]) -> Response:
        return self.page_of(self.paginate_queryset(queryset) or [])

    def page_of(self, rows: list[Any]) -> Response:
        """Return a page of `rows`: instances, or tuples if there is a `sql_serializer`."""
        sql_serializer = self.get_sql_serializer()
        return self.get_paginated_response(
            sql_serializer.objects(rows) if sql_serializer else self.get_serializer(rows, many=True).data
        )

    def row_response(self, instance: BaseModel, *, status: int = 200) -> Response:
        return self.saved_response(self.get_serializer(instance), status=status)

    def saved_response(self, serializer: BaseSerializer[RowT], *, status: int = 200) -> Response:
        """Return the row of a serializer, which has saved it."""
        return Response(serializer.data, status=status, headers={"ETag": etag.etag_of(cast("RowT", serializer.instance))})


class ListMixin(mixins.ListModelMixin, BaseViewSet[RowT]):
    """`GET /route/`."""

    def list(self, request: Request, *args: object, **kwargs: object) -> Response:
        if not kwargs:
            fast_path.register(request, "list", self.audience())
        return self.page(self.filter_queryset(self.get_queryset()))


class RetrieveMixin(mixins.RetrieveModelMixin, BaseViewSet[RowT]):
    """`GET /route/{id}/`, with ETag and If-None-Match."""

    def retrieve(self, request: Request, *args: object, **kwargs: object) -> Response:
        instance = self.get_object()
        fast_path.register(request, "retrieve", self.audience())
        tag = etag.etag_of(instance)
        if etag.is_known(request, tag, type(instance)):
            return Response(status=304, headers={"ETag": tag})
        return self.row_response(instance)


class CreateMixin(mixins.CreateModelMixin, BaseViewSet[RowT]):
    """`POST /route/`."""

    def create(self, request: Request, *args: object, **kwargs: object) -> Response:
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        self.perform_create(serializer)
        return self.saved_response(serializer, status=201)


class UpdateMixin(mixins.UpdateModelMixin, BaseViewSet[RowT]):
    """`PUT` and `PATCH /route/{id}/`, with a lock on the row and If-Match."""

    def update(self, request: Request, *args: object, partial: bool = False, **kwargs: object) -> Response:
        instance = self.locked_object()
        serializer = self.get_serializer(instance, data=request.data, partial=partial)
        serializer.is_valid(raise_exception=True)
        self.perform_update(serializer)
        return self.saved_response(serializer)


class DestroyMixin(mixins.DestroyModelMixin, BaseViewSet[RowT]):
    """`DELETE /route/{id}/`, with If-Match."""

    def destroy(self, request: Request, *args: object, **kwargs: object) -> Response:
        self.perform_destroy(self.locked_object())
        return Response(status=204)


class OwnedBaseViewSet(BaseViewSet[RowT]):
    """A viewset that is restricted to the rows of the request's user."""

    def role(self, request: Request) -> Role:
        return Role.CUSTOMER  # for staff, too, who can access only their own rows here

    def get_queryset(self) -> QuerySet[Any]:
        return self._owned_by_user(super().get_queryset())

    def with_derived(self, parameters: set[str]) -> QuerySet[Any]:
        return self._owned_by_user(super().with_derived(parameters))

    def _owned_by_user(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        # SECURITY: the application's access check for every list, row and action of an owned model
        return queryset.for_user(self.request.user)  # type: ignore[attr-defined]  # every owned queryset has it

    def page_of(self, rows: list[Any]) -> Response:
        return super().page_of(rows if self.get_sql_serializer() else [self.with_owner(row) for row in rows])

    def _checked(self, instance: RowT) -> RowT:
        return self.with_owner(super()._checked(instance))

    def with_owner(self, row: RowT) -> RowT:
        """Set the row's owner to the authenticated user, whose time zone is then known without a query."""
        if isinstance(row, OwnedModel):
            row.user = cast("Any", self.request.user)
        return row


class ReadOnlyViewSet(ListMixin[RowT], RetrieveMixin[RowT], BaseViewSet[RowT]):
    """A read-only viewset of rows without an owner."""


class UnownedViewSet(CreateMixin[RowT], UpdateMixin[RowT], DestroyMixin[RowT], ReadOnlyViewSet[RowT]):
    """A viewset of rows without an owner, restricted by `permission_classes`."""


class OwnedReadOnlyViewSet(ListMixin[RowT], RetrieveMixin[RowT], OwnedBaseViewSet[RowT]):
    """A read-only viewset of the user's own rows."""


class OwnedViewSet(CreateMixin[RowT], UpdateMixin[RowT], DestroyMixin[RowT], OwnedReadOnlyViewSet[RowT]):
    """A viewset of the user's own rows."""


AUDIENCES: dict[tuple[Any, ...], Audience] = {
    (OwnedBaseViewSet.role, *BaseViewSet.permission_classes): Audience.OWNER,
    (BaseViewSet.role, StaffModelPermission, TokenScopePermission): Audience.STAFF,
    (BaseViewSet.role, PublicReadStaffWrite, TokenScopePermission): Audience.PUBLIC,
}

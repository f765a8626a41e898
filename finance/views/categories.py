"""Views of categories, tags and payees."""

from typing import Any, ClassVar, cast
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from core import clock
from core.api.actions import post_action
from core.api.path_rows import PathRowMixin, RowT
from core.api.serializers import StrictSerializer
from core.api.viewsets import OwnedReadOnlyViewSet, OwnedViewSet
from core.postgres.limits import job_time
from finance import services
from finance.filters import CategoryFilter, PayeeFilter, TagFilter
from finance.models import Category, Payee, Tag
from finance.payee_summary import with_summary
from finance.serializers.categories import (
    CategoryMergeSerializer,
    CategorySerializer,
    CreatedCategoriesSerializer,
    PayeeMergeSerializer,
    PayeeSerializer,
    TagMergeSerializer,
    TagSerializer,
)
from finance.serializers.undo import UndoneEditSerializer
from finance.services.name_merges import NAMES_LOCK
from finance.views.undo import undone
from users.locks import lock

MERGED = (
    "The transactions of the {row} get the one with the id `into`, which the response shows. The merged one is not shown any "
    "more; where a bank or a client writes its name again, that stands for the other one. `unmerge/` undoes it for 30 days."
)
BACK = (
    "Shows the {row} of the path again, which was merged in the last 30 days. What moved with it, unless it was changed since, "
    "moves back; `kept` lists the rest. Returns 404 if there is no such merge, and 409 if the name was given to another row."
)


class MergeMixin(PathRowMixin[RowT]):
    """The actions `merge`, which each viewset declares by `merge_action`, and `unmerge`."""

    summaries: ClassVar[dict[str, str]] = {"merge": "Merge {}", "unmerge": "Undo the merge of {}"}

    def locked_object(self) -> RowT:
        """Return the locked row of the path. A user's changes run one after the other, because a merge locks two rows."""
        lock(NAMES_LOCK.format(self.request.user.pk))
        return super().locked_object()

    @post_action(description=BACK, responses=UndoneEditSerializer)
    def unmerge(self, request: Request, pk: Any) -> Response:
        model: Any = self.get_queryset().model
        return undone(services.find_merge(user=request.user, model=model, merged=pk))


def merge_action(form: type[StrictSerializer], *, further: str = "") -> Any:
    """Return the action `merge` of a viewset."""

    @post_action(description=MERGED + further, request=form)
    @transaction.atomic
    def merge(self: Any, request: Request, pk: Any) -> Response:
        merged, into = self.locked_object(), self.parsed(form)["into"]
        services.merge_names(merged=merged, into=into, now=clock.now())
        return cast("Response", self.row_response(self.get_queryset().get(pk=into.pk)))

    return merge


class CategoryViewSet(MergeMixin[Category], OwnedViewSet):
    about = (
        "Categories of transactions, which refer to them by `slug`. Text without a category creates one when a transaction is "
        "written. A category in use can't be deleted (409): merge it into another one, or set `is_archived`."
    )
    queryset = Category.objects.current()
    serializer_class = CategorySerializer
    filterset_class = CategoryFilter
    ordering = "name"
    ordering_fields = ("name", "slug", "created_at")
    search_fields = ("name", "slug")

    def perform_destroy(self, instance: Category) -> None:
        services.delete_category(instance)

    merge = merge_action(
        CategoryMergeSerializer,
        further=" Its due dates and the categories below it move, too. Returns 400 if the two differ in `kind`.",
    )

    @post_action(
        detail=False,
        summary="Create the default categories",
        description="Creates the categories that a new user starts with, except those that exist by name or slug. A repeated "
        "call creates none.",
        responses=CreatedCategoriesSerializer,
    )
    def defaults(self, request: Request) -> Response:
        created = services.create_default_categories(cast("UUID", request.user.pk))
        return Response({"created": CategorySerializer(created, many=True, context=self.get_serializer_context()).data})


class TagViewSet(MergeMixin[Tag], OwnedViewSet):
    about = "Tags of transactions. A tag that does not exist is created when a transaction is written."
    queryset = Tag.objects.current()
    serializer_class = TagSerializer
    filterset_class = TagFilter
    ordering = "name"
    ordering_fields = ("name", "created_at")
    search_fields = ("name",)

    merge = merge_action(TagMergeSerializer)

    def perform_update(self, serializer: Any) -> None:
        with job_time():  # a trigger changes all transactions with the tag
            super().perform_update(serializer)

    def perform_destroy(self, instance: Any) -> None:
        with job_time():
            super().perform_destroy(instance)


class PayeeViewSet(MergeMixin[Payee], OwnedReadOnlyViewSet):
    about = (
        "Payees, derived from `merchant_name` or named by the user when a transaction is written. Two that are the same can be "
        "merged, and later imports use the name of the one that remains."
    )
    queryset = Payee.objects.current()
    serializer_class = PayeeSerializer
    filterset_class = PayeeFilter
    ordering = "name"
    ordering_fields = ("name", "transaction_count", "last_transaction_date", "created_at")
    search_fields = ("name",)

    def get_queryset(self) -> QuerySet[Any]:
        return with_summary(super().get_queryset())

    merge = merge_action(PayeeMergeSerializer)

"""Stock DRF twins of the other lists: viewsets of a few lines with the same model, fields and order."""

from typing import Any

from django.db.models import Value
from django.urls import path
from rest_framework.pagination import CursorPagination
from rest_framework.serializers import ModelSerializer

from benchmarks.contenders.calls import Contender
from benchmarks.contenders.stock_drf import STARTPROJECT, StockViewSet
from benchmarks.contenders.without_rls import contender_without_rls, own_urls
from core.api.derived_fields import field_for

PAGE = 50
# Filled by `contender` before Django reads it.
urlpatterns: list[Any] = []
use_these_urls = own_urls(__name__)


def contender(views: dict[str, Any]) -> Contender:
    """Return an application with the twins of MINGUS's list views at the same URLs."""
    urlpatterns[:] = [path(pattern, _twin(view).as_view({"get": "list"})) for pattern, view in views.items()]
    return contender_without_rls("stock DRF", [f"{__name__}.use_these_urls", *STARTPROJECT])


def ordering_of(view: Any) -> str:
    """Return the list's first ordering by a column. DRF's cursor pagination supports no other."""
    columns = {field.name for field in view.queryset.model._meta.concrete_fields}
    orders = (view.ordering, *getattr(view, "ordering_fields", ()))
    return next(name for name in orders if name.removeprefix("-") in columns)


def _twin(view: Any) -> Any:
    model = view.queryset.model
    shown = view.serializer_class
    names = [name for name, field in shown().fields.items() if not field.write_only]
    first = ordering_of(view)
    order = (first, "-id" if first.startswith("-") else "id")

    # DRF cannot infer the types of these fields, so they would be declared by hand.
    computed = {name: made(**options) for name in names if name in model.derived for made, options in [field_for(model, name)]}
    by_hand = (
        computed | shown._declared_fields | {name: value for name, value in vars(shown).items() if name.startswith("get_")}
    )
    meta = type("Meta", (), {"model": model, "fields": names})
    twin: Any = type("Twin", (ModelSerializer,), {**by_hand, "Meta": meta})

    class Pages(CursorPagination):
        page_size = PAGE
        ordering = order

    class TwinViewSet(StockViewSet):
        queryset = model._default_manager.annotate(**dict.fromkeys(getattr(shown.Meta, "annotated", ()), Value(value=False)))
        serializer_class = twin
        pagination_class = Pages

        def get_queryset(self) -> Any:
            rows = super().get_queryset()
            if not hasattr(rows, "for_user"):
                return rows
            # derived days are in the owner's time zone; without this each row would query its owner
            own = rows.for_user(self.request.user)
            return own.select_related("user__profile") if shown.Meta.model.derived else own

    return TwinViewSet

"""Admin classes and inlines of read-only data."""

from typing import Any, ClassVar, cast

from django.contrib.admin.options import InlineModelAdmin
from django.contrib.admin.utils import flatten
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from core.admin.base import BaseAdmin
from core.admin.customer_admin import OwnedAdmin
from core.admin.forms import MaskedFormSet, ReadOnlyFormSet
from core.admin.masking import MaskedRowsMixin, masking
from core.admin.secrets import SecretFieldInlineChecks, public_fields
from core.admin.unfold_compat import StackedInline, TabularInline


class ReadOnlyMixin:
    """An admin class or inline without permission to add, change or delete, even for superusers."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ReadOnlyAdmin(ReadOnlyMixin, BaseAdmin):
    """A read-only admin class whose page shows `fields`, by default every public column."""

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        return list(self.fields or public_fields(self.model))

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return list(self.get_fields(request, obj))


class OwnedReadOnlyAdmin(ReadOnlyAdmin, OwnedAdmin):
    """A read-only admin class of a model with an owner; the page links to the customer."""

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        names = self.fields or public_fields(self.model)
        return ["owner", *(name for name in names if name != "user")]


class MaskedInline(MaskedRowsMixin, InlineModelAdmin):
    """An inline with masked rows, at most `limit` of them."""

    checks_class = SecretFieldInlineChecks
    formset: type[MaskedFormSet] = MaskedFormSet
    limit: ClassVar[int | None] = None

    def get_formset(self, request: HttpRequest, obj: Model | None = None, **kwargs: object) -> type[MaskedFormSet]:
        formset = cast("type[MaskedFormSet]", super().get_formset(request, obj, **kwargs))
        formset.masking, formset.limit = masking(request), self.limit
        return formset


class OwnedInline(MaskedInline, StackedInline):
    """An inline whose rows can be changed."""


class ReadOnlyInline(ReadOnlyMixin, MaskedInline, TabularInline):
    """A read-only inline with the newest rows and a link to all of them.

    `fields` are its columns, and `limit` is the number of rows. An index must support `ordering`. Inlines with a `place`
    (1, 2, …) come first on the page, in that order.
    """

    formset = ReadOnlyFormSet
    template_after: ClassVar[str | None] = "mingus/admin/show_all_link.html"
    list_select_related: ClassVar[tuple[str, ...]] = ()
    limit = 10
    extra = 0
    max_num = 0
    can_delete = False
    tab = True
    show_change_link = True
    hide_title = True

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return flatten(self.fields or ())

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.select_related(*self.list_select_related) if self.list_select_related else rows

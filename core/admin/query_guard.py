"""The questions a list may be asked (search, filters, order), none of which may tell what is hidden from whoever asks."""

from typing import Any

from django.contrib.admin.models import LogEntry
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from core.admin.lists import UncountedPaginator
from core.admin.masking import MaskedRowsMixin, masking, unmasked
from core.admin.unfold_compat import ModelAdmin


class QueryGuardMixin(MaskedRowsMixin, ModelAdmin):
    """Lists that keep what is hidden, and buttons that need not show what they act on."""

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Return the row of a page, masked."""
        row = super().get_object(request, object_id, from_field)
        return None if row is None else masking(request).view(row)

    def get_paginator(
        self,
        request: HttpRequest,
        queryset: QuerySet[Any],
        per_page: int,
        orphans: int = 0,
        allow_empty_first_page: bool = True,
    ) -> UncountedPaginator:
        """Return uncounted pages of masked rows, for lists and for autocomplete."""
        paginator = UncountedPaginator(queryset, per_page, orphans, allow_empty_first_page)
        paginator.masking = masking(request)
        return paginator

    def has_help_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whether the colleague may press the page's buttons. They call services, and need not show him what they act on."""
        names = [f"{self.opts.app_label}.{verb}_{self.opts.model_name}" for verb in ("help", "change")]
        return any(request.user.has_perm(name) for name in names)

    # SECURITY: a hidden value must not be found out by asking for the rows that have it, or by their order
    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Whether the list may be asked so; never without a request, for then nobody knows who asks."""
        if request is None or masking(request).hides_lookup(self.model, lookup):
            return False
        return super().lookup_allowed(lookup, value, request)

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        return masking(request).open_names(self.model, super().get_list_filter(request))

    def get_sortable_by(self, request: HttpRequest) -> list[Any]:
        return masking(request).open_names(self.model, super().get_sortable_by(request) or ())

    def log_change(self, request: HttpRequest, obj: Model, message: object) -> LogEntry:
        """Write down what was done, under the row's name as it is masked: the entry outlives a reveal."""
        return super().log_change(request, masking(request).closed().view(unmasked(obj)), message)

"""Restriction of lookups, filters and sorting in admin lists to columns that are not hidden from the staff member."""

from typing import Any

from django.contrib.admin.models import LogEntry
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from core.admin.lists import UncountedPaginator
from core.admin.masking import MaskedRowsMixin, masking, unmasked
from core.admin.unfold_compat import ModelAdmin


class QueryGuardMixin(MaskedRowsMixin, ModelAdmin):
    """An admin class whose rows are masked and whose lists can't be queried by hidden values."""

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
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
        paginator = UncountedPaginator(queryset, per_page, orphans, allow_empty_first_page)
        paginator.masking = masking(request)
        return paginator

    def has_help_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Return True if the staff member may use the page's buttons, which work without showing hidden values."""
        names = [f"{self.opts.app_label}.{verb}_{self.opts.model_name}" for verb in ("help", "change")]
        return any(request.user.has_perm(name) for name in names)

    # SECURITY: filtering or sorting by a hidden value would reveal it
    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Return True if the list may be filtered by `lookup`; False without a request, as its permissions are not known."""
        if request is None or masking(request).hides_lookup(self.model, lookup):
            return False
        return super().lookup_allowed(lookup, value, request)

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        return masking(request).open_names(self.model, super().get_list_filter(request))

    def get_sortable_by(self, request: HttpRequest) -> list[Any]:
        return masking(request).open_names(self.model, super().get_sortable_by(request) or ())

    def log_change(self, request: HttpRequest, obj: Model, message: object) -> LogEntry:
        """Log a change under the row's masked name, even during a reveal, because the entry outlives the reveal."""
        return super().log_change(request, masking(request).closed().view(unmasked(obj)), message)

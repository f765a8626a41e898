"""The base of every page of the back office: quick lists, an export, and refusals that come back as sentences."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, ClassVar, TypeVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, models, transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.urls import reverse
from unfold.widgets import UnfoldAdminTextareaWidget as Textarea

from core import csv_export, rls
from core.admin.access_log import AccessLogMixin
from core.admin.history import AuditHistoryMixin
from core.admin.lists import UncountedChangeList, UncountedPaginator
from core.admin.masking import masking, unmasked
from core.admin.query_guard import QueryGuardMixin
from core.admin.secrets import SecretFieldChecks, public_fields
from core.admin.unfold_compat import ModelAdmin
from core.api.errors import declared_constraints, violation_message
from core.errors import DomainError

BATCH = 2_000
EXPORT = "export_csv"
LAST_PLACE = 50
STAMPS = ("id", "created_at", "updated_at")
Service = Callable[[Any, HttpRequest, Any], None]
Context = dict[str, Any] | None
InlineT = TypeVar("InlineT", bound=type)

_shown_on: dict[type[Model], list[type]] = defaultdict(list)


def inline_on(model: type[Model]) -> Callable[[InlineT], InlineT]:
    """Put an inline on the page of another app's model, without that app knowing of it: apps import only downwards."""

    def register(inline: InlineT) -> InlineT:
        _shown_on[model].append(inline)
        return inline

    return register


class BaseAdmin(QueryGuardMixin, AuditHistoryMixin, AccessLogMixin, ModelAdmin):
    """One model in the back office.

    `csv_columns` are lookups for the export (all public columns by default); `list_select_related` names what the list reads
    along; `sortable_by` names only columns that an index can deliver in order.
    """

    checks_class = SecretFieldChecks
    paginator = UncountedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # they would be one COUNT for each choice of each filter
    list_per_page = 50
    list_filter_submit = True
    warn_unsaved_form = True
    ordering: ClassVar[Any] = ("-id",)
    sortable_by: ClassVar[Any] = ()
    actions: Sequence[str | Callable[..., Any]] = (EXPORT,)
    csv_columns: ClassVar[Sequence[str]] = ()
    formfield_overrides = {field: {"widget": Textarea({"rows": 3})} for field in (models.TextField, models.JSONField)}

    def get_changelist(self, request: HttpRequest, **kwargs: object) -> type[UncountedChangeList]:
        return UncountedChangeList

    def date_hierarchy_for(self, request: HttpRequest) -> str | None:
        """The date to drill down by, None where that would read every row."""
        return self.date_hierarchy

    def get_autocomplete_fields(self, request: HttpRequest) -> list[str]:
        """Every foreign key whose rows can be searched for: a drop-down of ten million rows is no choice."""
        keys = [field for field in self.model._meta.concrete_fields if field.many_to_one and field.related_model]
        known = [field for field in keys if self.admin_site.is_registered(field.related_model)]
        return [
            field.name for field in known if self.admin_site.get_model_admin(field.related_model).get_search_fields(request)
        ]

    def get_inlines(self, request: HttpRequest, obj: Model | None) -> list[type]:
        """Its own and those of other apps, in the order of their `place`."""
        inlines = [*super().get_inlines(request, obj), *(_shown_on[self.model] if obj else [])]
        return sorted(inlines, key=lambda inline: getattr(inline, "place", LAST_PLACE))

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        stamps = [name for name in STAMPS if obj and name in public_fields(self.model)]
        return [*super().get_readonly_fields(request, obj), *stamps]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """No deleting in bulk: what is deleted is deleted on its own page, after a look at it."""
        return {name: found for name, found in super().get_actions(request).items() if name != "delete_selected"}

    def get_deleted_objects(
        self, objs: Sequence[Model] | QuerySet[Any], request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """The row alone: Django would load everything that hangs on it only to list it."""
        return [str(masking(request).view(row)) for row in objs], {str(self.opts.verbose_name_plural): len(objs)}, set(), []

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any], *args: Any, **kwargs: Any) -> HttpResponse | None:
        """Carry an action out. Only the export may be asked for everything at once."""
        if request.POST.get("select_across") == "1" and request.POST.get("action") != EXPORT:
            self.message_user(request, "Only the export works on everything. Tick the rows you mean.", messages.WARNING)
            return None
        return super().response_action(request, queryset, *args, **kwargs)

    @admin.action(description="Export as CSV", permissions=["view"])
    def export_csv(self, request: HttpRequest, queryset: QuerySet[Any]) -> StreamingHttpResponse:
        """The chosen rows as a file that is written while it is read from the database."""
        self.record_export(request, queryset)
        columns = list(self.csv_columns or public_fields(self.model))
        owner = "user_id" if any(field.attname == "user_id" for field in self.model._meta.concrete_fields) else "pk"
        rows = in_batches(queryset, [owner, *columns])
        name = str(self.opts.verbose_name_plural).replace(" ", "-")
        return StreamingHttpResponse(
            rls.iterate_in_context(csv_export.lines(columns, masking(request).values(self.model, columns, rows))),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
        )

    def run_service(self, service: Service, title: str, request: HttpRequest, row: Model) -> None:
        """Call `service` for one row, put it into the row's history, and say what came of it."""
        name = str(masking(request).view(row))
        try:
            with transaction.atomic():
                self.log_change(request, row, f"{title}.")
                service(self, request, unmasked(row))
        except DomainError as error:
            self.message_user(request, f"{name}: {error.message}", messages.ERROR)
        else:
            self.message_user(request, f"{title}: {name}", messages.SUCCESS)

    def url_of(self, row: Model) -> str:
        """The page of a row; the list when the row is gone."""
        route = f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}"
        return reverse(f"{route}_change", args=[row.pk]) if row.pk else reverse(f"{route}_changelist")

    def changelist_view(self, request: HttpRequest, extra_context: Context = None) -> HttpResponse:
        return self._explained(request, partial(super().changelist_view, request, extra_context))

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Context = None
    ) -> HttpResponse:
        return self._explained(request, partial(super().changeform_view, request, object_id, form_url, extra_context))

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Context = None) -> HttpResponse:
        return self._explained(request, partial(super().delete_view, request, object_id, extra_context))

    def _explained(self, request: HttpRequest, view: Callable[[], HttpResponse]) -> HttpResponse:
        """What `view` answers; when a rule forbids what was posted, the page again with the rule's sentence."""
        if request.method != "POST":
            return view()
        try:
            with transaction.atomic():
                return view()
        except DomainError as error:
            sentence = error.message
        except IntegrityError as error:
            sentence = violation_message_for(error)
        except ValidationError:
            sentence = "That row does not exist. Choose one of the list."
        self.message_user(request, sentence, messages.ERROR)
        return HttpResponseRedirect(request.get_full_path())


def violation_message_for(error: IntegrityError) -> str:
    """What the broken constraint says to a person; the error again when no model declares it, for that is a defect."""
    name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
    for _, constraint in declared_constraints():
        if constraint.name == name:
            return violation_message(constraint)
    raise error


def in_batches(queryset: QuerySet[Any], columns: Sequence[str]) -> Iterator[Sequence[Any]]:
    """The values of all rows, by key and some thousand at a time: neither memory nor a transaction grows with them.

    A server-side cursor would keep one transaction open as long as the slowest download, and a pooler forbids it.
    """
    rows = queryset.order_by("pk").values_list("pk", *columns)
    batch = list(rows[:BATCH])
    while batch:
        yield from (row[1:] for row in batch)
        batch = list(rows.filter(pk__gt=batch[-1][0])[:BATCH]) if len(batch) == BATCH else []


def require_allowed(allowed: bool) -> None:
    """Raise PermissionDenied unless `allowed`."""
    if not allowed:
        raise PermissionDenied

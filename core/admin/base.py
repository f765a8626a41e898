"""The base class of all admin classes: lists without counts, CSV export, and errors shown as messages."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, ClassVar, TypeVar

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, models, transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.urls import reverse
from unfold.widgets import UnfoldAdminTextareaWidget as Textarea

from core import csv_export, rls
from core.admin.access_log import AccessLogMixin
from core.admin.forms import CurrencySelect
from core.admin.history import AuditHistoryMixin
from core.admin.lists import UncountedChangeList, UncountedPaginator
from core.admin.masking import masking, unmasked
from core.admin.query_guard import QueryGuardMixin
from core.admin.secrets import SecretFieldChecks, public_fields
from core.admin.unfold_compat import ModelAdmin
from core.api.errors import violated_rule
from core.api.filters.filtersets import JsonTextField
from core.errors import DomainError
from core.models.money import CurrencyField

BATCH = 2_000
EXPORT = "export_csv"
LAST_PLACE = 50
STAMPS = ("id", "created_at", "updated_at")
Service = Callable[[Any, HttpRequest, Any], None]
Context = dict[str, Any] | None
InlineT = TypeVar("InlineT", bound=type)

_shown_on: dict[type[Model], list[type]] = defaultdict(list)


def inline_on(model: type[Model]) -> Callable[[InlineT], InlineT]:
    """Add an inline to the page of another app's model, for apps that the other app must not import."""

    def register(inline: InlineT) -> InlineT:
        _shown_on[model].append(inline)
        return inline

    return register


class HiddenActionsMixin(ModelAdmin):
    """An admin class whose pages show only the buttons that apply to their row. It reads the row once more."""

    def hidden_actions(self, request: HttpRequest, row: Any) -> set[str]:
        """Return the names of the buttons of `actions_detail` that do not apply to a row."""
        return set()

    def get_actions_detail(self, request: HttpRequest, object_id: object) -> list[Any]:
        buttons = super().get_actions_detail(request, object_id)  # type: ignore[misc]  # of unfold, not of Django's ModelAdmin
        row = self.get_object(request, unquote(str(object_id))) if buttons else None
        if row is None:
            return []
        hidden = self.hidden_actions(request, row)
        prefix = f"{self.opts.app_label}_{self.opts.model_name}_"
        return [button for button in buttons if button.action_name.removeprefix(prefix) not in hidden]


class BaseAdmin(QueryGuardMixin, AuditHistoryMixin, AccessLogMixin, ModelAdmin):
    """The admin class of one model.

    `csv_columns` are the lookups in the export, by default all public columns. `sortable_by` must name only columns that an
    index can sort by.
    """

    checks_class = SecretFieldChecks
    paginator = UncountedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # facets need a COUNT for each choice of each filter
    list_per_page = 50
    list_filter_submit = warn_unsaved_form = True
    ordering: ClassVar[Any] = ("-id",)
    sortable_by: ClassVar[Any] = ()
    actions: Sequence[str | Callable[..., Any]] = (EXPORT,)
    csv_columns: ClassVar[Sequence[str]] = ()
    formfield_overrides = {
        CurrencyField: {"widget": CurrencySelect},
        models.TextField: {"widget": Textarea({"rows": 3})},
        models.JSONField: {"widget": Textarea({"rows": 3}), "form_class": JsonTextField},
    }

    def get_changelist(self, request: HttpRequest, **kwargs: object) -> type[UncountedChangeList]:
        return UncountedChangeList

    def date_hierarchy_for(self, request: HttpRequest) -> str | None:
        """Return the field to drill down by, or None where that would scan the whole table."""
        return self.date_hierarchy

    def get_autocomplete_fields(self, request: HttpRequest) -> list[str]:
        """Return every foreign key whose model has a search; a drop-down can't show ten million rows."""
        keys = [field for field in self.model._meta.concrete_fields if field.many_to_one and field.related_model]
        known = [field for field in keys if self.admin_site.is_registered(field.related_model)]
        return [
            field.name for field in known if self.admin_site.get_model_admin(field.related_model).get_search_fields(request)
        ]

    def get_inlines(self, request: HttpRequest, obj: Model | None) -> list[type]:
        """Return the inlines, including those of other apps, sorted by their `place`."""
        inlines = [*super().get_inlines(request, obj), *(_shown_on[self.model] if obj else [])]
        return sorted(inlines, key=lambda inline: getattr(inline, "place", LAST_PLACE))

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        stamps = [name for name in STAMPS if obj and name in public_fields(self.model)]
        return [*super().get_readonly_fields(request, obj), *stamps]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Return the actions without bulk deletion; a row is deleted on its own page."""
        return {name: found for name, found in super().get_actions(request).items() if name != "delete_selected"}

    def get_deleted_objects(
        self, objs: Sequence[Model] | QuerySet[Any], request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """Return the rows alone; Django would load all related rows in order to list them."""
        return [str(masking(request).view(row)) for row in objs], {str(self.opts.verbose_name_plural): len(objs)}, set(), []

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any], *args: Any, **kwargs: Any) -> HttpResponse | None:
        """Run an action; only the export may be applied to all rows of a list at once."""
        if request.POST.get("select_across") == "1" and request.POST.get("action") != EXPORT:
            self.message_user(request, "Only the export can be applied to all rows. Select single rows.", messages.WARNING)
            return None
        return super().response_action(request, queryset, *args, **kwargs)

    @admin.action(description="Export as CSV", permissions=["view"])
    def export_csv(self, request: HttpRequest, queryset: QuerySet[Any]) -> StreamingHttpResponse:
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

    def run_service(self, service: Service, title: str, request: HttpRequest, row: Model, reason: str = "") -> None:
        """Call `service` for one row, log the call, and show its outcome as a message. The audit log has the `reason`."""
        name = str(masking(request).view(row))
        try:
            with transaction.atomic(), rls.as_staff(reason=reason):  # the back office runs as staff already
                self.log_change(request, row, f"{title}.")
                service(self, request, unmasked(row))
        except DomainError as error:
            self.message_user(request, f"{name}: {error.message}", messages.ERROR)
        else:
            self.message_user(request, f"{title}: {name}", messages.SUCCESS)

    def url_of(self, row: Model) -> str:
        """Return the URL of a row's page, or of the list if the row was deleted."""
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
        """Return the response of `view`, or reload the page with an error message if the POST was refused."""
        if request.method != "POST":
            return view()
        try:
            with transaction.atomic():
                return view()
        except DomainError as error:
            message = error.message
        except IntegrityError as error:
            message = violation_message_for(error)
        except ValidationError:
            message = "This row does not exist. Choose one from the list."
        self.message_user(request, message, messages.ERROR)
        return HttpResponseRedirect(request.get_full_path())


def violation_message_for(error: IntegrityError) -> str:
    """Return the message of the violated constraint. Raise the error again if no model declares it."""
    found = violated_rule(error)
    if found is None:
        raise error
    return found.message


def in_batches(queryset: QuerySet[Any], columns: Sequence[str]) -> Iterator[Sequence[Any]]:
    """Yield the values of all rows, read by primary key in batches of BATCH.

    A server-side cursor would keep a transaction open for the whole download, and PgBouncer does not support it.
    """
    rows = queryset.order_by("pk").values_list("pk", *columns)
    batch = list(rows[:BATCH])
    while batch:
        yield from (row[1:] for row in batch)
        batch = list(rows.filter(pk__gt=batch[-1][0])[:BATCH]) if len(batch) == BATCH else []


def require_allowed(allowed: bool) -> None:
    if not allowed:
        raise PermissionDenied

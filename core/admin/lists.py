"""Lists of the back office without counts, whose cost does not grow with the table.

A page reads one row more than it shows, in order to know whether there is a next page. A query that no index supports, such
as a rare status among all customers' rows, is canceled after MAX_QUERY_SECONDS, and a message asks for a narrower one.
"""

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ORDER_VAR
from django.core.paginator import EmptyPage, InvalidPage, Page, PageNotAnInteger, Paginator
from django.db import OperationalError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property

from core.admin.masking import Masking
from core.admin.unfold_compat import ChangeList
from core.postgres.failures import QUERY_TIMEOUT, failure_of
from core.postgres.limits import limit_statement_time

if TYPE_CHECKING:
    from core.admin.base import BaseAdmin

LAST_PAGE = 200  # OFFSET reads all rows before a page, so that deep pages are slow
MAX_QUERY_SECONDS = 5

TOO_SLOW = "The search took longer than {seconds} seconds and was stopped. Choose a customer, or remove filters."


class UncountedPage(Page):
    def __init__(self, rows: list[Any], number: int, paginator: Paginator, *, is_last: bool) -> None:
        super().__init__(rows, number, paginator)
        self.is_last = is_last

    def has_next(self) -> bool:
        return not self.is_last

    def end_index(self) -> int:
        return int(self.start_index()) + len(self) - 1


class UncountedPaginator(Paginator):
    """A paginator without a COUNT query; `count` is an upper bound. With a `masking`, the rows of a page are masked."""

    template_name = "mingus/admin/pages.html"
    masking: Masking | None = None

    @cached_property
    def count(self) -> int:
        return LAST_PAGE * self.per_page

    def validate_number(self, number: float | str) -> int:
        if not str(number).isdecimal():
            raise PageNotAnInteger("The page must be a whole number.")
        if not 1 <= int(number) <= LAST_PAGE:
            raise EmptyPage(f"The page must be between 1 and {LAST_PAGE}.")
        return int(number)

    def page(self, number: float | str) -> UncountedPage:
        number = self.validate_number(number)
        start = (number - 1) * self.per_page
        rows = list(self.object_list[start : start + self.per_page + 1])
        is_last = len(rows) <= self.per_page or number == LAST_PAGE
        shown = rows[: self.per_page]
        if self.masking:
            shown = [self.masking.view(row) for row in shown]
        return UncountedPage(shown, number, self, is_last=is_last)

    def nothing(self) -> UncountedPage:
        """Return an empty page, for a query that was canceled."""
        return UncountedPage([], 1, self, is_last=True)


class UncountedChangeList(ChangeList):
    """Django's ChangeList without its two COUNT queries, sorted and drilled into only where an index supports it."""

    model_admin: "BaseAdmin"
    page: UncountedPage

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        self.date_hierarchy = self.model_admin.date_hierarchy_for(request)

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:
        """Return the requested order, or the default if it has a column that is not sortable, as in an old bookmark."""
        if not self._may_sort():
            self.params.pop(ORDER_VAR, None)
        return list(super().get_ordering(request, queryset))

    def _may_sort(self) -> bool:
        if self.sortable_by is None:
            return True
        parts = [part.lstrip("-") for part in str(self.params.get(ORDER_VAR, "")).split(".")]
        columns = dict(enumerate(self.list_display))
        return all(columns[int(part)] in self.sortable_by for part in parts if part.isdecimal() and int(part) in columns)

    def get_results(self, request: HttpRequest) -> None:
        self.paginator = self.model_admin.get_paginator(request, self.queryset, self.list_per_page)
        self.page = self._read(request)
        self.result_list = self.page.object_list
        self.result_count = self.full_result_count = len(self.page)
        self.show_full_result_count = self.can_show_all = False
        self.show_admin_actions = True
        self.multi_page = self.page.has_other_pages()

    def _read(self, request: HttpRequest) -> UncountedPage:
        try:
            with limit_statement_time(MAX_QUERY_SECONDS):
                return self.paginator.page(self.page_num)
        except InvalidPage as error:
            raise IncorrectLookupParameters(error) from error
        except OperationalError as error:
            if failure_of(error) is not QUERY_TIMEOUT:
                raise
        messages.warning(request, TOO_SLOW.format(seconds=MAX_QUERY_SECONDS))
        return self.paginator.nothing()

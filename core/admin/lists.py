"""Lists of the back office that cost as much at ten million rows as at ten.

Nothing is counted: a page reads one row more than it shows, and that row says whether there is a next page. A question that
no index answers (a rare status among everybody's rows) is stopped by the database after some seconds, and the page says how
to ask for less.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ORDER_VAR
from django.core.paginator import EmptyPage, InvalidPage, Page, PageNotAnInteger, Paginator
from django.db import OperationalError, connection, transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property

from core.admin.masking import Masking
from core.admin.unfold_compat import ChangeList

if TYPE_CHECKING:
    from core.admin.base import BaseAdmin

LAST_PAGE = 200  # a deeper page reads past everything before it; a filter is quicker
MAX_QUERY_SECONDS = 5

TOO_SLOW = "That would have searched everybody's rows for more than {seconds} seconds. Choose a customer, or fewer filters."


class UncountedPage(Page):
    """A page that knows from its own rows whether another follows."""

    def __init__(self, rows: list[Any], number: int, paginator: Paginator, *, is_last: bool) -> None:
        super().__init__(rows, number, paginator)
        self.is_last = is_last

    def has_next(self) -> bool:
        return not self.is_last

    def end_index(self) -> int:
        return int(self.start_index()) + len(self) - 1


class UncountedPaginator(Paginator):
    """Pages without a COUNT; `count` is only an upper bound, for callers that need a number.

    With a `masking` the rows of a page are masked.
    """

    template_name = "mingus/admin/pages.html"
    masking: Masking | None = None

    @cached_property
    def count(self) -> int:
        return LAST_PAGE * self.per_page

    def validate_number(self, number: float | str) -> int:
        if not str(number).isdecimal():
            raise PageNotAnInteger("Not a page's number.")
        if not 1 <= int(number) <= LAST_PAGE:
            raise EmptyPage(f"Pages go from 1 to {LAST_PAGE}.")
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
        """The page that is shown when the rows could not be had."""
        return UncountedPage([], 1, self, is_last=True)


class UncountedChangeList(ChangeList):
    """Django's list without its two counts, ordered and drilled into only where an index carries it."""

    model_admin: "BaseAdmin"
    page: UncountedPage

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        self.date_hierarchy = self.model_admin.date_hierarchy_for(request)

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:
        """The order asked for, unless it is by a column that is not offered: a bookmark must not sort ten million rows."""
        if not self._may_sort():
            self.params.pop(ORDER_VAR, None)
        return list(super().get_ordering(request, queryset))

    def _may_sort(self) -> bool:
        if self.sortable_by is None:
            return True
        numbers = [part.lstrip("-") for part in str(self.params.get(ORDER_VAR, "")).split(".")]
        columns = [self.list_display[int(number)] for number in numbers if number.isdecimal() and int(number) < self._width()]
        return all(column in self.sortable_by for column in columns)

    def _width(self) -> int:
        return len(self.list_display)

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
            if not isinstance(error.__cause__, psycopg.errors.QueryCanceled):
                raise
        messages.warning(request, TOO_SLOW.format(seconds=MAX_QUERY_SECONDS))
        return self.paginator.nothing()


@contextmanager
def limit_statement_time(seconds: float) -> Iterator[None]:
    """Have the database stop any statement of this block that takes longer; what was set before applies again afterwards."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('statement_timeout')")
        before = cursor.fetchone()[0]
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [f"{int(seconds * 1000)}ms"])
        yield
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [before])

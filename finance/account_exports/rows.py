"""The transactions of an account for its export, read in pages and as they were at one moment."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connections, transaction
from django.db.models import Case, F, Max, Min, Subquery, TextField, Value, When, Window
from django.db.models.functions import Coalesce

from finance.models import EncryptedFinancialProfile, FinancialTransaction
from finance.models.division_columns import SPLITS, DivisionColumn
from finance.models.later_transactions import BOOKED, LaterTransactions
from finance.statements.exported_rows import STATUSES

PAGE = 2_000


# the cursor below does not convert NULL
COLUMNS = {
    "category": Coalesce("category", Value(""), output_field=TextField()),
    "payee": Coalesce("payee", Value(""), output_field=TextField()),
    "splits": DivisionColumn(SPLITS),
}


class ExportedRow(NamedTuple):
    """A transaction. `balance` is the booked one of the account; `first_day` and `last_day` are those of the whole export.

    `splits` are the parts as JSON.
    """

    id: UUID
    transaction_date: date
    posted_date: date | None
    amount: Decimal
    currency: str
    merchant_name: str
    description: str
    reference_number: str
    status: str
    category: str
    transaction_type: str
    payee: str
    note: str
    tags: list[str]
    splits: str
    balance: Decimal | None
    first_day: date
    last_day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The account to export, the period (inclusive; None: no limit), the currency ("": all), and the user's present day."""

    account: EncryptedFinancialProfile
    first_day: date | None
    last_day: date | None
    currency: str
    today: date

    @property
    def has_balance(self) -> bool:
        """True if the present balance is that at the end of the period."""
        return self.last_day is None or self.last_day >= self.today

    def booked_balance(self) -> Any:
        """Return the query of the balance with the transactions that were booked after its day; NULL if it is unknown."""
        account = EncryptedFinancialProfile.objects.filter(pk=self.account.pk)
        return account.values_list(F("account_balance") + LaterTransactions(statuses=BOOKED), flat=True)

    def rows(self) -> Iterator[ExportedRow]:
        """Yield the transactions that move money: in the account's currency first, posted before pending, then by day.

        One query reads everything, the balance too, so that an import in the meantime is either in all of it or in nothing.
        """
        chosen = FinancialTransaction.objects.on_account(self.account).filter(status__in=STATUSES)
        if self.first_day:
            chosen = chosen.filter(transaction_date__gte=self.first_day)
        if self.last_day:
            chosen = chosen.filter(transaction_date__lte=self.last_day)
        if self.currency:
            chosen = chosen.filter(currency=self.currency)
        return _in_pages(
            chosen.annotate(
                balance=Subquery(self.booked_balance()),
                first_day=Window(Min("transaction_date")),
                last_day=Window(Max("transaction_date")),
                is_foreign=Case(When(currency=self.account.currency, then=Value(0)), default=Value(1)),
                is_pending=Case(When(status="pending", then=Value(1)), default=Value(0)),
            )
            .order_by("is_foreign", "currency", "is_pending", "transaction_date", "pk")
            .values_list(*(COLUMNS.get(name, name) for name in ExportedRow._fields))
        )


def _in_pages(queryset: Any) -> Iterator[ExportedRow]:
    """Yield the rows through a cursor of the server, which also a connection pooler allows within a transaction."""
    sql, parameters = queryset.query.get_compiler(connection=connections[queryset.db]).as_sql()
    with transaction.atomic(using=queryset.db), connections[queryset.db].cursor() as cursor:
        cursor.execute(f"DECLARE account_export NO SCROLL CURSOR FOR {sql}", parameters)
        while True:
            cursor.execute(f"FETCH {PAGE:d} FROM account_export")
            page = cursor.fetchall()
            if not page:
                break
            yield from map(ExportedRow._make, page)
        cursor.execute("CLOSE account_export")

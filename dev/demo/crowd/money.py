"""The generated customers' accounts and transactions, stored with COPY."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Max
from uuid_utils.compat import uuid7

from core import clock
from dev.population import money
from dev.population.people import Person
from finance.models import EncryptedFinancialProfile, FinancialTransaction
from finance.models.accounts import BalanceSource

LINES_AT_ONCE = 2_000
COLUMNS = (
    "id, user_id, financial_profile_id, transaction_type, amount, currency, description, category, merchant_name, "
    "transaction_date, posted_date, reference_number, status, metadata"
)
# COPY can't write to a table with row-level security
STAGE = "CREATE TEMPORARY TABLE demo_staged ON COMMIT DROP AS SELECT {columns} FROM finance_financialtransaction WITH NO DATA"
COPY = "COPY demo_staged ({columns}) FROM STDIN"
INSERT = (
    "INSERT INTO finance_financialtransaction ({columns}, created_at, updated_at) SELECT {columns}, statement_timestamp(), "
    "statement_timestamp() FROM demo_staged"
)
MARK = {"source": "demo"}
Account = tuple[Person, str]


@transaction.atomic
def load(people: Sequence[Person]) -> int:
    """Create the accounts that do not exist and the transactions of the days after the last stored one. Return their number."""
    users = [person.id for person in people]
    accounts = {(row.user_id, row.metadata["demo"]): row for row in _accounts(users)}
    new = [person for person in people if (person.id, money.CHECKING) not in accounts]
    created = [row for person in new for row in _new_accounts(person)]
    EncryptedFinancialProfile.objects.bulk_create(created)
    accounts |= {(row.user_id, row.metadata["demo"]): row for row in created}
    stored = FinancialTransaction.objects.filter(user__in=users, metadata__contains=MARK).values_list("user_id")
    last = dict(stored.annotate(last=Max("transaction_date")))
    lines = (line for person in people for line in _lines(person, accounts, last.get(person.id)))
    return _copy(lines)


def _accounts(users: list[UUID]) -> Iterable[Any]:
    return EncryptedFinancialProfile.objects.filter(user__in=users, metadata__has_key="demo")


def _new_accounts(person: Person) -> Iterator[EncryptedFinancialProfile]:
    today = _today(person)
    first, month_end = money.first_day(today), today.replace(day=1) - timedelta(days=1)
    items = list(money.transactions(person, first, month_end))
    for account in money.accounts(person, first):
        yield EncryptedFinancialProfile(
            user_id=person.id,
            profile_name=account.name,
            profile_type=account.kind,
            institution_name=account.institution,
            account_number=f"4000{person.id.int % 10**12:012}" if account.kind == "credit" else f"{person.id.int % 10**10:010}",
            currency=person.currency,
            account_balance=money.balance(account.opening, items, account.key, month_end),
            balance_date=month_end,
            balance_source=BalanceSource.USER,
            credit_limit=account.limit,
            interest_rate=account.rate,
            sync_status="success",
            last_sync_at=clock.now(),
            metadata={"demo": account.key},
        )


def _today(person: Person) -> date:
    return clock.day_in(clock.zone_named(person.profile["timezone"]), clock.now())


def _lines(person: Person, accounts: dict[Any, Any], last: date | None) -> Iterator[str]:
    today = _today(person)
    first = last + timedelta(days=1) if last else money.first_day(today)
    for item in money.transactions(person, first, today):
        account = accounts[person.id, item.account]
        posted = min(item.day + timedelta(days=1), today)
        text = f"CARD PURCHASE {item.merchant.upper()}" if item.account == money.CARD else item.merchant or item.reference.split("-")[0]
        yield (
            f"{uuid7()}\t{person.id}\t{account.pk}\t{item.kind}\t{item.amount}\t{person.currency}\t{text}\t{item.category}"
            f'\t{item.merchant}\t{item.day}\t{posted}\t{item.reference}\tcompleted\t{{"source": "demo"}}\n'
        )


def _copy(lines: Iterator[str]) -> int:
    names = {"columns": COLUMNS}
    with connection.cursor() as cursor:
        cursor.execute(STAGE.format(**names))
        with cursor.copy(COPY.format(**names)) as copy:
            while some := "".join(islice(lines, LINES_AT_ONCE)):
                copy.write(some)
        cursor.execute(INSERT.format(**names))
        return int(cursor.rowcount)

"""The generated customers' accounts and transactions, stored with COPY."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max

from core import clock
from dev.demo.crowd import staging
from dev.population import money
from dev.population.people import Person
from finance.models import EncryptedFinancialProfile, FinancialTransaction
from finance.models.accounts import BalanceSource

COLUMNS = (
    "user_id",
    "financial_profile_id",
    "transaction_type",
    "amount",
    "currency",
    "description",
    "category",
    "merchant_name",
    "payee",
    "transaction_date",
    "posted_date",
    "reference_number",
    "status",
    "metadata",
)
CATEGORIES = """
INSERT INTO finance_category (id, user_id, name, slug, kind, color, icon, is_archived, created_at, updated_at)
SELECT core_uuid7(clock_timestamp()), user_id, initcap(replace(category, '-', ' ')), category,
       CASE WHEN bool_and(transaction_type = 'income') THEN 'income'
            WHEN bool_and(transaction_type = 'transfer') THEN 'transfer' ELSE 'expense' END,
       '', '', false, statement_timestamp(), statement_timestamp()
  FROM {stage} WHERE category IS NOT NULL GROUP BY user_id, category
ON CONFLICT DO NOTHING
"""
PAYEES = """
INSERT INTO finance_payee (id, user_id, name, created_at, updated_at)
SELECT core_uuid7(clock_timestamp()), user_id, payee, statement_timestamp(), statement_timestamp()
  FROM {stage} WHERE payee IS NOT NULL GROUP BY user_id, payee
ON CONFLICT DO NOTHING
"""
MARK = {"source": "demo"}
MARK_TEXT = '{"source": "demo"}'


@transaction.atomic
def load(people: Sequence[Person]) -> None:
    """Create the accounts that do not exist, and the transactions of the days after the last stored one."""
    users = [person.id for person in people]
    stored_accounts = EncryptedFinancialProfile.objects.filter(user__in=users, metadata__has_key="demo")
    accounts = {(row.user_id, row.metadata["demo"]): row for row in stored_accounts}
    new = [person for person in people if (person.id, money.CHECKING) not in accounts]
    created = [row for person in new for row in _new_accounts(person)]
    EncryptedFinancialProfile.objects.bulk_create(created)
    accounts |= {(row.user_id, row.metadata["demo"]): row for row in created}
    stored = FinancialTransaction.objects.filter(user__in=users, metadata__contains=MARK).values_list("user_id")
    last = dict(stored.annotate(last=Max("transaction_date")))
    rows = (row for person in people for row in _rows(person, accounts, last.get(person.id)))
    staging.insert(FinancialTransaction, COLUMNS, rows, parents=[CATEGORIES, PAYEES])


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
            account_balance=sum((item.amount for item in items if item.account == account.key), account.opening),
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


def _rows(person: Person, accounts: dict[Any, Any], last: date | None) -> Iterator[Sequence[Any]]:
    today = _today(person)
    first = last + timedelta(days=1) if last else money.first_day(today)
    keys = {key: accounts[person.id, key].pk for key in (money.CHECKING, money.SAVINGS, money.CARD)}
    for item in money.transactions(person, first, today):
        yield (
            person.id,
            keys[item.account],
            item.kind,
            item.amount,
            person.currency,
            f"CARD PURCHASE {item.merchant.upper()}"
            if item.account == money.CARD and item.merchant
            else item.merchant or "TRANSFER",
            item.category or None,
            item.merchant,
            item.merchant or None,
            item.day,
            min(item.day + timedelta(days=1), today),
            item.reference,
            "completed",
            MARK_TEXT,
        )

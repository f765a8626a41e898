"""A believable year of money for the invented customers of `manage.py demo`, the same on every machine and in every run."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any

from django.db import transaction
from django.db.models import F, Sum

from core import clock
from dev.demo.finance import due_dates, projections
from dev.demo.finance.customers import DEMO_FINANCES
from dev.demo.finance.generator import DemoAccount, DemoFinances, DemoTransaction, generate_transactions
from dev.demo.finance.statement_files import statement_of_last_month
from dev.demo.rows import save_checked
from finance.models import EncryptedFinancialProfile, FinancialTransaction, StatementImport
from finance.services.imports import import_statement
from finance.statements.source import StatementSource

YEAR = timedelta(days=365)
POSTED_AFTER = timedelta(days=2)
PENDING_KINDS = ("expense", "refund")


@dataclass(frozen=True)
class Loaded:
    """What a customer has now."""

    accounts: int
    transactions: int


@transaction.atomic
def load(user: Any, *, today: date) -> Loaded:
    """Give `user` the accounts of his life and what moved on them in the year up to `today`. What is there already stays."""
    life = DEMO_FINANCES[user.email]
    accounts = {account.key: _account(user, life, account) for account in life.accounts}
    known = set(FinancialTransaction.objects.for_user(user).values_list("financial_profile_id", "reference_number"))
    year = generate_transactions(life, user.email, today - YEAR, today)
    new = [item for item in year if (accounts[item.account].pk, item.reference) not in known]
    rows = [_row(user, accounts[item.account], item, today=today) for item in new]
    FinancialTransaction.objects.bulk_create(rows, batch_size=1_000)
    _settle(user, today=today)
    _balance(life, accounts)
    _import_file(user, life, accounts[life.statement.account], today=today)
    due_dates.load(user, currency=life.currency, today=today)
    projections.load(user, today=today)
    return Loaded(len(accounts), FinancialTransaction.objects.for_user(user).count())


def _account(user: Any, life: DemoFinances, account: DemoAccount) -> EncryptedFinancialProfile:
    """The stored account, which keeps the name that somebody may have given it meanwhile."""
    found = EncryptedFinancialProfile.objects.for_user(user).filter(metadata__contains={"demo": account.key}).first()
    if found:
        return found
    account_row = EncryptedFinancialProfile(
        user=user,
        profile_name=account.name,
        profile_type=account.kind,
        institution_name=account.institution,
        account_number=account.number or None,
        routing_number=account.routing or None,
        currency=life.currency,
        account_balance=account.opening,
        credit_limit=account.credit_limit,
        interest_rate=account.interest_rate,
        sync_status="success",
        last_sync_at=clock.now(),
        metadata={"demo": account.key},
    )
    return save_checked(account_row)


def _row(user: Any, account: EncryptedFinancialProfile, item: DemoTransaction, *, today: date) -> FinancialTransaction:
    """A movement as the API would store it: with the model's own checks; the constraints have the last word."""
    pending = item.kind in PENDING_KINDS and item.day > today - POSTED_AFTER
    row = FinancialTransaction(
        user=user,
        financial_profile=account,
        transaction_type=item.kind,
        amount=item.amount,
        currency=account.currency,
        description=item.text,
        category=item.category,
        merchant_name=item.merchant,
        transaction_date=item.day,
        posted_date=None if pending else min(item.day + timedelta(days=1), today),
        reference_number=item.reference,
        status="pending" if pending else "completed",
        metadata={"source": "demo", **item.metadata},
    )
    row.clean_fields(exclude=["user", "financial_profile"])
    row.clean()
    return row


def _settle(user: Any, *, today: date) -> None:
    """What was pending in an earlier run has been posted since."""
    posted = FinancialTransaction.objects.for_user(user).pending().filter(transaction_date__lte=today - POSTED_AFTER)
    posted.filter(metadata__contains={"source": "demo"}).update(
        status="completed", posted_date=F("transaction_date") + timedelta(days=1)
    )


def _balance(life: DemoFinances, accounts: dict[str, EncryptedFinancialProfile]) -> None:
    """An account holds what it held a year ago and what moved since."""
    for account in (item for item in life.accounts if item.key != life.statement.account):
        row = accounts[account.key]
        moved = FinancialTransaction.objects.on_account(row).aggregate(total=Sum("amount"))
        balance = account.opening + (moved["total"] or Decimal(0))
        if row.account_balance != balance:
            row.account_balance = balance
            row.save(update_fields=["account_balance"])


def _import_file(user: Any, life: DemoFinances, account: EncryptedFinancialProfile, *, today: date) -> None:
    """Bring last month's file into the account that lives on files, once."""
    number = next(item.number for item in life.accounts if item.key == life.statement.account)
    file = statement_of_last_month(life.statement, user.email, currency=life.currency, number=number, today=today)
    if not StatementImport.objects.for_user(user).filter(filename=file.name).exists():
        source = StatementSource(file=BytesIO(file.content), filename=file.name)
        import_statement(source, account=account, now=clock.now())

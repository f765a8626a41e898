"""A year of financial data for the demo customers, the same on every machine and in every run."""

from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any

from django.db import transaction
from django.db.models import F, Sum

from core import clock
from dev.demo.finance import divisions, due_dates, edits, projections, receipts, rules, transfers
from dev.demo.finance.customers import DEMO_FINANCES
from dev.demo.finance.generator import DemoAccount, DemoFinances, DemoTransaction, generate_transactions
from dev.demo.finance.statement_files import statement_of_last_month
from dev.demo.rows import save_checked, shared_fields
from finance.models import EncryptedFinancialProfile, FinancialTransaction, StatementImport
from finance.models.accounts import DEBTS, BalanceSource
from finance.services.default_categories import create_default_categories
from finance.services.imports import import_statement
from finance.services.reconciliation import BankBalance, reconcile
from finance.services.transaction_names import name_rows
from finance.statements.source import StatementSource

YEAR = timedelta(days=365)
POSTED_AFTER = timedelta(days=2)
TAGS = {"travel": ["vacation"], "gifts": ["family"], "dining": ["weekend"]}
PENDING_KINDS = ("expense", "refund")


@transaction.atomic
def load(user: Any, *, today: date) -> None:
    """Create the accounts of `user` and their transactions in the year up to `today`. Existing rows stay."""
    finances = DEMO_FINANCES[user.email]
    create_default_categories(user.pk)
    accounts = {account.key: _account(user, finances, account, today=today) for account in finances.accounts}
    known = set(FinancialTransaction.objects.for_user(user).values_list("financial_profile_id", "reference_number"))
    year = generate_transactions(finances, user.email, today - YEAR, today)
    new = [item for item in year if (accounts[item.account].pk, item.reference_number) not in known]
    rows = [_row(user, accounts[item.account], item, today=today) for item in new]
    for row in rows:
        row.tags = TAGS.get(row.category, [])
    if rows:
        name_rows(rows)
    FinancialTransaction.objects.bulk_create(rows, batch_size=1_000)
    _post_pending(user, today=today)
    _update_balances(finances, accounts, end_of_last_month=today.replace(day=1) - timedelta(days=1))
    _reconcile(accounts)
    _import_file(user, finances, accounts[finances.statement.account], today=today)
    due_dates.load(user, currency=finances.currency, today=today)
    projections.load(user, today=today)
    transfers.load(user, today=today)
    receipts.load(user)
    divisions.load(user)
    rules.load(user)
    edits.load(user, today=today)


def _account(user: Any, finances: DemoFinances, account: DemoAccount, *, today: date) -> EncryptedFinancialProfile:
    """Return the stored account, which may have been renamed, or create it with its balance of a year ago."""
    found = EncryptedFinancialProfile.objects.for_user(user).filter(metadata__contains={"demo": account.key}).first()
    if found:
        return found
    account_row = EncryptedFinancialProfile(
        user=user,
        account_number=account.number or None,
        routing_number=account.routing or None,
        currency=finances.currency,
        account_balance=account.opening,
        balance_date=today - YEAR - timedelta(days=1),
        balance_source=BalanceSource.USER,
        sync_status="success",
        last_sync_at=clock.now(),
        metadata={"demo": account.key},
        **shared_fields(account, EncryptedFinancialProfile),
    )
    return save_checked(account_row)


def _row(user: Any, account: EncryptedFinancialProfile, item: DemoTransaction, *, today: date) -> FinancialTransaction:
    """Return a new transaction after the model's validation. The database checks its constraints on insert."""
    pending = item.transaction_type in PENDING_KINDS and item.transaction_date > today - POSTED_AFTER
    row = FinancialTransaction(
        user=user,
        financial_profile=account,
        currency=account.currency,
        posted_date=None if pending else min(item.transaction_date + timedelta(days=1), today),
        status="pending" if pending else "completed",
        metadata={"source": "demo", **item.more_metadata},
        **shared_fields(item, FinancialTransaction),
    )
    row.clean_fields(exclude=["user", "financial_profile"])
    row.clean()
    return row


def _post_pending(user: Any, *, today: date) -> None:
    """Post the transactions that an earlier run created as pending."""
    posted = FinancialTransaction.objects.for_user(user).pending().filter(transaction_date__lte=today - POSTED_AFTER)
    posted.filter(metadata__contains={"source": "demo"}).update(
        status="completed", posted_date=F("transaction_date") + timedelta(days=1)
    )


def _update_balances(
    finances: DemoFinances, accounts: dict[str, EncryptedFinancialProfile], *, end_of_last_month: date
) -> None:
    """Set each balance to that at the end of the last month: the opening balance plus the transactions until then."""
    for account in (item for item in finances.accounts if item.key != finances.statement.account):
        row = accounts[account.key]
        transactions = FinancialTransaction.objects.on_account(row).filter(transaction_date__lte=end_of_last_month)
        balance = account.opening + (transactions.aggregate(total=Sum("amount"))["total"] or Decimal(0))
        if (row.account_balance, row.balance_date) != (balance, end_of_last_month):
            row.account_balance, row.balance_date = balance, end_of_last_month
            row.overpaid = row.profile_type in DEBTS and balance > 0
            row.save(update_fields=["account_balance", "balance_date", "overpaid"])


def _reconcile(accounts: dict[str, EncryptedFinancialProfile]) -> None:
    """Reconcile each account once with its balance at the end of the last month; later transactions have no mark."""
    for account in accounts.values():
        if account.opening_balance is None and account.account_balance is not None and account.balance_date is not None:
            bank = BankBalance(day=account.balance_date, balance=account.account_balance, overpaid=account.overpaid)
            reconcile(account, bank, now=clock.now())


def _import_file(user: Any, finances: DemoFinances, account: EncryptedFinancialProfile, *, today: date) -> None:
    """Import last month's statement once, into the account whose transactions come from statements."""
    number = next(item.number for item in finances.accounts if item.key == finances.statement.account)
    file = statement_of_last_month(finances.statement, user.email, currency=finances.currency, number=number, today=today)
    if not StatementImport.objects.for_user(user).filter(filename=file.name).exists():
        # OFX has no opening balance, without which the sign of a balance above 0 of a card would be unknown
        source = StatementSource(file=BytesIO(file.content), filename=file.name, opening_balance=Decimal(0))
        import_statement(source, account=account, now=clock.now())

"""Writes that touch more than one row of money."""

from finance.models import EncryptedFinancialProfile
from mingus.kit.errors import ConflictError


def delete_account(account: EncryptedFinancialProfile) -> None:
    """Delete an account that never had a transaction; others are closed, so that the books stay whole."""
    if account.transactions.exists():
        raise ConflictError(
            "account_has_transactions", "This account has transactions. Close it instead: PATCH it with is_active false."
        )
    account.delete()

"""Deleting, closing, reopening and locking accounts."""

from uuid import UUID

from core.errors import ConflictError, DomainError
from finance.models import EncryptedFinancialProfile, FinancialTransaction


def delete_account(account: EncryptedFinancialProfile) -> None:
    """Delete an account without transactions; raise ConflictError if there are any."""
    if FinancialTransaction.objects.on_account(account).exists():  # filters by owner too, with which every index begins
        raise ConflictError(
            "account_has_transactions", "This account has transactions. Close it instead: PATCH it with is_active false."
        )
    account.delete()


def close_account(account: EncryptedFinancialProfile) -> None:
    """Set an account inactive; it stays readable with all its transactions. Raise ConflictError if it is closed already."""
    if not account.is_active:
        raise ConflictError("already_closed", "This account is already closed.")
    account.is_active = False
    account.save(update_fields=["is_active"])


def reopen_account(account: EncryptedFinancialProfile) -> None:
    """Set a closed account active; raise ConflictError if it is open already."""
    if account.is_active:
        raise ConflictError("already_open", "This account is already open.")
    account.is_active = True
    account.save(update_fields=["is_active"])


def lock_open_account(account_id: UUID) -> EncryptedFinancialProfile:
    """Return the account, locked until the transaction ends, so that imports into it run one after the other.

    Transactions can be added to it meanwhile. Raise ConflictError if it is closed, DomainError at `account` if it was deleted
    in the meantime.
    """
    account: EncryptedFinancialProfile | None
    # `no_key`: a new transaction locks the account FOR KEY SHARE, and would wait until a large import has ended
    account = EncryptedFinancialProfile.objects.select_for_update(no_key=True).filter(pk=account_id).first()
    if account is None:
        raise DomainError("does_not_exist", "This account no longer exists.", field="account")
    require_open(account)
    return account


def require_open(account: EncryptedFinancialProfile) -> None:
    """Raise ConflictError if the account is closed."""
    if not account.is_active:
        raise ConflictError("account_closed", "This account is closed. Reopen it first: PATCH it with is_active true.")

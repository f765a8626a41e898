"""What happens to a whole account."""

from uuid import UUID

from core.errors import ConflictError, DomainError
from finance.models import EncryptedFinancialProfile, FinancialTransaction


def delete_account(account: EncryptedFinancialProfile) -> None:
    """Delete an account that never had a transaction; others are closed, so that the books stay whole."""
    if FinancialTransaction.objects.on_account(account).exists():  # with the owner, whom every index begins with
        raise ConflictError(
            "account_has_transactions", "This account has transactions. Close it instead: PATCH it with is_active false."
        )
    account.delete()


def close_account(account: EncryptedFinancialProfile) -> None:
    """Take an account out of use; it stays readable with all its transactions."""
    if not account.is_active:
        raise ConflictError("already_closed", "This account is closed already.")
    account.is_active = False
    account.save(update_fields=["is_active"])


def reopen_account(account: EncryptedFinancialProfile) -> None:
    """Take a closed account into use again."""
    if account.is_active:
        raise ConflictError("already_open", "This account is open already.")
    account.is_active = True
    account.save(update_fields=["is_active"])


def lock_open_account(account_id: UUID) -> EncryptedFinancialProfile:
    """The account, locked until the transaction ends, so that what comes into it comes one after the other.

    Raises ConflictError when it is closed, DomainError at `account` when it has just been deleted.
    """
    account: EncryptedFinancialProfile | None
    account = EncryptedFinancialProfile.objects.select_for_update().filter(pk=account_id).first()
    if account is None:
        raise DomainError("does_not_exist", "This account does not exist any more.", field="account")
    if not account.is_active:
        raise ConflictError("account_closed", "This account is closed. Reopen it first: PATCH it with is_active true.")
    return account

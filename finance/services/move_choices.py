"""The user's decisions about the accounts of a file: import into an existing one, create one, or leave it out."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from core.currencies import MINOR_UNITS
from core.errors import DomainError
from finance.models import EncryptedFinancialProfile
from finance.models.accounts import AccountType
from finance.models.categories import MAX_CATEGORY_LENGTH
from finance.moves.builder import ACCOUNT_LENGTH, MAX_ACCOUNTS

SHOWN = 40
MAX_CATEGORIES = 5_000
FORM = (
    'Send a JSON object such as {"Checking": {"account": "<id>"}, "Old": null, '
    '"Cash": {"profile_name": "Wallet", "profile_type": "checking", "currency": "EUR"}}.'
)


class MoveAction(StrEnum):
    CREATE = "create"
    EXISTING = "existing"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class AccountChoice:
    """A decision about an account. For a new one, "" means: as proposed. `is_closed` is the reason to leave one out."""

    action: MoveAction
    account: EncryptedFinancialProfile | None = None
    profile_name: str = ""
    profile_type: str = ""
    currency: str = ""
    is_closed: bool = False


def read_choices(sent: Mapping[str, Any], *, user_id: UUID) -> dict[str, AccountChoice]:
    """Return the decisions that a client sent, by the accounts' names in the file. Raise DomainError at `accounts`."""
    if len(sent) > MAX_ACCOUNTS:
        raise _refused("too_many", f"A file has at most {MAX_ACCOUNTS} accounts.")
    keys = [value["account"] for value in sent.values() if isinstance(value, dict) and "account" in value]
    accounts = EncryptedFinancialProfile.objects.filter(user_id=user_id)
    own = {str(account.pk): account for account in accounts.filter(pk__in=[key for key in keys if _is_key(key)])}
    return {name: _choice(name, value, own) for name, value in sent.items()}


def read_categories(sent: Mapping[str, Any]) -> dict[str, str]:
    """Return the category for the names of the file; "" leaves out a category. Raise DomainError at `categories`."""
    if len(sent) > MAX_CATEGORIES:
        raise DomainError("too_many", f"Send at most {MAX_CATEGORIES:,} categories.", field="categories")
    for name, value in sent.items():
        if value is not None and (not isinstance(value, str) or not 0 < len(value.strip()) <= MAX_CATEGORY_LENGTH):
            message = (
                f"“{name[:SHOWN]}” must be the slug or name of a category of at most {MAX_CATEGORY_LENGTH} characters, or null "
                "for none."
            )
            raise DomainError("invalid", message, field="categories")
    return {name: (value or "").strip() for name, value in sent.items()}


def _choice(name: str, value: Any, own: Mapping[str, EncryptedFinancialProfile]) -> AccountChoice:
    if value is None:
        return AccountChoice(MoveAction.SKIP)
    if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
        raise _refused("invalid", f"“{name[:SHOWN]}” is no object of texts, or null to leave the account out. {FORM}")
    if value.keys() == {"account"}:
        # SECURITY: the account of another user is refused in the same words as one that does not exist
        account = own.get(value["account"].lower())
        if account is None:
            raise _refused("does_not_exist", f"“{name[:SHOWN]}”: you have no account {value['account'][:SHOWN]}.")
        return AccountChoice(MoveAction.EXISTING, account=account)
    unknown = value.keys() - {"profile_name", "profile_type", "currency"}
    if unknown:
        raise _refused("unknown_field", f"“{name[:SHOWN]}” has no field {min(unknown)[:SHOWN]}. {FORM}")
    return _new_account(name, value)


def _new_account(name: str, value: Mapping[str, str]) -> AccountChoice:
    """Return the choice of a new account; raise DomainError for a value that is not allowed."""
    fields = {field: text.strip() for field, text in value.items()}
    title = fields.get("profile_name", "")
    if len(title) > ACCOUNT_LENGTH or "\0" in title:
        raise _refused("invalid", f"“{name[:SHOWN]}”: profile_name has at most {ACCOUNT_LENGTH} characters.")
    kind, code = fields.get("profile_type", ""), fields.get("currency", "")
    if kind and kind not in AccountType.values:
        choices = ", ".join(AccountType.values)
        raise _refused("invalid_choice", f"“{name[:SHOWN]}”: profile_type {kind[:SHOWN]} is unknown. Use one of: {choices}.")
    if code and code not in MINOR_UNITS:
        raise _refused("invalid_choice", f"“{name[:SHOWN]}”: currency {code[:SHOWN]} is no ISO 4217 code.")
    return AccountChoice(MoveAction.CREATE, profile_name=title, profile_type=kind, currency=code)


def _is_key(text: Any) -> bool:
    try:
        UUID(text)
    except (ValueError, TypeError, AttributeError):
        return False
    return True


def _refused(code: str, message: str) -> DomainError:
    return DomainError(code, message, field="accounts")

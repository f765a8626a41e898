"""Selection of one account of a file that has several, by the user's hint and by the account that they import into."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeVar

from finance.statements.rows import AccountInfo, StatementError

_NOT_IN_NUMBERS = re.compile(r"[\W_]")
_SHOWN = 4
# A code of fewer characters is in many numbers by chance.
_MIN_BANK_IN_IBAN = 5
_UNKNOWN = "ACCOUNT"
_TYPES = frozenset({"CHECKING", "SAVINGS", "MONEYMRKT", "CREDITLINE", "CD", "CREDITCARD", "INVESTMENT"})
# The kinds of accounts in a file (OFX 2.3, 11.3.1.2; BANK in QIF) that fit the `profile_type` of the account to import into.
_FITTING = {
    "checking": {"CHECKING", "BANK"},
    "savings": {"SAVINGS", "MONEYMRKT", "CD", "BANK"},
    "credit": {"CREDITCARD", "CREDITLINE"},
    "investment": {"INVESTMENT"},
}


class AccountKey(NamedTuple):
    """The identity of an account: banks give the checking and the savings account of a customer the same number.

    `number` and `bank` (the codes of bank and branch) consist of upper-case letters and digits only. `kind` is a type of OFX,
    `currency` a code of ISO 4217. A part that the file does not state is "".
    """

    number: str
    kind: str = ""
    bank: str = ""
    currency: str = ""


class _HasKey(Protocol):
    @property
    def key(self) -> AccountKey: ...
    @property
    def info(self) -> AccountInfo: ...


Account = TypeVar("Account", bound=_HasKey)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The user's hint (a number or its last four characters, a type, a currency) and their account's type and currency."""

    hint: str
    account_type: str
    currency: str


def plain_number(text: str) -> str:
    """Return `text` in upper case without spaces and punctuation."""
    return _NOT_IN_NUMBERS.sub("", text).upper()


def mask_number(text: str) -> str:
    """Return four dots and the last four characters, because errors and logs must not show a whole number."""
    written = _NOT_IN_NUMBERS.sub("", text)
    return "••••" + (written[-_SHOWN:] if len(written) > _SHOWN else "")


def complete_keys(keys: Iterable[AccountKey]) -> dict[AccountKey, AccountKey]:
    """Return each key with the parts it lacks taken from the keys of the same number, if these agree on them.

    Statements of one account are not split because a bank omits its code in some of them.
    """
    all_keys = list(dict.fromkeys(keys))
    return {key: _completed(key, [other for other in all_keys if other.number == key.number]) for key in all_keys}


def _completed(key: AccountKey, relatives: Sequence[AccountKey]) -> AccountKey:
    for part in ("kind", "bank", "currency"):
        stated = {getattr(other, part) for other in relatives} - {""}
        if not getattr(key, part) and len(stated) == 1:
            key = key._replace(**{part: stated.pop()})
    return key


def choose(accounts: Sequence[Account], wanted: Wanted) -> Account:
    """Return the account of a file that `wanted` selects; raise StatementError if there is none or more than one.

    A single account needs no number that fits, because many users state another one than the bank.
    """
    words = wanted.hint.upper().split()
    numbers = {account.key.number for account in accounts}
    kinds = {word for word in words if word in _TYPES | {_kind(account) for account in accounts} and word not in numbers}
    currencies = {word for word in words if word in {account.key.currency for account in accounts} and word not in numbers}
    if plain_number(wanted.hint) in numbers:  # a name such as "My Savings" in QIF
        kinds, currencies = set(), set()
    number = plain_number(" ".join(word for word in words if word not in kinds | currencies))
    named = [account for account in accounts if not kinds or _kind(account) in kinds]
    found = [account for account in named if not currencies or account.key.currency in currencies]
    if len(accounts) > 1 and number:
        found = [account for account in found if _has_number(account.key.number, number)]
    if not found:
        raise StatementError("account_not_in_file", f"The account is not in the file. Choose one of: {_listed(accounts)}.")
    found = _narrow(found, lambda key: _has_bank(key, number))
    if not kinds:
        found = _narrow(found, lambda key: key.kind in _FITTING.get(wanted.account_type, set()))
    if any(account.key.currency == wanted.currency for account in found):
        found = [account for account in found if account.key.currency in ("", wanted.currency)]
    if len(found) == 1:
        return found[0]
    message = (
        f"The file has several accounts: {_listed(found)}. Send the number of one of them, or its name, as account_hint, "
        "with its type if it is there twice, such as “1234 SAVINGS”."
    )
    raise StatementError("several_accounts", message)


def _kind(account: _HasKey) -> str:
    return account.key.kind or _UNKNOWN


def _narrow(accounts: list[Account], fits: Callable[[AccountKey], bool]) -> list[Account]:
    """Return the accounts that fit; all of them if none does."""
    return [account for account in accounts if fits(account.key)] or accounts


def _has_number(number: str, wanted: str) -> bool:
    if number == wanted:
        return True
    # An IBAN as hint ends in the account number; a masked card number has only the last four digits in common.
    if not number or len(wanted) < _SHOWN or number[-_SHOWN:] != wanted[-_SHOWN:]:
        return False
    return len(wanted) == _SHOWN or number.endswith(wanted) or wanted.endswith(number)


def _has_bank(key: AccountKey, wanted: str) -> bool:
    """Return True if `wanted` is the bank's code and the number, or an IBAN, which contains both."""
    before = wanted.removesuffix(key.number) if key.number else ""
    if not before or before == wanted:
        return False
    return before == key.bank or (len(key.bank) >= _MIN_BANK_IN_IBAN and key.bank in before)


def _listed(accounts: Sequence[_HasKey]) -> str:
    """Return the accounts with their types, and with bank and currency where the types do not distinguish them."""
    parts = [(account.info.masked, _kind(account)) for account in accounts]
    twins = {part for part, count in Counter(parts).items() if count > 1}
    labels = []
    for account, part in zip(accounts, parts, strict=True):
        details = [account.key.bank and f"bank {account.key.bank}", account.key.currency] if part in twins else []
        labels.append(f"{part[0]} ({', '.join([part[1], *filter(None, details)])})")
    return ", ".join(labels)

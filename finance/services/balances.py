"""Balances of accounts: one that is sent is completed, one that an import sets can be restored."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError

from core.currencies import TooManyDecimalsError, in_minor_units
from core.models.base import json_ready
from finance.models import EncryptedFinancialProfile
from finance.models.accounts import DEBTS, BalanceSource

Values = dict[str, Any]
STORED = ("account_balance", "balance_date", "balance_source")
COLUMNS = (*STORED, "overpaid")

NO_DEBT = "Only a credit, loan or mortgage account owes an amount. Send account_balance instead."
CONTRADICTION = "This contradicts account_balance, which would be %(balance)s. Send one of the two."
FUTURE = "The balance of a day in the future is not known yet. Use today, %(today)s, or an earlier day."


def complete_balance(account: EncryptedFinancialProfile, sent: Mapping[str, Any], *, today: date) -> Values:
    """Return the values that a user sends for `account` with those that follow from them.

    A new balance is that of `today` and of the user unless the day is sent, too. Without a balance there is no day. An account
    that no longer is overpaid loses the mark, and with another currency it is no longer reconciled. Raise ValidationError for a
    day after `today`, and if `amount_owed`, which is replaced by `account_balance`, does not fit.
    """
    values = _without_amount_owed(account, sent)
    balance = values.get("account_balance", account.account_balance)
    day = values.get("balance_date", account.balance_date)
    if balance is None:
        values |= {"balance_date": values.get("balance_date"), "balance_source": ""}
    elif "account_balance" in values and values.get("balance_date") is None:
        values |= {"balance_date": today, "balance_source": BalanceSource.USER}
    elif (balance, day) != (account.account_balance, account.balance_date):
        values["balance_source"] = BalanceSource.USER
    if day is not None and day != account.balance_date and day > today:
        raise ValidationError({"balance_date": ValidationError(FUTURE, "future_date", {"today": today})})
    is_debt = values.get("profile_type", account.profile_type) in DEBTS
    is_overpaid = account.overpaid and is_debt and balance is not None and balance > 0
    restart = {"opening_balance": None, "reconciled_date": None}  # an amount in the former currency
    is_other = values.get("currency", account.currency) != account.currency
    return {"overpaid": is_overpaid} | (restart if is_other else {}) | values


def _without_amount_owed(account: EncryptedFinancialProfile, sent: Mapping[str, Any]) -> Values:
    """Return the values with the balance in place of the amount owed."""
    values = dict(sent)
    if "amount_owed" not in values:
        return values
    owed, kind = values.pop("amount_owed"), values.get("profile_type", account.profile_type)
    try:
        owed = owed and in_minor_units(owed, values.get("currency", account.currency), "amount_owed")
    except TooManyDecimalsError as error:
        raise ValidationError({"amount_owed": ValidationError(error.message, error.code)}) from error
    if kind not in DEBTS and owed is not None:
        raise ValidationError({"amount_owed": ValidationError(NO_DEBT, "no_debt")})
    if kind in DEBTS:
        stated = None if owed is None else 0 - owed
        balance = values.setdefault("account_balance", stated)
        if owed != EncryptedFinancialProfile(profile_type=kind, account_balance=balance).amount_owed:
            parameters = {"balance": "null" if stated is None else stated}
            raise ValidationError({"amount_owed": ValidationError(CONTRADICTION, "contradiction", parameters)})
    return values


def set_imported_balance(account: EncryptedFinancialProfile, balance: Decimal, day: date) -> Values | None:
    """Set the balance of a statement without saving it.

    Return the former balance with the new one as `set_to`, ready for JSON; None if they are equal.
    """
    before = {name: getattr(account, name) for name in STORED}
    after = dict(zip(STORED, (balance, day, BalanceSource.IMPORT), strict=True))
    _set_balance(account, after)
    return None if after == before else {**_as_json(before), "set_to": _as_json(after)}


def restore_balance(account: EncryptedFinancialProfile, stored: Mapping[str, Any]) -> bool:
    """Restore what `set_imported_balance` returned, without saving it. Return False if the balance was changed since."""
    fields = {field.name: field for field in account._meta.concrete_fields if field.name in STORED}
    if any(getattr(account, name) != field.to_python(stored["set_to"][name]) for name, field in fields.items()):
        return False
    _set_balance(account, {name: field.to_python(stored[name]) for name, field in fields.items()})
    return True


def _set_balance(account: EncryptedFinancialProfile, values: Values) -> None:
    """Set the balance and `overpaid`, which follows from it and the account's type; the type may have been changed since."""
    for name, value in values.items():
        setattr(account, name, value)
    balance = account.account_balance
    account.overpaid = account.profile_type in DEBTS and balance is not None and balance > 0


def _as_json(values: Values) -> Values:
    return {name: json_ready(value) for name, value in values.items()}

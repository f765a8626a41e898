"""Early fraud warnings, by which a card's bank reports a suspicious charge before the cardholder disputes it."""

from dev.stripe.account import Account
from dev.stripe.events import emit, updating
from dev.stripe.new_objects import new_object
from dev.stripe.store import Obj

KIND = "radar.early_fraud_warning"


def warn_of_fraud(account: Account, charge: Obj, fraud_type: str = "unauthorized_use_of_card") -> Obj:
    """Report a charge as suspicious. The warning names the charge and no customer."""
    warning = account.store.add(
        new_object(
            KIND,
            actionable=is_actionable(charge),
            charge=charge["id"],
            created=account.now(charge),
            fraud_type=fraud_type,
            payment_intent=charge["payment_intent"],
            _={"customer": charge["customer"]},
        )
    )
    emit(account, f"{KIND}.created", warning)
    return warning


def is_actionable(charge: Obj) -> bool:
    return not charge["disputed"] and not charge["refunded"]


def update_warnings(account: Account, charge: Obj) -> None:
    """Update the warnings of a charge that was disputed or refunded in full."""
    for warning in account.store.where(KIND, charge=charge["id"]):
        with updating(account, warning):
            warning["actionable"] = is_actionable(charge)

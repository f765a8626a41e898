"""Payment intents and their charges."""

from typing import Any

from dev.stripe.account import Account
from dev.stripe.bank_debits import NEVER, require_currency
from dev.stripe.billing_periods import DAY
from dev.stripe.cards import HARD_DECLINE_CODES
from dev.stripe.errors import declined
from dev.stripe.events import emit, updating
from dev.stripe.ids import new_id
from dev.stripe.lifecycle.balance import book
from dev.stripe.lifecycle.disputes import open_dispute
from dev.stripe.lifecycle.fraud_warnings import warn_of_fraud
from dev.stripe.new_objects import new_object
from dev.stripe.payment_methods import bank_account_of, card_of, charged_details, failure
from dev.stripe.store import Obj


def new_intent(account: Account, owner: Obj, amount: int, currency: str, customer: str, **more: Any) -> Obj:
    """Create a payment intent of `amount` minor units, at the time of its owner: an invoice or a customer."""
    name = new_id("pi")
    intent = account.store.add(
        new_object(
            "payment_intent",
            id=name,
            amount=amount,
            client_secret=f"{name}_secret_{new_id('x')[2:]}",
            created=account.now(owner),
            currency=currency,
            customer=customer,
            **{"description": None, "metadata": {}, "setup_future_usage": None, "_": {}, **more},
        )
    )
    emit(account, "payment_intent.created", intent)
    return intent


def confirm(account: Account, intent: Obj, method: Obj, *, on_session: bool, authenticated: bool = False) -> str:
    """Try to pay. Return the new status: `succeeded`, `processing`, `requires_action` or `requires_payment_method`."""
    require_currency(method, intent["currency"])
    intent["payment_method"] = method["id"]
    card = card_of(method)
    if card is None:
        return begin_debit(account, intent, method)
    needs_authentication = not authenticated and card.needs_authentication(
        on_session=on_session, is_set_up=method["_"]["is_set_up"]
    )
    if needs_authentication and on_session:
        intent["status"] = "requires_action"
        set_next_action(intent, f"{account.url}/authenticate/{intent['id']}")
        emit(account, "payment_intent.requires_action", intent)
        return "requires_action"
    reason = "" if card.only_off_session and on_session else card.charge
    if needs_authentication:
        reason = "authentication_required/authentication_required"
    problem = failure(reason) if reason else None
    charge = new_charge(account, intent, method, "failed" if problem else "succeeded", problem)
    if problem:
        return refuse(account, intent, method, charge, problem)
    method["_"]["is_set_up"] = method["_"]["is_set_up"] or authenticated
    succeed(account, intent, charge, dispute=card.dispute)
    if card.fraud_warning:
        warn_of_fraud(account, charge)
    return "succeeded"


def succeed(account: Account, intent: Obj, charge: Obj, *, dispute: str) -> None:
    """Complete a payment intent whose charge succeeded."""
    set_next_action(intent, None)
    intent.update(status="succeeded", amount_received=intent["amount"], latest_charge=charge["id"], last_payment_error=None)
    charge["balance_transaction"] = book(account, charge, charge["amount"], "charge", "charge")["id"]
    emit(account, "charge.succeeded", charge)
    emit(account, "payment_intent.succeeded", intent)
    if dispute:
        open_dispute(account, charge, "fraudulent", dispute)


def begin_debit(account: Account, intent: Obj, method: Obj) -> str:
    """Submit a bank debit, whose result is known after days (`bank_debits.settle_debit`)."""
    charge = new_charge(account, intent, method, "pending")
    days = account.settings["debit_days"][method["type"]]
    bank_account = bank_account_of(method)
    has_result = bank_account is not None and bank_account.failure != NEVER
    intent["_"]["settles_at"] = account.now(intent) + days * DAY if has_result else None
    set_next_action(intent, None)
    intent.update(status="processing", latest_charge=charge["id"], last_payment_error=None)
    emit(account, "charge.pending", charge)
    emit(account, "payment_intent.processing", intent)
    return "processing"


def set_next_action(intent: Obj, url: str | None) -> None:
    """Set the URL to which the customer is redirected, if any."""
    redirect = {"return_url": None, "url": url}
    intent["next_action"] = {"type": "redirect_to_url", "redirect_to_url": redirect} if url else None


def refuse(account: Account, intent: Obj, method: Obj, charge: Obj, problem: dict[str, Any]) -> str:
    """Record a declined charge. `problem` has code, decline code and message."""
    kind = "card_error" if method["type"] == "card" else "invalid_request_error"
    error = {"type": kind, "charge": charge["id"], "payment_method": method, **problem}
    error["doc_url"] = f"https://stripe.com/docs/error-codes/{error['code'].replace('_', '-')}"
    set_next_action(intent, None)
    intent.update(status="requires_payment_method", payment_method=None, latest_charge=charge["id"], last_payment_error=error)
    emit(account, "charge.failed", charge)
    emit(account, "payment_intent.payment_failed", intent)
    return "requires_payment_method"


def new_charge(account: Account, intent: Obj, method: Obj, status: str, problem: dict[str, Any] | None = None) -> Obj:
    """Create a charge of the intent's whole amount. `status` is `succeeded`, `pending` or, with a problem, `failed`."""
    name = new_id("ch")
    charge = new_object(
        "charge",
        id=name,
        amount=intent["amount"],
        amount_captured=intent["amount"] if status == "succeeded" else 0,
        billing_details=method["billing_details"],
        captured=status != "failed",
        created=account.now(intent),
        currency=intent["currency"],
        customer=intent["customer"],
        description=intent["description"],
        failure_code=None,
        failure_message=None,
        outcome=outcome(None),
        paid=status != "failed",
        payment_intent=intent["id"],
        payment_method=method["id"],
        payment_method_details=charged_details(method),
        receipt_url=f"{account.url}/receipts/{name}",
        status=status,
    )
    if problem:
        fail_charge(charge, problem)
    return account.store.add(charge)


def fail_charge(charge: Obj, problem: dict[str, Any]) -> None:
    charge.update(amount_captured=0, captured=False, paid=False, status="failed", outcome=outcome(problem))
    charge.update(failure_code=problem["code"], failure_message=problem["message"])


def outcome(problem: dict[str, Any] | None) -> Obj:
    """Return the field `outcome` of a charge."""
    decline_code = problem["decline_code"] or problem["code"] if problem else None
    may_retry = decline_code not in HARD_DECLINE_CODES
    return {
        "advice_code": None if problem is None else "try_again_later" if may_retry else "do_not_try_again",
        "network_advice_code": None,
        "network_decline_code": None,
        "network_status": "declined_by_network" if problem else "approved_by_network",
        "reason": decline_code,
        "risk_level": "normal",
        "risk_score": 20,
        "seller_message": "The bank did not return any further details." if problem else "Payment complete.",
        "type": "issuer_declined" if problem else "authorized",
    }


def save_method(account: Account, method: Obj, customer: Obj) -> None:
    """Save a payment method for a customer. Raise ApiError if its card is declined when it is saved."""
    card = card_of(method)
    if card and card.attach:
        raise declined(failure(card.attach), keeps_work=False)
    method["customer"] = customer["id"]
    account.store.add(method)


def attach(account: Account, method: Obj, customer: Obj) -> None:
    """Save a payment method for a customer and emit the event."""
    save_method(account, method, customer)
    emit(account, "payment_method.attached", method)


def detach(account: Account, method: Obj) -> None:
    """Detach a payment method from its customer, and stop using it as a default."""
    customer = account.store.get(method["customer"])
    before = dict(method)
    method["customer"] = None
    for subscription in account.store.where("subscription", default_payment_method=method["id"]):
        with updating(account, subscription):
            subscription["default_payment_method"] = None
    if customer["invoice_settings"]["default_payment_method"] == method["id"]:
        with updating(account, customer):
            customer["invoice_settings"]["default_payment_method"] = None
    method["_"]["was_of"] = customer["id"]
    emit(account, "payment_method.detached", method, before)

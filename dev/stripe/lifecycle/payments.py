"""Payment intents and their charges."""

from dev.stripe.account import Account
from dev.stripe.cards import card_of, failure
from dev.stripe.errors import declined
from dev.stripe.events import emit, updating
from dev.stripe.ids import new_id
from dev.stripe.lifecycle.balance import book
from dev.stripe.lifecycle.disputes import open_dispute
from dev.stripe.lifecycle.fraud_warnings import warn_of_fraud
from dev.stripe.new_objects import new_object
from dev.stripe.store import Obj


def new_intent(account: Account, invoice: Obj, description: str) -> Obj:
    """Create the payment intent of an open invoice."""
    name = new_id("pi")
    intent = account.store.add(
        new_object(
            "payment_intent",
            id=name,
            amount=invoice["amount_due"],
            client_secret=f"{name}_secret_{new_id('x')[2:]}",
            created=account.now(invoice),
            currency=invoice["currency"],
            customer=invoice["customer"],
            description=description,
            metadata={},
            setup_future_usage="off_session",
            _={"invoice": invoice["id"]},
        )
    )
    emit(account, "payment_intent.created", intent)
    return intent


def confirm(account: Account, intent: Obj, method: Obj, *, on_session: bool, authenticated: bool = False) -> str:
    """Try to pay. Return the intent's new status: `succeeded`, `requires_action` or `requires_payment_method`."""
    card = card_of(method)
    intent["payment_method"] = method["id"]
    authenticated = authenticated or bool(method["_"]["authenticated"])
    needs_authentication = card.authenticates and not authenticated
    if needs_authentication and on_session:
        intent["status"] = "requires_action"
        set_next_action(intent, f"{account.url}/authenticate/{intent['id']}")
        emit(account, "payment_intent.requires_action", intent)
        return "requires_action"
    reason = "" if card.only_on_session and on_session else card.charge
    if needs_authentication:
        reason = "authentication_required/authentication_required"
    charge = new_charge(account, intent, method, reason)
    if reason:
        return refuse(account, intent, method, charge, reason)
    if card.authenticates:
        method["_"]["authenticated"] = True
    set_next_action(intent, None)
    intent.update(status="succeeded", amount_received=intent["amount"], latest_charge=charge["id"], last_payment_error=None)
    charge["balance_transaction"] = book(account, charge, charge["amount"], "charge", "charge")["id"]
    emit(account, "charge.succeeded", charge)
    emit(account, "payment_intent.succeeded", intent)
    if card.dispute:
        open_dispute(account, charge, "fraudulent", card.dispute)
    if card.fraud_warning:
        warn_of_fraud(account, charge)
    return "succeeded"


def set_next_action(intent: Obj, url: str | None) -> None:
    """Set the URL to which the customer is redirected, if any."""
    redirect = {"return_url": None, "url": url}
    intent["next_action"] = {"type": "redirect_to_url", "redirect_to_url": redirect} if url else None


def refuse(account: Account, intent: Obj, method: Obj, charge: Obj, reason: str) -> str:
    error = {"type": "card_error", "charge": charge["id"], "payment_method": method, **failure(reason)}
    error["doc_url"] = f"https://stripe.com/docs/error-codes/{error['code'].replace('_', '-')}"
    set_next_action(intent, None)
    intent.update(status="requires_payment_method", payment_method=None, latest_charge=charge["id"], last_payment_error=error)
    emit(account, "charge.failed", charge)
    emit(account, "payment_intent.payment_failed", intent)
    return "requires_payment_method"


def new_charge(account: Account, intent: Obj, method: Obj, reason: str) -> Obj:
    """Create a charge of the intent's whole amount, declined if there is a reason."""
    name = new_id("ch")
    problem = failure(reason) if reason else {"code": None, "message": None, "decline_code": None}
    declined = problem["decline_code"]
    return account.store.add(
        new_object(
            "charge",
            id=name,
            amount=intent["amount"],
            amount_captured=0 if reason else intent["amount"],
            billing_details=method["billing_details"],
            captured=not reason,
            created=account.now(intent),
            currency=intent["currency"],
            customer=intent["customer"],
            description=intent["description"],
            failure_code=problem["code"],
            failure_message=problem["message"],
            outcome={
                "advice_code": "try_again_later" if declined else None,
                "network_advice_code": None,
                "network_decline_code": None,
                "network_status": "declined_by_network" if declined else "approved_by_network",
                "reason": declined,
                "risk_level": "normal",
                "risk_score": 20,
                "seller_message": "The bank did not return any further details." if declined else "Payment complete.",
                "type": "issuer_declined" if declined else "authorized",
            },
            paid=not reason,
            payment_intent=intent["id"],
            payment_method=method["id"],
            payment_method_details={"card": card_details(method), "type": "card"},
            receipt_url=f"{account.url}/receipts/{name}",
            status="failed" if reason else "succeeded",
        )
    )


def card_details(method: Obj) -> Obj:
    """Return the card details of a charge."""
    names = ("brand", "checks", "country", "exp_month", "exp_year", "fingerprint", "funding", "last4", "regulated_status")
    return {
        **{key: method["card"][key] for key in names},
        "installments": None,
        "mandate": None,
        "network": method["card"]["brand"],
        "three_d_secure": None,
        "wallet": None,
    }


def save_method(account: Account, method: Obj, customer: Obj) -> None:
    """Save a payment method for a customer. Raise ApiError if its card is declined when it is saved."""
    reason = card_of(method).attach
    if reason:
        raise declined(failure(reason), keeps_work=False)
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

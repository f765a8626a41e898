"""The collection of invoices: attempts, retries, and the subscription's status after them."""

from dev.stripe.account import Account
from dev.stripe.billing_periods import DAY
from dev.stripe.cards import resolved
from dev.stripe.errors import ApiError
from dev.stripe.events import emit, updating
from dev.stripe.lifecycle.cancellation import end_subscription
from dev.stripe.lifecycle.invoices import finalize, mark_paid
from dev.stripe.lifecycle.payments import confirm
from dev.stripe.store import Obj


def method_for(account: Account, invoice: Obj) -> Obj | None:
    """Return the payment method of an invoice: its own, the subscription's, or the customer's default."""
    customer = account.store.get(invoice["customer"])
    subscription = account.store.find(invoice["_"].get("subscription"))
    names = (
        invoice["default_payment_method"],
        subscription["default_payment_method"] if subscription else None,
        customer["invoice_settings"]["default_payment_method"],
    )
    return next((account.store.find(name) for name in names if name), None)


def finalize_and_collect(account: Account, invoice: Obj, *, on_session: bool = False, method: Obj | None = None) -> str:
    """Finalize a draft and try to collect it. Return the result of `collect`."""
    finalize(account, invoice)
    if invoice["status"] == "paid":
        activate_after_payment(account, invoice)
        return "succeeded"
    return collect(account, invoice, on_session=on_session, method=method)


def collect(
    account: Account,
    invoice: Obj,
    *,
    method: Obj | None = None,
    on_session: bool = False,
    automatic: bool = False,
    authenticated: bool = False,
) -> str:
    """Try to collect an invoice. Return `succeeded`, `requires_action` or `requires_payment_method`.

    `method` is the payment method if not the default. `on_session` means that the customer is present, `automatic` a retry by
    schedule, `authenticated` that the bank has authenticated the payment.
    """
    method = method or method_for(account, invoice)
    intent = account.intent_of(invoice)
    invoice["attempted"] = True
    invoice["attempt_count"] += 1 if automatic or invoice["attempt_count"] == 0 else 0
    if method is None or intent is None:
        result = "requires_payment_method"
    else:
        result = confirm(account, intent, method, on_session=on_session, authenticated=authenticated)
    if result == "succeeded":
        mark_paid(account, invoice)
        activate_after_payment(account, invoice, method)
    else:
        after_failure(account, invoice, result)
    return result


def authenticate(account: Account, intent: Obj, *, succeed: bool) -> None:
    """Collect the invoice of a payment intent again, after the customer has passed or failed the bank's authentication."""
    invoice, method = account.store.get(intent["_"]["invoice"]), account.store.get(intent["payment_method"])
    collect(account, invoice, method=method, on_session=succeed, authenticated=succeed)


def activate_after_payment(account: Account, invoice: Obj, method: Obj | None = None) -> None:
    """Activate the subscription whose latest invoice was paid."""
    subscription = account.store.find(invoice["_"].get("subscription"))
    if subscription is None or subscription["latest_invoice"] != invoice["id"]:
        return
    with updating(account, subscription):
        if subscription["status"] in ("incomplete", "past_due", "unpaid"):
            subscription["status"] = "active"
        saves_method = subscription["payment_settings"]["save_default_payment_method"] == "on_subscription"
        if method and saves_method:
            subscription["default_payment_method"] = method["id"]


def after_failure(account: Account, invoice: Obj, result: str) -> None:
    """Emit the events of a failed attempt, schedule the next one, and change the subscription's status."""
    subscription = account.store.find(invoice["_"].get("subscription"))
    is_incomplete = subscription is not None and subscription["status"] in ("incomplete", "incomplete_expired")
    plan_next(account, invoice, retries=subscription is not None and not is_incomplete)
    emit(account, "invoice.payment_failed", invoice)
    intent = account.intent_of(invoice)
    error = intent["last_payment_error"] if intent else None
    if result == "requires_action" or (error and error["code"] == "authentication_required"):
        emit(account, "invoice.payment_action_required", invoice)
    if subscription is None or is_incomplete or subscription["ended_at"] is not None:
        return
    if subscription["status"] in ("active", "trialing"):
        with updating(account, subscription):
            subscription["status"] = "past_due"
    if invoice["next_payment_attempt"] is None and invoice["_"]["failures"] > len(account.settings["retry_days"]):
        after_last_retry(account, subscription, invoice)


def plan_next(account: Account, invoice: Obj, *, retries: bool) -> None:
    """Schedule the next retry at a fixed distance from the first failure. A manual attempt does not move it."""
    hidden, now, days = invoice["_"], account.now(invoice), account.settings["retry_days"]
    if hidden["first_failed_at"] is None:
        hidden["first_failed_at"] = now
    hidden["failures"] = invoice["attempt_count"]
    if not retries or not invoice["auto_advance"]:
        invoice["next_payment_attempt"] = None
        return
    number = hidden["failures"] - 1
    invoice["next_payment_attempt"] = hidden["first_failed_at"] + days[number] * DAY if number < len(days) else None


def after_last_retry(account: Account, subscription: Obj, invoice: Obj) -> None:
    """Cancel the subscription, mark it as unpaid or leave it past due, depending on the account's settings."""
    choice = account.settings["after_last_retry"]
    if choice == "cancel":
        end_subscription(account, subscription, "payment_failed")
    elif choice == "unpaid":
        with updating(account, subscription):
            subscription["status"] = "unpaid"
        with updating(account, invoice):
            invoice["auto_advance"] = False


def next_invoice_action_at(account: Account, invoice: Obj) -> int | None:
    if invoice["status"] == "draft":
        return invoice["automatically_finalizes_at"] if invoice["auto_advance"] else None
    return invoice["next_payment_attempt"] if invoice["status"] == "open" else None


def advance_invoice(account: Account, invoice: Obj) -> None:
    if invoice["status"] == "draft":
        finalize(account, invoice)
        if invoice["status"] == "paid":
            activate_after_payment(account, invoice)
            return
    collect(account, invoice, automatic=True)


def chosen_method(account: Account, customer: Obj, name: str | None) -> Obj | None:
    """Return the payment method of `default_payment_method`, which must be the customer's; a test token becomes theirs."""
    if name is None:
        return None
    method = resolved(account, name, account.now(customer), "default_payment_method")
    if method["customer"] is None and name.startswith("pm_card_"):
        method["customer"] = customer["id"]
        account.store.add(method)
    if method["customer"] != customer["id"]:
        message = f"The customer does not have a payment method with the ID {method['id']}."
        raise ApiError(message, param="default_payment_method")
    return method

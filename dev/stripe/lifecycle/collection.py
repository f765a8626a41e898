"""The collection of invoices: attempts, retries, and the subscription's status after them."""

from dev.stripe.account import Account
from dev.stripe.bank_debits import RETRYABLE_FAILURES
from dev.stripe.billing_periods import DAY
from dev.stripe.cards import HARD_DECLINE_CODES
from dev.stripe.errors import ApiError
from dev.stripe.events import emit, updating
from dev.stripe.lifecycle.cancellation import end_subscription
from dev.stripe.lifecycle.finalization import delay_finalization
from dev.stripe.lifecycle.invoices import finalize, mark_paid
from dev.stripe.lifecycle.payments import confirm
from dev.stripe.lifecycle.pending_updates import apply_held_update, is_held_by
from dev.stripe.lifecycle.sent_invoices import become_overdue, send_invoice
from dev.stripe.payment_methods import name_of_token, resolved
from dev.stripe.store import Obj

SMART = "smart"
# Stripe's model chooses the times; the recommended default is 8 retries within two weeks
SMART_RETRY_DAYS = (1, 2, 4, 6, 8, 10, 12, 14)


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


def finalize_and_collect(
    account: Account, invoice: Obj, *, on_session: bool = False, method: Obj | None = None, authenticated: bool = False
) -> str:
    """Finalize a draft and collect or send it. Return the result of `collect`, or `sent`."""
    finalize(account, invoice)
    if invoice["status"] == "paid":
        activate_after_payment(account, invoice)
        return "succeeded"
    if invoice["collection_method"] == "send_invoice":
        send_invoice(account, invoice)
        return "sent"
    return collect(account, invoice, on_session=on_session, method=method, authenticated=authenticated)


def collect(
    account: Account,
    invoice: Obj,
    *,
    method: Obj | None = None,
    on_session: bool = False,
    automatic: bool = False,
    authenticated: bool = False,
) -> str:
    """Try to collect an invoice. Return `succeeded`, `processing`, `requires_action` or `requires_payment_method`.

    `method` is the payment method if not the default. `on_session` means that the customer is present, `automatic` a retry by
    schedule, `authenticated` that the bank has authenticated the payment.
    """
    method = method or method_for(account, invoice)
    intent = account.intent_of(invoice)
    if intent and intent["status"] == "processing":
        raise ApiError("This invoice has a payment that is processing.", code="payment_intent_unexpected_state")
    if automatic and method and method["id"] == invoice["_"].get("hard_declined"):
        skip_attempt(account, invoice)
        return "requires_payment_method"
    with updating(account, invoice):
        invoice["attempted"] = True
        invoice["attempt_count"] += 1 if automatic or invoice["attempt_count"] == 0 else 0
        invoice["next_payment_attempt"] = None
    if method is None or intent is None:
        result = "requires_payment_method"
    else:
        result = confirm(account, intent, method, on_session=on_session, authenticated=authenticated)
    if result == "succeeded":
        mark_paid(account, invoice)
        activate_after_payment(account, invoice, method)
    elif result == "processing":
        activate_while_processing(account, invoice, method)
    else:
        after_failure(account, invoice, result, method)
    return result


def authenticate(account: Account, intent: Obj, *, succeed: bool) -> None:
    """Collect the invoice of a payment intent again, after the customer has passed or failed the bank's authentication."""
    invoice, method = account.store.get(intent["_"]["invoice"]), account.store.get(intent["payment_method"])
    collect(account, invoice, method=method, on_session=succeed, authenticated=succeed)


def activate_after_payment(account: Account, invoice: Obj, method: Obj | None = None) -> None:
    """Apply the update that waited for the invoice, and activate the subscription if it was its latest invoice."""
    subscription = account.store.find(invoice["_"].get("subscription"))
    if subscription is None:
        return
    apply_held_update(account, subscription, invoice)
    if subscription["latest_invoice"] != invoice["id"]:
        return
    with updating(account, subscription):
        if subscription["status"] in ("incomplete", "past_due", "unpaid"):
            subscription["status"] = "active"
        saves_method = subscription["payment_settings"]["save_default_payment_method"] == "on_subscription"
        if method and saves_method:
            subscription["default_payment_method"] = method["id"]


def activate_after_write_off(account: Account, invoice: Obj) -> None:
    """Activate a past due subscription whose latest invoice was marked as uncollectible.

    See docs.stripe.com/billing/subscriptions/overview#subscription-statuses.
    """
    subscription = account.store.find(invoice["_"].get("subscription"))
    if subscription and subscription["latest_invoice"] == invoice["id"] and subscription["status"] == "past_due":
        with updating(account, subscription):
            subscription["status"] = "active"


def activate_while_processing(account: Account, invoice: Obj, method: Obj | None) -> None:
    """Activate a subscription whose first payment is a bank debit. Stripe does so before the result is known."""
    subscription = account.store.find(invoice["_"].get("subscription"))
    if subscription is not None and subscription["status"] == "incomplete":
        activate_after_payment(account, invoice, method)


def after_failure(account: Account, invoice: Obj, result: str, method: Obj | None) -> None:
    """Emit the events of a failed attempt, schedule the next one, and change the subscription's status."""
    subscription = account.store.find(invoice["_"].get("subscription"))
    intent = account.intent_of(invoice)
    error = intent["last_payment_error"] if intent else None
    if error and method and is_hard_decline(error, method):
        invoice["_"]["hard_declined"] = method["id"]
    is_incomplete = subscription is not None and subscription["status"] in ("incomplete", "incomplete_expired")
    # Stripe does not retry an invoice that an update waits for, except for a resumption
    held = subscription["_"].get("held") if subscription is not None and is_held_by(subscription, invoice) else None
    may_retry = held is None or bool(held.get("retries"))
    plan_next(account, invoice, retries=subscription is not None and not is_incomplete and may_retry)
    emit(account, "invoice.payment_failed", invoice)
    if result == "requires_action" or (error and error["decline_code"] == "authentication_required"):
        emit(account, "invoice.payment_action_required", invoice)
    if subscription is not None and not is_incomplete:
        record_failure(account, subscription, invoice)


def is_hard_decline(error: Obj, method: Obj) -> bool:
    """Return True if Stripe does not try this payment method again. Of failed debits, it retries those without funds."""
    if method["type"] != "card":
        return error["code"] not in RETRYABLE_FAILURES
    return (error["decline_code"] or error["code"]) in HARD_DECLINE_CODES


def record_failure(account: Account, subscription: Obj, invoice: Obj) -> None:
    """Mark a subscription as past due, and end it after the last retry, unless only an update waits for the payment."""
    if subscription["ended_at"] is not None or is_held_by(subscription, invoice):
        return
    if subscription["status"] in ("active", "trialing"):
        with updating(account, subscription):
            subscription["status"] = "past_due"
    if invoice["next_payment_attempt"] is None and invoice["_"]["failures"] > len(retry_days(account)):
        after_last_retry(account, subscription, invoice)


def skip_attempt(account: Account, invoice: Obj) -> None:
    """Count a scheduled retry that is not made, because its payment method had a hard decline."""
    subscription = account.store.find(invoice["_"].get("subscription"))
    with updating(account, invoice):
        invoice["attempt_count"] += 1
        plan_next(account, invoice, retries=subscription is not None)
    if subscription is not None:
        record_failure(account, subscription, invoice)


def retry_days(account: Account) -> list[int]:
    """Return the days of the retries, counted from the first failure."""
    days: str | list[int] = account.settings["retry_days"]
    return list(SMART_RETRY_DAYS) if isinstance(days, str) else days


def plan_next(account: Account, invoice: Obj, *, retries: bool) -> None:
    """Schedule the next retry at a fixed distance from the first failure. A manual attempt does not move it."""
    hidden, now, days = invoice["_"], account.now(invoice), retry_days(account)
    if hidden["first_failed_at"] is None:
        hidden["first_failed_at"] = now
    hidden["failures"] = invoice["attempt_count"]
    if not retries or not invoice["auto_advance"]:
        invoice["next_payment_attempt"] = None
        return
    number = hidden["failures"] - 1
    # a bank debit fails days after its attempt, which may be later than the next day of the schedule
    invoice["next_payment_attempt"] = max(hidden["first_failed_at"] + days[number] * DAY, now) if number < len(days) else None


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
    if invoice["status"] != "open":
        return None
    if invoice["collection_method"] == "send_invoice":
        return None if invoice["_"].get("is_overdue") else invoice["due_date"]
    return invoice["next_payment_attempt"]


def advance_invoice(account: Account, invoice: Obj) -> None:
    """Finalize, collect or send an invoice, or mark it as overdue."""
    if invoice["status"] == "draft":
        if not delay_finalization(account, invoice):
            finalize_and_collect(account, invoice)
    elif invoice["collection_method"] == "send_invoice":
        become_overdue(account, invoice)
    else:
        collect(account, invoice, automatic=True)


def chosen_method(account: Account, customer: Obj, name: str | None) -> Obj | None:
    """Return the payment method of `default_payment_method`, which must be the customer's; a test token becomes theirs."""
    if name is None:
        return None
    method = resolved(account, name, account.now(customer), "default_payment_method")
    if method["customer"] is None and name_of_token(name):
        method["customer"] = customer["id"]
        account.store.add(method)
    if method["customer"] != customer["id"]:
        message = f"The customer does not have a payment method with the ID {method['id']}."
        raise ApiError(message, param="default_payment_method")
    return method

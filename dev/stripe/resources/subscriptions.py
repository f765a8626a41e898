"""Subscriptions and their items."""

from copy import deepcopy
from typing import Any

from dev.stripe.account import Account, set_metadata
from dev.stripe.errors import ApiError, no_such
from dev.stripe.events import emit
from dev.stripe.lifecycle.cancellation import end_subscription
from dev.stripe.lifecycle.collection import chosen_method, finalize_and_collect, method_for
from dev.stripe.lifecycle.discounts import set_discounts
from dev.stripe.lifecycle.pauses import pause_on_request, resume
from dev.stripe.lifecycle.pending_updates import discard_update, hold_update, refuse_unsupported
from dev.stripe.lifecycle.prorations import prorate_end
from dev.stripe.lifecycle.renewal import end_of_period
from dev.stripe.lifecycle.subscription_changes import apply_change, invoice_for_change
from dev.stripe.lifecycle.subscription_creation import PAYING, refusal, require_method, subscribe, write_taxes
from dev.stripe.pagination import PAGING, newest_first, page
from dev.stripe.parameters import Table, boolean, each, fields, instant, integer, metadata, natural, one_of, span, text
from dev.stripe.resources.standard import retrieve_route
from dev.stripe.routes import route
from dev.stripe.store import Obj

ITEM: Table = {
    "id": text,
    "price": text,
    "quantity": natural,
    "deleted": boolean,
    "metadata": metadata,
    "tax_rates": each(text),
}
DISCOUNT: Table = {"coupon": text, "discount": text, "promotion_code": text}
AUTOMATIC_TAX = fields({"enabled!": boolean})
FEEDBACK = one_of(
    "customer_service", "low_quality", "missing_features", "other", "switched_service", "too_complex", "too_expensive", "unused"
)
PAYMENT_BEHAVIOR = one_of("allow_incomplete", "default_incomplete", "error_if_incomplete", "pending_if_incomplete")
PRORATION_BEHAVIOR = one_of("create_prorations", "always_invoice", "none")
TRIAL_SETTINGS = fields({"end_behavior!": fields({"missing_payment_method!": one_of("cancel", "create_invoice", "pause")})})
SHARED: Table = {
    "automatic_tax": AUTOMATIC_TAX,
    "cancel_at": integer,
    "cancel_at_period_end": boolean,
    "default_payment_method": text,
    "default_tax_rates": each(text),
    "description": text,
    "discounts": each(fields(DISCOUNT)),
    "metadata": metadata,
    "off_session": boolean,
    "payment_behavior": PAYMENT_BEHAVIOR,
    "payment_settings": fields({"save_default_payment_method": one_of("off", "on_subscription")}),
    "proration_behavior": PRORATION_BEHAVIOR,
    "trial_end": instant,
    "trial_settings": TRIAL_SETTINGS,
    "collection_method": one_of("charge_automatically", "send_invoice"),
    "days_until_due": natural,
}
CREATE: Table = {
    **SHARED,
    "customer!": text,
    "items!": each(fields({"price!": text, "quantity": natural, "metadata": metadata, "tax_rates": each(text)})),
    "trial_period_days": natural,
    "billing_mode": fields({"type!": one_of("flexible")}),
}
CANCELLATION = fields({"comment": text, "feedback": FEEDBACK})
UPDATE: Table = {
    **SHARED,
    "items": each(fields(ITEM)),
    "proration_date": integer,
    "billing_cycle_anchor": one_of("now", "unchanged"),
    "pause_collection": fields({"behavior!": one_of("keep_as_draft", "mark_uncollectible", "void"), "resumes_at": integer}),
    "cancellation_details": CANCELLATION,
}
STATUSES = ("active", "canceled", "incomplete", "incomplete_expired", "past_due", "paused", "trialing", "unpaid")
FILTERS: Table = {
    **PAGING,
    "customer": text,
    "price": text,
    "status": one_of(*STATUSES, "all", "ended"),
    "created": span,
    "test_clock": text,
    "collection_method": text,
}

retrieve_route("/v1/subscriptions", "subscription")


@route("POST /v1/subscriptions", CREATE)
def create(account: Account, given: dict[str, Any]) -> Obj:
    """Create a subscription with its first invoice; see `subscription_creation.subscribe`."""
    customer = account.find("customer", given["customer"], "customer")
    if (given.get("collection_method") == "send_invoice") != (given.get("days_until_due") is not None):
        raise ApiError("`days_until_due` is required for `collection_method=send_invoice` only.", param="days_until_due")
    method = chosen_method(account, customer, given.get("default_payment_method"))
    return subscribe(account, customer, given, method=method)


@route("GET /v1/subscriptions", FILTERS)
def listed(account: Account, given: dict[str, Any]) -> Obj:
    """List subscriptions by `status`, which may be `all` or `ended`. By default those that have not ended."""
    found = newest_first(account, "subscription", given, "customer", "test_clock", "collection_method")
    if given.get("test_clock") is None and given.get("customer") is None:
        found = (one for one in found if one["test_clock"] is None)
    if given.get("price"):
        found = (one for one in found if any(item["price"]["id"] == given["price"] for item in one["items"]["data"]))
    wanted = allowed_statuses(given.get("status"))
    return page("/v1/subscriptions", (one for one in found if one["status"] in wanted), given)


def allowed_statuses(status: str | None) -> tuple[str, ...]:
    if status is None:
        return tuple(name for name in STATUSES if name not in ("canceled", "incomplete_expired"))
    return {"all": STATUSES, "ended": ("canceled", "incomplete_expired")}.get(status, (status,))


@route("POST /v1/subscriptions/{id}", UPDATE)
def update(account: Account, given: dict[str, Any], name: str) -> Obj:
    """Update items, trial, end, pause or card of a subscription; see `subscription_changes.apply_change`."""
    subscription = account.find("subscription", name)
    refuse_by_status(subscription, given)
    before = deepcopy(subscription)
    write_plain(account, subscription, given)
    write_end(account, subscription, given)
    if "pause_collection" in given:
        pause = given["pause_collection"]
        subscription["pause_collection"] = {"resumes_at": None, **pause} if pause else None
    if "discounts" in given:
        set_discounts(account, subscription, given["discounts"])
    if given.get("cancel_at") and given.get("proration_behavior") != "none":
        prorate_end(account, subscription, before["cancel_at"], account.now(subscription))
    invoice = apply_change(account, subscription, given)
    if invoice is not None:
        discard_update(account, subscription)  # a second change replaces one that waits
    write_taxes(account, account.store.get(subscription["customer"]), subscription, given)
    if subscription["cancel_at_period_end"]:
        subscription["cancel_at"] = end_of_period(subscription)
    if invoice is not None and given.get("payment_behavior") == "pending_if_incomplete":
        bill_before_change(account, subscription, before, invoice, given)
        return subscription
    if before != subscription:
        emit(account, "customer.subscription.updated", subscription, before)
    bill(account, invoice, given)
    return subscription


BEFORE_THE_FIRST_PAYMENT = {"expand", "metadata", "default_payment_method", "payment_settings"}


def refuse_by_status(subscription: Obj, given: dict[str, Any]) -> None:
    """Raise ApiError for parameters that cannot be updated on a canceled or an incomplete subscription."""
    if subscription["status"] == "incomplete" and set(given) - BEFORE_THE_FIRST_PAYMENT:
        raise ApiError("A subscription in the status incomplete can only update its metadata and its default payment method.")
    if subscription["ended_at"] is not None and set(given) - {"expand", "metadata", "cancellation_details"}:
        raise ApiError("A canceled subscription can only update its cancellation_details and metadata.")


def write_plain(account: Account, subscription: Obj, given: dict[str, Any]) -> None:
    """Write the fields that do not affect billing."""
    customer = account.store.get(subscription["customer"])
    if "default_payment_method" in given:
        method = chosen_method(account, customer, given["default_payment_method"])
        subscription["default_payment_method"] = method["id"] if method else None
    if "description" in given:
        subscription["description"] = given["description"]
    subscription.update({name: given[name] for name in ("collection_method", "days_until_due") if name in given})
    subscription["payment_settings"].update(given.get("payment_settings") or {})
    subscription["trial_settings"].update(given.get("trial_settings") or {})
    subscription["cancellation_details"].update(given.get("cancellation_details") or {})
    set_metadata(subscription, given)


def write_end(account: Account, subscription: Obj, given: dict[str, Any]) -> None:
    """Set or unset the end of a subscription, at the end of the period or at an instant."""
    if "cancel_at_period_end" not in given and "cancel_at" not in given:
        return
    at_period_end = bool(given.get("cancel_at_period_end"))
    cancel_at = end_of_period(subscription) if at_period_end else given.get("cancel_at")
    subscription.update(cancel_at_period_end=at_period_end, cancel_at=cancel_at)
    subscription["canceled_at"] = (subscription["canceled_at"] or account.now(subscription)) if cancel_at else None
    subscription["cancellation_details"]["reason"] = "cancellation_requested" if cancel_at else None


def bill(account: Account, invoice: Obj | None, given: dict[str, Any]) -> None:
    if invoice is None:
        return
    if given.get("payment_behavior") == "error_if_incomplete" and invoice["amount_due"]:
        require_method(account, invoice)
    if finalize_and_collect(account, invoice, on_session=not given.get("off_session")) in PAYING:
        return
    if given.get("payment_behavior") == "error_if_incomplete":
        raise refusal(account, invoice)


def bill_before_change(account: Account, subscription: Obj, before: Obj, invoice: Obj, given: dict[str, Any]) -> None:
    """Collect the invoice of a change first. The change is applied now if it is paid, and otherwise waits for the payment."""
    refuse_unsupported(account, subscription, given, method_for(account, invoice))
    if invoice["amount_due"]:
        require_method(account, invoice)
    hold_update(account, subscription, before, invoice)
    finalize_and_collect(account, invoice, on_session=not given.get("off_session"))
    if subscription["pending_update"]:
        subscription["_"]["held"]["is_shown"] = True
        emit(account, "customer.subscription.updated", subscription, before)


CANCEL: Table = {"cancellation_details": CANCELLATION, "invoice_now": boolean, "prorate": boolean}


@route("DELETE /v1/subscriptions/{id}", CANCEL)
def cancel(account: Account, given: dict[str, Any], name: str) -> Obj:
    """Cancel a subscription now. Nothing is refunded. `invoice_now` bills the items that wait for an invoice."""
    subscription = account.find("subscription", name)
    if subscription["ended_at"] is not None:
        raise no_such("subscription", name)
    if given.get("prorate"):
        raise ApiError("The emulator does not prorate a cancellation.", param="prorate")
    last_invoice = invoice_for_change(account, subscription, []) if given.get("invoice_now") else None
    end_subscription(account, subscription, "cancellation_requested", **(given.get("cancellation_details") or {}))
    if last_invoice is not None:
        finalize_and_collect(account, last_invoice)
    return subscription


UNUSED_TIME = fields({"type!": one_of("item_current_period_start", "none", "now")})
PAUSE: Table = {
    "type": one_of("subscription"),
    "invoicing_behavior": one_of("invoice", "pending_invoice_item"),
    "bill_for": fields(
        {"unused_time_from": UNUSED_TIME, "outstanding_usage_through": fields({"type!": one_of("none", "now")})}
    ),
}


@route("POST /v1/subscriptions/{id}/pause", PAUSE)
def paused(account: Account, given: dict[str, Any], name: str) -> Obj:
    """Pause a subscription; see `pauses.pause_on_request`."""
    subscription = account.find("subscription", name)
    pause_on_request(account, subscription, given)
    return subscription


RESUME: Table = {
    "billing_cycle_anchor": fields({"type!": one_of("now")}),
    "payment_behavior": one_of("resume_on_payment_attempt", "resume_on_payment_success"),
    "proration_behavior": one_of("always_invoice", "create_prorations", "none"),
}


@route("POST /v1/subscriptions/{id}/resume", RESUME)
def resumed(account: Account, given: dict[str, Any], name: str) -> Obj:
    subscription = account.find("subscription", name)
    if subscription["status"] != "paused":
        raise ApiError("You can only resume a subscription if its status is `paused`.")
    resume(account, subscription, given)
    return subscription

"""The scheduled changes of subscriptions: ends of trials, periods and pauses, and expiry without payment."""

from dev.stripe.account import Account
from dev.stripe.billing_periods import DAY, HOUR
from dev.stripe.events import emit, updating
from dev.stripe.lifecycle.cancellation import end_subscription
from dev.stripe.lifecycle.invoice_lines import advance_periods, period_lines
from dev.stripe.lifecycle.invoices import draft, mark_uncollectible, void
from dev.stripe.lifecycle.pauses import pause
from dev.stripe.lifecycle.pending_updates import discard_update, next_expiry
from dev.stripe.lifecycle.subscription_creation import expire_incomplete
from dev.stripe.store import Obj

INCOMPLETE_FOR = 23 * HOUR
DRAFT_FOR = HOUR
TRIAL_END_NOTICE = 3 * DAY
ENDED = ("canceled", "incomplete_expired")


def end_of_period(subscription: Obj) -> int:
    return min(int(item["current_period_end"]) for item in subscription["items"]["data"])


def next_subscription_action_at(account: Account, subscription: Obj) -> int | None:
    if subscription["status"] in ENDED:
        return None
    if subscription["status"] == "incomplete":
        return int(subscription["created"]) + INCOMPLETE_FOR
    dates = [subscription["cancel_at"], (subscription["pause_collection"] or {}).get("resumes_at"), next_expiry(subscription)]
    if subscription["status"] != "paused":
        dates.append(end_of_period(subscription))
    if subscription["status"] == "trialing" and not subscription["_"]["told_of_trial_end"]:
        dates.append(subscription["trial_end"] - TRIAL_END_NOTICE)
    return min(int(date) for date in dates if date is not None) if any(dates) else None


def advance_subscription(account: Account, subscription: Obj) -> None:
    """Apply the change that is due. The end of a subscription takes precedence over its renewal."""
    now = account.now(subscription)
    pause = subscription["pause_collection"]
    if subscription["status"] == "incomplete":
        expire_incomplete(account, subscription)
    elif (next_expiry(subscription) or now + 1) <= now:
        discard_update(account, subscription, expired=True)
    elif subscription["cancel_at"] is not None and subscription["cancel_at"] <= now:
        end_subscription(account, subscription, "cancellation_requested")
    elif pause and pause["resumes_at"] is not None and pause["resumes_at"] <= now:
        with updating(account, subscription):
            subscription["pause_collection"] = None
    elif subscription["status"] != "paused" and end_of_period(subscription) <= now:
        renew(account, subscription, now)
    elif subscription["status"] == "trialing" and not subscription["_"]["told_of_trial_end"]:
        subscription["_"]["told_of_trial_end"] = True
        emit(account, "customer.subscription.trial_will_end", subscription)


def renew(account: Account, subscription: Obj, now: int) -> None:
    """Begin the next period and draft its invoice, or end a trial without a card."""
    customer = account.store.get(subscription["customer"])
    trial_over = subscription["status"] == "trialing"
    has_card = subscription["default_payment_method"] or customer["invoice_settings"]["default_payment_method"]
    if trial_over and not has_card:
        behavior = subscription["trial_settings"]["end_behavior"]["missing_payment_method"]
        if behavior != "create_invoice":
            end_trial_without_card(account, subscription, behavior)
            return
    with updating(account, subscription):
        if trial_over:
            subscription["status"] = "active"
        items = advance_periods(subscription, now)
        invoice = renewal_invoice(account, customer, subscription, items, now)
    if invoice["status"] == "draft" and not invoice["auto_advance"]:
        apply_pause_behavior(account, subscription, invoice)


def end_trial_without_card(account: Account, subscription: Obj, behavior: str) -> None:
    """Cancel or pause a subscription whose trial ends without a card."""
    if behavior == "cancel":
        end_subscription(account, subscription, "payment_failed")
        return
    pause(account, subscription, "trial_end_without_payment_method")


def renewal_invoice(account: Account, customer: Obj, subscription: Obj, items: list[Obj], now: int) -> Obj:
    """Create a draft that is finalized in an hour, unless collection is paused or has ended."""
    is_collected = subscription["status"] != "unpaid" and subscription["pause_collection"] is None
    earlier = account.store.find(subscription["latest_invoice"])
    return draft(
        account,
        customer,
        period_lines(account, subscription, items),
        "subscription_cycle",
        subscription,
        auto_advance=is_collected,
        automatically_finalizes_at=now + DRAFT_FOR if is_collected else None,
        period_start=earlier["period_end"] if earlier else now,
        period_end=now,
    )


def apply_pause_behavior(account: Account, subscription: Obj, invoice: Obj) -> None:
    """Void an invoice or mark it as uncollectible, depending on the subscription's `pause_collection`."""
    behavior = (subscription["pause_collection"] or {}).get("behavior")
    if behavior == "void":
        void(account, invoice)
    elif behavior == "mark_uncollectible":
        mark_uncollectible(account, invoice, "subscription_paused")

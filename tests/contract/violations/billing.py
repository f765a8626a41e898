"""Violations of the constraints of billing tables, in SQL and through the API."""

from typing import Any

from django.db.models import F

from billing.models import (
    Adjustment,
    BillingHistory,
    Cancellation,
    DunningStep,
    EntitlementOverride,
    FeatureAccess,
    StripeCustomer,
    StripeEvent,
    Subscription,
    SubscriptionPlan,
    UsageRecord,
)

PLAN, SUBSCRIPTION = "billing_subscriptionplan", "billing_subscription"
ACCESS, INVOICE = "billing_featureaccess", "billing_billinghistory"
CUSTOMER, EVENT, ADJUSTMENT = "billing_stripecustomer", "billing_stripeevent", "billing_adjustment"
LEAVING = "billing_cancellation"
OVERRIDE, USE, STEP = "billing_entitlementoverride", "billing_usagerecord", "billing_dunningstep"
USER_ID = "00000000-0000-4000-8000-000000000001"

EARLY = "2000-01-01T00:00:00Z"

VIOLATIONS: dict[str, tuple[Any, dict[str, Any], dict[str, Any] | None]] = {
    f"{PLAN}_name_not_blank": (SubscriptionPlan, {"name": " x"}, {"name": " "}),
    f"{PLAN}_name_unique": (
        SubscriptionPlan,
        {"name": "=other", "billing_cycle": "=other"},
        {"name": "=other", "billing_cycle": "=other"},
    ),
    f"{PLAN}_price_above_zero": (SubscriptionPlan, {"price": "0.00"}, {"price": "0.00"}),
    f"{PLAN}_currency_iso_4217": (SubscriptionPlan, {"currency": "usd"}, {"currency": "usd"}),
    f"{PLAN}_billing_cycle_choice": (SubscriptionPlan, {"billing_cycle": "weekly"}, {"billing_cycle": "weekly"}),
    f"{PLAN}_features_shape": (SubscriptionPlan, {"features": []}, {"features": []}),
    f"{PLAN}_features_values": (SubscriptionPlan, {"features": {"reports": 1}}, {"features": {"reports": 1}}),
    f"{PLAN}_limits_shape": (SubscriptionPlan, {"limits": [1]}, {"limits": [1]}),
    f"{PLAN}_limits_values": (SubscriptionPlan, {"limits": {"reports": 4}}, {"limits": {"reports": 4}}),
    f"{PLAN}_stripe_price_id_unique": (
        SubscriptionPlan,
        {"stripe_price_id": "price_1", "billing_cycle": "=other"},
        {"stripe_price_id": "price_1", "billing_cycle": "=other"},
    ),
    # no route writes these: actions change subscriptions, plans and usage change access, Stripe changes invoices
    f"{SUBSCRIPTION}_status_choice": (Subscription, {"status": "done"}, None),
    f"{SUBSCRIPTION}_status_one_running": (Subscription, {"user_id": "=other", "status": "active"}, None),
    f"{SUBSCRIPTION}_stripe_subscription_id_unique": (
        Subscription,
        {"user_id": "=other", "stripe_subscription_id": "sub_1"},
        None,
    ),
    f"{SUBSCRIPTION}_current_period_end_after_start": (Subscription, {"current_period_end": EARLY}, None),
    f"{SUBSCRIPTION}_trial_end_after_start": (Subscription, {"trial_start": EARLY, "trial_end": EARLY}, None),
    f"{SUBSCRIPTION}_pending_until_of_pending_plan": (
        Subscription,
        {"pending_plan_id": F("plan_id"), "pending_until": None},
        None,
    ),
    f"{SUBSCRIPTION}_ended_at_when_ended": (Subscription, {"status": "active", "ended_at": EARLY}, None),
    f"{SUBSCRIPTION}_currency_iso_4217": (Subscription, {"currency": "us"}, None),
    f"{SUBSCRIPTION}_unit_price_bounds": (Subscription, {"unit_price": "-0.01"}, None),
    f"{SUBSCRIPTION}_quantity_bounds": (Subscription, {"quantity": -1}, None),
    f"{SUBSCRIPTION}_interval_choice": (Subscription, {"interval": "decade"}, None),
    f"{SUBSCRIPTION}_interval_with_price": (Subscription, {"unit_price": "1.00", "interval": ""}, None),
    f"{SUBSCRIPTION}_interval_count_bounds": (Subscription, {"interval_count": 0}, None),
    f"{SUBSCRIPTION}_discount_bounds": (Subscription, {"discount": "-0.01"}, None),
    f"{SUBSCRIPTION}_recurring_amount_bounds": (Subscription, {"recurring_amount": "-0.01"}, None),
    f"{SUBSCRIPTION}_tax_bounds": (Subscription, {"tax": "-0.01"}, None),
    f"{SUBSCRIPTION}_next_charge_amount_bounds": (
        Subscription,
        {"next_charge_at": EARLY, "next_charge_amount": "-0.01"},
        None,
    ),
    f"{SUBSCRIPTION}_next_charge_amount_with_day": (Subscription, {"next_charge_amount": "1.00"}, None),
    f"{LEAVING}_reason_choice": (Cancellation, {"reason": "boredom"}, None),
    f"{LEAVING}_outcome_choice": (Cancellation, {"outcome": "gone"}, None),
    f"{LEAVING}_outcome_one_open": (
        Cancellation,
        {"user_id": "=other", "subscription_id": "=other", "outcome": "leaving"},
        None,
    ),
    f"{LEAVING}_pause_year_once": (
        Cancellation,
        {"user_id": "=other", "subscription_id": "=other", "outcome": "paused", "pause_year": 2026, "resumes_at": EARLY},
        None,
    ),
    f"{LEAVING}_pause_year_of_pauses": (Cancellation, {"pause_year": 2026}, None),
    f"{LEAVING}_pause_year_bounds": (Cancellation, {"outcome": "paused", "pause_year": 2019, "resumes_at": EARLY}, None),
    f"{ACCESS}_feature_name_not_blank": (FeatureAccess, {"feature_name": ""}, None),
    f"{ACCESS}_feature_name_unique": (FeatureAccess, {"user_id": "=other", "feature_name": "=other"}, None),
    f"{ACCESS}_usage_count_bounds": (FeatureAccess, {"usage_count": -1}, None),
    f"{ACCESS}_usage_limit_bounds": (FeatureAccess, {"usage_limit": -1}, None),
    f"{ACCESS}_usage_limit_if_disabled": (FeatureAccess, {"is_enabled": False, "usage_limit": None}, None),
    f"{INVOICE}_stripe_invoice_id_unique": (BillingHistory, {"user_id": "=other", "stripe_invoice_id": "in_1"}, None),
    f"{INVOICE}_amount_bounds": (BillingHistory, {"amount": "-0.01"}, None),
    f"{INVOICE}_amount_refunded_bounds": (BillingHistory, {"amount_refunded": "-0.01"}, None),
    f"{INVOICE}_amount_due_bounds": (BillingHistory, {"amount_due": "-0.01"}, None),
    f"{INVOICE}_amount_refunded_within_amount": (BillingHistory, {"amount": "1.00", "amount_refunded": "1.01"}, None),
    f"{INVOICE}_currency_iso_4217": (BillingHistory, {"currency": "us"}, None),
    f"{INVOICE}_status_choice": (BillingHistory, {"status": "lost"}, None),
    f"{INVOICE}_paid_at_when_paid": (BillingHistory, {"status": "paid", "paid_at": None}, None),
    f"{INVOICE}_is_processing_when_pending": (BillingHistory, {"is_processing": True, "status": "failed"}, None),
    f"{INVOICE}_metadata_shape": (BillingHistory, {"metadata": []}, None),
    f"{CUSTOMER}_stripe_id_unique": (StripeCustomer, {"stripe_id": "=other"}, None),
    f"{CUSTOMER}_card_last4_digits": (StripeCustomer, {"card_last4": "424x"}, None),
    f"{CUSTOMER}_card_exp_month_bounds": (StripeCustomer, {"card_exp_month": 13}, None),
    f"{CUSTOMER}_card_exp_year_bounds": (StripeCustomer, {"card_exp_year": 1999}, None),
    f"{CUSTOMER}_currency_iso_4217": (StripeCustomer, {"currency": "us"}, None),
    f"{EVENT}_stripe_id_not_blank": (StripeEvent, {"stripe_id": ""}, None),
    f"{EVENT}_type_not_blank": (StripeEvent, {"type": ""}, None),
    f"{EVENT}_state_choice": (StripeEvent, {"state": "lost", "handled_at": EARLY}, None),
    f"{EVENT}_headers_shape": (StripeEvent, {"headers": []}, None),
    f"{EVENT}_deliveries_bounds": (StripeEvent, {"deliveries": 0}, None),
    f"{EVENT}_attempts_bounds": (StripeEvent, {"attempts": -1}, None),
    f"{EVENT}_handled_at_matches_state": (StripeEvent, {"state": "handled", "handled_at": None}, None),
    f"{ADJUSTMENT}_stripe_id_unique": (Adjustment, {"stripe_id": "=other"}, None),
    f"{ADJUSTMENT}_kind_choice": (Adjustment, {"kind": "gift"}, None),
    f"{ADJUSTMENT}_status_choice": (Adjustment, {"status": "lost it"}, None),
    f"{ADJUSTMENT}_amount_above_zero": (Adjustment, {"amount": "0.00"}, None),
    f"{ADJUSTMENT}_currency_iso_4217": (Adjustment, {"currency": "us"}, None),
    f"{ADJUSTMENT}_rule_choice": (Adjustment, {"rule": "mood"}, None),
    f"{ADJUSTMENT}_rule_of_refunds": (Adjustment, {"kind": "dispute", "status": "lost", "rule": "withdrawal"}, None),
    f"{ADJUSTMENT}_rule_once_for_each_payment": (
        Adjustment,
        {"user_id": "=other", "stripe_payment_id": "pi_1", "rule": "withdrawal"},
        None,
    ),
    f"{ADJUSTMENT}_approved_by_or_rule": (Adjustment, {"requested_by_id": USER_ID, "status": "pending"}, None),
    f"{ADJUSTMENT}_approved_by_a_second_person": (
        Adjustment,
        {"approved_by_id": USER_ID, "requested_by_id": USER_ID},
        None,
    ),
    f"{OVERRIDE}_feature_name_not_blank": (EntitlementOverride, {"feature_name": ""}, None),
    f"{OVERRIDE}_reason_not_blank": (EntitlementOverride, {"reason": " "}, None),
    f"{OVERRIDE}_usage_limit_bounds": (EntitlementOverride, {"usage_limit": -1}, None),
    f"{OVERRIDE}_ends_at_after_start": (EntitlementOverride, {"ends_at": EARLY}, None),
    f"{USE}_feature_name_not_blank": (UsageRecord, {"feature_name": ""}, None),
    f"{USE}_idempotency_key_not_blank": (UsageRecord, {"idempotency_key": ""}, None),
    f"{USE}_amount_bounds": (UsageRecord, {"amount": 0}, None),
    f"{USE}_key_unique": (UsageRecord, {"user_id": "=other", "idempotency_key": "=other"}, None),
    f"{STEP}_kind_choice": (DunningStep, {"kind": "lost"}, None),
    f"{STEP}_key_not_blank": (DunningStep, {"key": ""}, None),
    f"{STEP}_key_unique": (DunningStep, {"user_id": "=other", "key": "=other"}, None),
}

"""Billing in the back office: one module a concept."""

from billing.admin.adjustments import AdjustmentAdmin
from billing.admin.dunning import DunningAdmin
from billing.admin.feature_access import FeatureAccessAdmin, UsageRecordAdmin
from billing.admin.invoices import BillingHistoryAdmin
from billing.admin.overrides import OverrideAdmin
from billing.admin.plans import PlanAdmin
from billing.admin.stripe_records import StripeCustomerAdmin, StripeEventAdmin
from billing.admin.subscriptions import SubscriptionAdmin

__all__ = [
    "AdjustmentAdmin",
    "BillingHistoryAdmin",
    "DunningAdmin",
    "FeatureAccessAdmin",
    "OverrideAdmin",
    "PlanAdmin",
    "StripeCustomerAdmin",
    "StripeEventAdmin",
    "SubscriptionAdmin",
    "UsageRecordAdmin",
]

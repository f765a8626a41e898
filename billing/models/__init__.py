"""Models of plans, subscriptions, feature access, invoices and Stripe records."""

from billing.models.adjustments import Adjustment
from billing.models.cancellations import Cancellation
from billing.models.dunning import DunningStep
from billing.models.feature_access import FeatureAccess
from billing.models.invoices import BillingHistory
from billing.models.movements import BillingMovement, RecurringCharge
from billing.models.overrides import EntitlementOverride
from billing.models.plans import SubscriptionPlan
from billing.models.stripe_customers import StripeCustomer
from billing.models.stripe_events import StripeEvent
from billing.models.subscriptions import Subscription
from billing.models.usage import UsageRecord

__all__ = [
    "Adjustment",
    "BillingHistory",
    "BillingMovement",
    "Cancellation",
    "DunningStep",
    "EntitlementOverride",
    "FeatureAccess",
    "RecurringCharge",
    "StripeCustomer",
    "StripeEvent",
    "Subscription",
    "SubscriptionPlan",
    "UsageRecord",
]

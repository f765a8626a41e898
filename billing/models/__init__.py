"""What is sold, who has it, what that opens, and what was charged for it."""

from billing.models.access import FeatureAccess
from billing.models.history import BillingHistory
from billing.models.plans import SubscriptionPlan
from billing.models.subscriptions import Subscription

__all__ = ["BillingHistory", "FeatureAccess", "Subscription", "SubscriptionPlan"]

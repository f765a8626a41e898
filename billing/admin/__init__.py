"""Billing in the back office."""

from billing.admin import adjustments as adjustments
from billing.admin import cancellations as cancellations
from billing.admin import dunning as dunning
from billing.admin import feature_access as feature_access
from billing.admin import invoices as invoices
from billing.admin import movements as movements
from billing.admin import overrides as overrides
from billing.admin import plans as plans
from billing.admin import stripe_records as stripe_records
from billing.admin import subscriptions as subscriptions

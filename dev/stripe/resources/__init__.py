"""The resources of the API, one module a group. Importing them registers their routes."""

from dev.stripe.resources import catalog as catalog
from dev.stripe.resources import checkout as checkout
from dev.stripe.resources import customers as customers
from dev.stripe.resources import discounts as discounts
from dev.stripe.resources import events_and_test_clocks as events_and_test_clocks
from dev.stripe.resources import invoice_items as invoice_items
from dev.stripe.resources import invoices as invoices
from dev.stripe.resources import payment_methods as payment_methods
from dev.stripe.resources import payments as payments
from dev.stripe.resources import previews as previews
from dev.stripe.resources import refunds as refunds
from dev.stripe.resources import subscription_items as subscription_items
from dev.stripe.resources import subscriptions as subscriptions
from dev.stripe.resources import taxes as taxes

"""Reads of all customers at once, by pages of the whole account, for the nightly comparison.

The account may be shared: objects of other apps' customers are skipped. Objects are held as JSON, which takes a fifth of the
memory of dictionaries.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import orjson

from billing.models import StripeCustomer
from billing.stripe import client as stripe_client
from billing.stripe.client import Object
from billing.stripe.customer_objects import (
    CUSTOMER_CARD,
    CUSTOMER_COUPON,
    SUBSCRIPTION_CARD,
    SUBSCRIPTION_COUPONS,
    CustomerObjects,
    owner_of,
    read_customer,
    read_invoices,
)
from billing.stripe.values import id_of

# A sync that began before the pages were read may have read newer data, because it waited for a lock or for Stripe
SYNC_ALLOWANCE = timedelta(minutes=10)
Pages = dict[str, list[bytes]]


def _pages() -> Pages:
    return defaultdict(list)


@dataclass
class AccountObjects:
    """Our customers' objects by customer, as of `read_at`, and the metadata of all other customers by ID."""

    read_at: datetime
    customers: dict[str, bytes] = field(default_factory=dict)
    subscriptions: Pages = field(default_factory=_pages)
    refunds: Pages = field(default_factory=_pages)
    disputes: Pages = field(default_factory=_pages)
    other_customers: dict[str, dict[str, str]] = field(default_factory=dict)

    def read(self, ours: StripeCustomer) -> CustomerObjects:
        """Return a customer's objects; from Stripe if the pages do not have the customer, or may be older than our rows."""
        key = ours.stripe_id
        is_newer = ours.synced_at is not None and ours.synced_at > self.read_at - SYNC_ALLOWANCE
        if is_newer or key not in self.customers:
            return read_customer(key, with_refunds=True)
        subscriptions, refunds, disputes = (
            [orjson.loads(item) for item in pages.get(key, ())] for pages in (self.subscriptions, self.refunds, self.disputes)
        )
        return CustomerObjects(orjson.loads(self.customers[key]), subscriptions, read_invoices(key), refunds, disputes)


def read_account(known: Iterable[str], *, now: datetime) -> AccountObjects:
    """Read the objects of our customers, whose IDs are `known`, with a call for each hundred objects of the account."""
    ours, account = set(known), AccountObjects(now)
    for found in stripe_client.list_all("customers", expand=[f"data.{CUSTOMER_CARD}", f"data.{CUSTOMER_COUPON}"]):
        if found["id"] in ours:
            account.customers[found["id"]] = _dumped(found)
        else:
            account.other_customers[found["id"]] = found.get("metadata") or {}
    expand = [f"data.{SUBSCRIPTION_CARD}", f"data.{SUBSCRIPTION_COUPONS}"]
    for found in stripe_client.list_all("subscriptions", status="all", expand=expand):
        if id_of(found["customer"]) in ours:
            account.subscriptions[id_of(found["customer"])].append(_dumped(found))
    for resource, pages in (("refunds", account.refunds), ("disputes", account.disputes)):
        for found in stripe_client.list_all(resource, expand=["data.charge"]):
            if owner_of(found) in ours:
                pages[owner_of(found)].append(_dumped(found))
    return account


def _dumped(obj: Object) -> bytes:
    return orjson.dumps(obj, default=str)

"""The money and the access of a customer, computed from Stripe's objects alone, to compare with ours."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from itertools import combinations
from typing import Any

from billing.stripe import client as stripe_client

RENEWAL_LAG = 6 * 3600
OPEN_STATUSES = ("active", "past_due")
MOVED_BY_A_DAY = 86_400  # two periods that meet may overlap by less
COLLECTED_LATER = 2 * 3600  # a renewal's invoice is charged an hour after it is created
FOUND_LATER = 3 * 86_400 + 3600  # a lost failure of a debit is found in the night, and its grace period begins then


@dataclass(frozen=True)
class AccountOfACustomer:
    """A customer's objects at Stripe. `failed_at` is when the payment of each invoice first failed, or was overdue."""

    subscriptions: list[Any]
    invoices: list[Any]
    charges: list[Any]
    refunds: list[Any]
    disputes: list[Any]
    processing: set[str]  # the invoices with a payment under way
    failed_at: dict[str, int]

    def money(self) -> Decimal:
        """Return the charges minus the refunds minus the disputes."""
        total = sum(charge["amount_captured"] for charge in self.charges if charge["paid"])
        total -= sum(refund["amount"] for refund in self.refunds if refund["status"] in ("succeeded", "pending"))
        total += sum(entry["amount"] for dispute in self.disputes for entry in dispute["balance_transactions"])
        return Decimal(total).scaleb(-2)

    def may_have_access(self, now: int, grace: timedelta) -> bool:
        """Return True if a trial, a payment, a payment under way or the grace period justifies access."""
        return any(
            self._runs(item, now)
            and (
                item["status"] == "trialing"
                or not (due := self._due(item))
                or any(bill["id"] in self.processing for bill in due)
                or now < self._failure(due) + grace.total_seconds() + (FOUND_LATER if self.has_debits else 0)
            )
            for item in self.subscriptions
        )

    def must_have_access(self, now: int, grace: timedelta) -> bool:
        """Return True if the present time was paid for, or is a trial, or is within the grace after a failure."""
        return any(
            self._runs(item, now)
            and (
                item["status"] == "trialing"
                or not (due := self._due(item))
                or (item["status"] == "active" and any(bill["id"] in self.processing for bill in due))
                or now < self._failure(due) + grace.total_seconds() - COLLECTED_LATER
            )
            for item in self.subscriptions
        )

    def _runs(self, subscription: Any, now: int) -> bool:
        end = period_of(subscription)[1]
        if subscription["cancel_at"] and subscription["cancel_at"] <= now:
            return False
        if subscription["status"] == "trialing":
            return bool(now < subscription["trial_end"])
        return subscription["status"] in OPEN_STATUSES and now < end + RENEWAL_LAG

    def _due(self, subscription: Any) -> list[Any]:
        """Return the unpaid invoices of a subscription since the last one that was paid, except one that a change awaits."""
        own = [bill for bill in self.invoices if subscription_of(bill) == subscription["id"]]
        paid = max((bill["created"] for bill in own if bill["status"] == "paid"), default=0)
        awaited = subscription["latest_invoice"] if subscription["pending_update"] else None
        unpaid = [bill for bill in own if bill["status"] in ("open", "uncollectible") and bill["amount_remaining"]]
        due = [bill for bill in unpaid if bill["id"] != awaited and bill["created"] > paid]
        return due if subscription["status"] == "past_due" else [bill for bill in due if bill["id"] in self.processing]

    def _failure(self, due: Iterable[Any]) -> int:
        return min(self.failed_at.get(bill["id"], bill["created"]) for bill in due)

    def double_charges(self) -> list[tuple[str, str]]:
        """Return the pairs of invoices that charged for the same time and were not given back."""
        kept = [
            (bill["id"], subscription_of(bill), *span)
            for bill in self.invoices
            if self._kept(bill) > 0 and (span := self._charged_span(bill)) is not None
        ]
        return [
            (first[0], second[0])
            for first, second in combinations(kept, 2)
            if min(first[3], second[3]) - max(first[2], second[2]) > MOVED_BY_A_DAY
        ]

    @property
    def has_debits(self) -> bool:
        return any(charge["payment_method_details"]["type"] != "card" for charge in self.charges)

    def _kept(self, invoice: Any) -> int:
        """Return what was charged for an invoice and not given back."""
        payments = [entry["payment"].get("payment_intent") for entry in (invoice["payments"] or {}).get("data", ())]
        paid = [charge for charge in self.charges if charge["payment_intent"] in payments and charge["paid"]]
        keys = {charge["id"] for charge in paid}
        taken = -sum(
            entry["amount"] for item in self.disputes if item["charge"] in keys for entry in item["balance_transactions"]
        )
        return sum(charge["amount_captured"] - charge["amount_refunded"] for charge in paid) - taken

    def _charged_span(self, invoice: Any) -> tuple[int, int] | None:
        """Return the time that an invoice sold, until its subscription ended or was paused and resumed."""
        owner = next((item for item in self.subscriptions if item["id"] == subscription_of(invoice)), None)
        lines = [line for line in invoice["lines"]["data"] if not is_proration(line) and line["amount"] > 0]
        if owner is None or not lines:
            return None
        begins, ends = lines[0]["period"]["start"], lines[0]["period"]["end"]
        ends = min(ends, owner["ended_at"] or ends)
        later = [bill["created"] for bill in self.invoices if subscription_of(bill) == owner["id"] and is_new_anchor(bill)]
        return begins, min([ends, *(at for at in later if at > begins)])


def is_proration(line: Any) -> bool:
    details = line["parent"].get("subscription_item_details") or line["parent"].get("invoice_item_details") or {}
    return bool(details.get("proration"))


def is_new_anchor(invoice: Any) -> bool:
    """Return True if an invoice begins a period at once, as a resumption and a change of the interval do."""
    lines = [line for line in invoice["lines"]["data"] if not is_proration(line)]
    return invoice["billing_reason"] == "subscription_update" and bool(lines)


def subscription_of(invoice: Any) -> str:
    return ((invoice["parent"] or {}).get("subscription_details") or {}).get("subscription") or ""


def period_of(subscription: Any) -> tuple[int, int]:
    [item] = subscription["items"]["data"]
    return item["current_period_start"], item["current_period_end"]


def read_account(customer: str, prices: set[str], failed_at: dict[str, int]) -> AccountOfACustomer:
    """Read what Stripe has about a customer. Subscriptions to other prices than ours are left out."""
    charges = list(stripe_client.list_all("charges", customer=customer))
    found = stripe_client.list_all("subscriptions", customer=customer, status="all")
    invoices = list(stripe_client.list_all("invoices", customer=customer, expand=["data.payments", "data.discounts"]))
    intents = stripe_client.list_all("payment_intents", customer=customer)
    processing = {intent["id"] for intent in intents if intent["status"] == "processing"}
    return AccountOfACustomer(
        [item for item in found if item["items"]["data"][0]["price"]["id"] in prices],
        invoices,
        charges,
        [refund for charge in charges if charge["amount_refunded"] for refund in listed("refunds", charge)],
        [dispute for charge in charges if charge["disputed"] for dispute in listed("disputes", charge)],
        {bill["id"] for bill in invoices if processing & set(payments_of(bill))},
        failed_at,
    )


def listed(kind: str, charge: Any) -> Iterator[Any]:
    return stripe_client.list_all(kind, charge=charge["id"])


def payments_of(invoice: Any) -> list[str]:
    return [entry["payment"].get("payment_intent") for entry in (invoice["payments"] or {}).get("data", ())]

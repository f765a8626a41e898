"""A Stripe account: its objects, clock, settings, and the current API request."""

import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from dev.stripe.bank_debits import DEBIT_DAYS
from dev.stripe.errors import no_such
from dev.stripe.store import Obj, Store

API_VERSION = "2026-10-28.endive"  # the version that stripe 16.1.0 requests
SETTINGS = "settings"
OTHER_MODE_HINT = "; a similar object exists in live mode, but a test mode key was used to make this request."
DEFAULTS: dict[str, Any] = {
    "id": SETTINGS,
    "object": "_settings",
    "offset": 0,  # seconds by which the account's clock is ahead of the machine's
    "frozen": None,  # the time at which the account's clock is stopped
    "api_version": API_VERSION,
    "retry_days": [3, 5, 7],  # after the first failure, a custom schedule; or "smart", see collection.SMART_RETRY_DAYS
    "debit_days": DEBIT_DAYS,  # from the submission of a bank debit to its result, by type
    "after_last_retry": "cancel",  # or "unpaid", or "past_due"
    "refunds": "succeed",  # the result of refunds, see lifecycle.refund_results.RESULTS
    "signs_with": "machine",  # the clock of Stripe-Signature's timestamp: "machine" or "account"
    "other_mode": False,  # True while the key is of the other mode (test or live) than the stored objects
    "history": "",  # the label of the history that was played into the account, see playback
    "held": False,  # True while deliveries are held back
}


@dataclass
class RequestContext:
    """The current API request, for the `request` of events."""

    id: str | None = None
    idempotency_key: str | None = None
    version: str = API_VERSION


@dataclass
class Account:
    store: Store
    url: str
    key: str = "sk_test_emulator"
    request: RequestContext = field(default_factory=RequestContext)
    acting_at: dict[str, int] = field(default_factory=dict)  # the time of the scheduled action that is running, by clock
    step: Callable[[str, int], bool] = lambda clock, until: False  # replaced by `Scheduler.step`

    def create_settings(self) -> None:
        """Store the default settings, unless the store has settings from an earlier run."""
        if self.store.find(SETTINGS) is None:
            self.store.add(deepcopy(DEFAULTS))

    @property
    def settings(self) -> Obj:
        return self.store.get(SETTINGS)

    def clock_of(self, obj: Obj | None) -> str | None:
        """Return the id of an object's test clock, None for the account's own clock."""
        if obj is None:
            return None
        if "test_clock" in obj:
            return obj["test_clock"]
        owner = obj.get("customer") or obj.get("_", {}).get("customer")
        customer = self.store.find(owner) if owner else None
        return customer.get("test_clock") if customer else None

    def now(self, obj: Obj | None = None) -> int:
        """Return the time of an object in seconds since 1970."""
        return self.time_of(self.clock_of(obj))

    def time_of(self, clock: str | None) -> int:
        """Return the time of a test clock, or of the account's clock, in seconds since 1970."""
        if clock is not None:
            return int(self.store.get(clock)["frozen_time"])
        if "" in self.acting_at:
            return self.acting_at[""]
        settings = self.settings
        return int(settings["frozen"] if settings["frozen"] is not None else int(time.time()) + settings["offset"])

    def move(self, clock: str, to: int) -> None:
        """Set a clock ("" is the account's own) to a time in seconds since 1970, if it is in the future."""
        if to <= self.time_of(clock or None):
            return
        if clock:
            self.store.get(clock)["frozen_time"] = to
        elif self.settings["frozen"] is not None:
            self.settings["frozen"] = to
        else:
            self.settings["offset"] = to - int(time.time())

    def advance(self, clock: str, to: int) -> None:
        """Run everything that is due by a clock ("" is the account's own) until `to`, and set the clock to it."""
        while self.step(clock, to):
            pass
        self.move(clock, to)

    def find(self, kind: str, name: object, param: str = "id") -> Obj:
        """Return the object of a kind and an id. Raise Stripe's error if there is none."""
        obj = self.store.find(name) if name is not None else None
        what = "PaymentMethod" if kind == "payment_method" else kind
        if obj is not None and self.settings["other_mode"]:
            raise no_such(what, name, param, OTHER_MODE_HINT)
        if obj is None or obj["object"] != kind or (obj.get("deleted") and param != "id"):
            raise no_such(what, name, param)
        return obj

    def require_customer(self, name: object) -> None:
        """Raise Stripe's error for a list of a customer that never existed. Those of a deleted customer can be listed."""
        found = self.store.find(name)
        if found is None or found["object"] != "customer" or self.settings["other_mode"]:
            self.find("customer", name, "customer")

    def payment_of(self, invoice: Obj) -> Obj | None:
        """Return the record that connects an invoice with its own payment intent, its default payment."""
        return next(iter(self.store.where("invoice_payment", invoice=invoice["id"], is_default=True)), None)

    def intent_of(self, invoice: Obj) -> Obj | None:
        payment = self.payment_of(invoice)
        return self.store.get(payment["payment"]["payment_intent"]) if payment else None


def new_metadata(given: dict[str, Any]) -> dict[str, str]:
    """Return the metadata of a new object from the parameters of its creation."""
    return {name: words for name, words in (given.get("metadata") or {}).items() if words}


def set_metadata(obj: Obj, given: dict[str, Any]) -> None:
    """Merge the metadata of an update as Stripe does: None deletes a name, the name "" deletes all."""
    if "metadata" not in given:
        return
    current = {} if "" in given["metadata"] else obj["metadata"]
    obj["metadata"] = new_metadata({"metadata": {**current, **given["metadata"]}})

"""The account's balance: each movement of money is a balance transaction. Stripe's fees on charges are left out."""

from dev.stripe.account import Account
from dev.stripe.new_objects import new_object
from dev.stripe.store import Obj


def book(account: Account, source: Obj, amount: int, kind: str, category: str, *, fee: int = 0) -> Obj:
    """Add `amount` minor units (negative for money that leaves) less `fee` to the balance. Return the transaction."""
    now = account.now(source)
    fees = {
        "amount": fee,
        "application": None,
        "currency": source["currency"],
        "description": "Dispute fee",
        "type": "stripe_fee",
    }
    return account.store.add(
        new_object(
            "balance_transaction",
            amount=amount,
            available_on=now,
            created=now,
            currency=source["currency"],
            fee=fee,
            fee_details=[fees] if fee else [],
            net=amount - fee,
            reporting_category=category,
            source=source["id"],
            type=kind,
            _={"customer": source.get("customer") or source["_"]["customer"]},
        )
    )

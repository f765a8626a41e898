"""The selection of a test card, which replaces the entry of a card number."""

from dev.stripe.pages.html import Html, joined, tag
from dev.stripe.store import Obj

CHOICES = {
    "visa": "Visa 4242: succeeds",
    "mastercard": "Mastercard 4444: succeeds",
    "chargeDeclined": "Visa 0002: is declined",
    "authenticationRequired": "Visa 3184: requires authentication",
    "failsAtRenewal": "Visa 9961: succeeds now, is declined at renewal",
    "usBankAccount_success": "US bank account 6789: is debited after days",
}
BANK_ACCOUNTS = {"sepa_debit": "SEPA account", "us_bank_account": "US bank account", "bacs_debit": "UK bank account"}


def choice(*, optional: bool = False, chosen: str = "visa") -> Html:
    """Return radio buttons named `card`."""
    entries = {**CHOICES, **({"": "No card"} if optional else {})}
    fields = [
        tag("label", tag("input", type="radio", name="card", value=name, checked=name == chosen), f" {text}")
        for name, text in entries.items()
    ]
    return tag("fieldset", tag("legend", "Test card"), *fields, style="border:0;padding:0;margin:1rem 0")


def described(method: Obj) -> Html:
    if method["type"] != "card":
        return joined(f"{BANK_ACCOUNTS[method['type']]} •••• {method[method['type']]['last4']}")
    card = method["card"]
    expires = f"expires {card['exp_month']:02}/{card['exp_year'] % 100:02}"
    return joined(f"{card['brand'].title()} •••• {card['last4']}, {expires}")

"""Bank debits in the emulator: their invoice stays open for days, and then is paid or fails."""

from typing import Any

import pytest
import stripe

from dev.stripe.bank_debits import BANK_ACCOUNTS, CURRENCIES, DEBIT_DAYS, NEVER
from tests.dev.stripe.fixtures import Shop

DAY = 86_400
CASES = {f"pm_{name}": entry for name, entry in BANK_ACCOUNTS.items() if entry.failure != NEVER}


def paying(shop: Shop, token: str) -> Any:
    """Subscribe a customer who pays from a bank account."""
    currency = CURRENCIES[BANK_ACCOUNTS[token.removeprefix("pm_")].type]
    return shop.subscribe(shop.customer(token), shop.price(1000, currency=currency))


def invoice_of(shop: Shop, subscription: Any) -> Any:
    found = shop.v1.subscriptions.retrieve(subscription.id, {"expand": ["latest_invoice.payments"]})
    return found.latest_invoice


def intent_of(shop: Shop, invoice: Any) -> Any:
    return shop.v1.payment_intents.retrieve(invoice.payments.data[0].payment.payment_intent)


@pytest.mark.parametrize("token", CASES)
def test_each_test_account_has_its_documented_result(shop: Shop, token: str) -> None:
    bank_account = CASES[token]
    subscription = paying(shop, token)
    waiting = invoice_of(shop, subscription)
    intent = intent_of(shop, waiting)
    charge = shop.v1.charges.retrieve(intent.latest_charge)
    assert (subscription.status, waiting.status, waiting.attempt_count) == ("active", "open", 1)
    assert (intent.status, charge.status, charge.payment_method_details.type) == ("processing", "pending", bank_account.type)
    shop.emulator.advance(DEBIT_DAYS[bank_account.type] * DAY)
    settled, charge = invoice_of(shop, subscription), shop.v1.charges.retrieve(charge.id)
    if bank_account.failure:
        assert (settled.status, charge.status, charge.failure_code) == ("open", "failed", bank_account.failure)
        assert shop.v1.subscriptions.retrieve(subscription.id).status == "past_due"
        assert (settled.next_payment_attempt is not None) is True
    else:
        assert (settled.status, charge.status, charge.disputed) == ("paid", "succeeded", bool(bank_account.dispute))


def test_a_processing_payment_refuses_another(shop: Shop) -> None:
    invoice = invoice_of(shop, paying(shop, "pm_usBankAccount_success"))
    with pytest.raises(stripe.InvalidRequestError, match="processing"):
        shop.v1.invoices.pay(invoice.id, {"payment_method": shop.give_card(invoice.customer, "pm_card_visa")})
    with pytest.raises(stripe.InvalidRequestError, match="processing"):
        shop.v1.invoices.void_invoice(invoice.id)
    with pytest.raises(stripe.InvalidRequestError, match="status of processing"):
        shop.v1.payment_intents.confirm(intent_of(shop, invoice).id)


def test_a_debit_may_have_no_result(shop: Shop) -> None:
    subscription = paying(shop, "pm_usBankAccount_processing")
    shop.emulator.advance(20 * DAY)
    assert invoice_of(shop, subscription).status == "open"


def test_a_failed_debit_is_retried_only_for_missing_funds(shop: Shop) -> None:
    closed, empty = (paying(shop, f"pm_usBankAccount_{name}") for name in ("accountClosed", "insufficientFunds"))
    shop.emulator.advance(14 * DAY)
    charges = [len(shop.v1.charges.list({"customer": one.customer}).data) for one in (closed, empty)]
    assert charges[0] == 1
    assert charges[1] > 1


def test_each_debit_has_its_currency(shop: Shop) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="invalid for payment method type sepa_debit: eur"):
        shop.subscribe(shop.customer("pm_success_de"))


def test_bank_accounts_are_created_by_number(shop: Shop) -> None:
    method = shop.v1.payment_methods.create({"type": "sepa_debit", "sepa_debit": {"iban": "DE62370400440532013001"}})
    assert (method.sepa_debit.last4, method.sepa_debit.country) == ("3001", "DE")
    with pytest.raises(stripe.InvalidRequestError, match="test bank account number"):
        shop.v1.payment_methods.create({"type": "us_bank_account", "us_bank_account": {"account_number": "1"}})


@pytest.mark.parametrize(
    ("account", "status", "event"),
    [
        ("usBankAccount_success", "paid", "checkout.session.async_payment_succeeded"),
        ("usBankAccount_noAccount", "unpaid", "checkout.session.async_payment_failed"),
    ],
)
def test_a_checkout_reports_the_result_later(shop: Shop, account: str, status: str, event: str) -> None:
    session = shop.checkout(customer=shop.customer(None))
    assert shop.emulator.complete_checkout(session.id, account)["payment_status"] == "unpaid"
    shop.emulator.advance(4 * DAY)
    assert shop.v1.checkout.sessions.retrieve(session.id).payment_status == status
    assert event in shop.kinds("checkout.session")


def test_the_events_of_a_debit(shop: Shop) -> None:
    paying(shop, "pm_usBankAccount_success")
    assert shop.kinds("charge.") == ["charge.pending"]
    assert "payment_intent.processing" in shop.kinds()
    assert "invoice.payment_failed" not in shop.kinds()
    shop.emulator.advance(4 * DAY)
    assert shop.kinds("charge.") == ["charge.pending", "charge.succeeded"]
    assert "invoice.paid" in shop.kinds()

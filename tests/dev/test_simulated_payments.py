"""The stories of `simulate_billing` about bank debits, confirmed payments and pauses."""

import pytest

from tests.dev.test_billing_simulation import DECLINED, TRIAL, simulated_rows, summary
from tests.dev.test_billing_simulation import catalog as catalog

pytestmark = [pytest.mark.faults, pytest.mark.django_db]  # each simulation starts the Stripe emulator in a process


def test_a_bank_debit_is_pending_until_it_is_paid(catalog: None) -> None:
    assert summary(simulated_rows("bank-debit"))[2:] == [
        TRIAL[1],
        ("2026-03-16", "active", "Mid-tier", "open, 7 features", ["35.00 USD processing"], ["Your payment is under way"]),
        ("2026-03-20", "active", "Mid-tier", "open, 7 features", ["35.00 USD paid"], ["Payment received"]),
    ]


def test_a_bank_debit_that_fails_late_is_paid_by_card(catalog: None) -> None:
    assert summary(simulated_rows("bank-debit-fails"))[3:] == [
        ("2026-03-16", "active", "Mid-tier", "open, 7 features", ["35.00 USD processing"], ["Your payment is under way"]),
        ("2026-03-20", "past_due", "Mid-tier", "open, 7 features", ["35.00 USD failed"], [DECLINED]),
        ("2026-03-21", "active", "Mid-tier", "open, 7 features", ["35.00 USD paid"], ["Payment received"]),
    ]


def test_an_upgrade_waits_for_the_customer_to_confirm(catalog: None) -> None:
    asked, lapsed, confirmed, renewed, paid = summary(simulated_rows("confirms"))[3:]
    assert asked[1:] == (
        "active, change waits",
        "Mid-tier",
        "open, 7 features",
        ["27.10 USD pending"],
        ["Confirm your payment"],
    )
    assert lapsed[1:] == (
        "active",
        "Mid-tier",
        "open, 7 features",
        ["27.10 USD void"],
        ["Your change did not take effect"],
    )
    assert confirmed[1:5] == ("active", "Professional", "open, 8 features", ["24.52 USD paid"])
    assert renewed[1:] == ("past_due", "Professional", "open, 8 features", ["75.00 USD failed"], [DECLINED])
    assert paid[1:] == ("active", "Professional", "open, 8 features", ["75.00 USD paid"], ["Payment received"])


def test_a_paused_subscription_is_resumed(catalog: None) -> None:
    assert summary(simulated_rows("pauses"))[3:] == [
        ("2026-03-26", "paused", "Mid-tier", "closed, 0 features", [], ["Your subscription is paused"]),
        ("2026-04-21", "active", "Mid-tier", "open, 7 features", ["11.29 USD paid"], []),
        ("2026-05-21", "active", "Mid-tier", "open, 7 features", ["35.00 USD paid"], []),
    ]

"""The stories of `simulate_billing` about refunds and disputes: a double purchase, a failed refund, a late payment."""

import pytest

from tests.dev.test_billing_simulation import catalog as catalog
from tests.dev.test_billing_simulation import simulated_rows, summary

pytestmark = [pytest.mark.faults, pytest.mark.django_db]  # each simulation starts the Stripe emulator in a process


def test_a_second_purchase_is_refunded_and_the_first_runs_on(catalog: None) -> None:
    row = simulated_rows("double-purchase")[-1]
    invoices = ["35.00 USD paid", "35.00 USD refunded", "refund"]
    assert summary([row]) == [
        ("2026-04-19", "active", "Mid-tier", "open, 7 features", invoices, ["We refund your second purchase"])
    ]
    assert row.invoices[-1] == "refund: 35.00 USD succeeded by rule (double purchase)"


def test_a_failed_refund_makes_the_invoice_paid_again(catalog: None) -> None:
    changes = [(f"{row.day}", *(text.split(": 1")[0] for text in row.invoices)) for row in simulated_rows("refund-fails")[-2:]]
    assert changes == [
        ("2026-03-21", "35.00 USD refunded", "refund: 35.00 USD succeeded"),
        ("2026-03-22", "35.00 USD paid", "refund: 35.00 USD failed"),
    ]


def test_an_inquiry_takes_nothing_and_a_lost_dispute_does(catalog: None) -> None:
    found = [text for row in simulated_rows("disputes") for text in row.invoices if text.startswith("dispute")]
    statuses = [text.removeprefix("dispute: 35.00 USD ") for text in found]
    assert statuses == ["inquiry", "inquiry closed", "open", "lost"]


def test_a_payment_after_the_end_is_refunded_by_rule(catalog: None) -> None:
    row = simulated_rows("pays-after-the-end")[-1]
    assert (f"{row.day}", row.state.status) == ("2026-05-03", "canceled")
    assert row.invoices[-1] == "refund: 35.00 USD succeeded by rule (paid after end)"
    assert row.notices[-1].title == "We refund your payment"

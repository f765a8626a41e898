"""The notice that an unpaid invoice is no longer collected: what remained of it, its day, and what the customer can do."""

from typing import Any

import pytest

from billing import services
from billing.models import FeatureAccess, StripeCustomer, Subscription
from core import clock
from system.models import SystemAlert
from tests.billing.buyers import Buyer, fail_renewal, lapse, let_upgrade_lapse
from tests.billing.buyers import buyer as buyer
from tests.billing.buyers import traveler as traveler
from tests.billing.notice_contents import missing_in
from tests.dev.stripe.fixtures import client_of

pytestmark = pytest.mark.django_db
STOPPED = "We stopped collecting your payment"
ENDED = "Your subscription has ended"


def message(buyer: Buyer, title: str) -> str:
    """Return the only notice with a title, which must be complete."""
    found = SystemAlert.objects.for_user(buyer.user).get(title=title).message
    assert missing_in(found) == []
    return found


def test_staff_give_up_an_invoice_and_access_continues(buyer: Buyer) -> None:
    invoice = fail_renewal(buyer)
    buyer.payments.stripe.pay_invoice_part(invoice, 1000, "mastercard")
    buyer.sync()
    assert Subscription.objects.get().status == "past_due"
    client_of(buyer.payments.stripe).v1.invoices.mark_uncollectible(invoice)
    buyer.sync()
    assert message(buyer, STOPPED) == (
        "We no longer try to collect the 25.00 USD of Thursday, 2 April 2026. "
        "The invoice was closed, and you do not need to pay it."
    )
    assert (Subscription.objects.get().status, buyer.invoice().status) == ("active", "unpaid")
    buyer.wait(8)
    assert FeatureAccess.objects.for_user(buyer.user).get(feature_name="health_checkins").is_open_at(clock.now())


def give_up_after_retries(buyer: Buyer, invoice: str, **subscription: Any) -> None:
    """Mark an invoice as uncollectible as Stripe does after the last retry, by a setting of the account."""
    buyer.payments.stripe.alter(invoice, {"status": "uncollectible", "next_payment_attempt": None})
    buyer.payments.stripe.alter(Subscription.objects.get().stripe_subscription_id, subscription)
    services.sync_customer(stripe_customer_id=StripeCustomer.objects.get(user=buyer.user).stripe_id, now=clock.now())


@pytest.mark.parametrize(
    ("grace_days", "access"),
    [
        (7, "Unless it is paid, access to your plan ends on Thursday, 9 April 2026."),
        (1, "You have no access to your plan until it is paid."),
    ],
)
def test_an_invoice_that_access_waits_for_can_still_be_paid(buyer: Buyer, settings: Any, grace_days: int, access: str) -> None:
    settings.BILLING_GRACE_DAYS = grace_days
    invoice = fail_renewal(buyer)
    give_up_after_retries(buyer, invoice)
    first, remedy = message(buyer, STOPPED).splitlines()
    assert first == f"We no longer try to collect the 35.00 USD of Thursday, 2 April 2026. {access}"
    assert remedy == f"Pay now: {buyer.invoice().hosted_invoice_url}"
    buyer.payments.stripe.alter(invoice, {})
    buyer.payments.stripe.pay_invoice(invoice, "visa")
    buyer.sync()
    assert (Subscription.objects.get().status, buyer.invoice().status) == ("active", "paid")


def test_an_older_invoice_does_not_need_to_be_paid(buyer: Buyer) -> None:
    buyer.payments.stripe.set(after_last_retry="past_due")
    older = fail_renewal(buyer)
    buyer.wait(31)
    client_of(buyer.payments.stripe).v1.invoices.mark_uncollectible(older)
    buyer.sync()
    assert Subscription.objects.get().status == "past_due"
    assert message(buyer, STOPPED).endswith("The invoice was closed, and you do not need to pay it.")


def test_an_invoice_of_an_ended_subscription_is_not_asked_for(buyer: Buyer) -> None:
    give_up_after_retries(buyer, fail_renewal(buyer), status="canceled", ended_at=int(clock.now().timestamp()))
    assert message(buyer, ENDED).endswith("To continue, subscribe to a plan.")
    assert not SystemAlert.objects.filter(title=STOPPED).exists()


def test_a_void_invoice_does_not_need_to_be_paid(buyer: Buyer) -> None:
    client_of(buyer.payments.stripe).v1.invoices.void_invoice(fail_renewal(buyer))
    buyer.sync()
    assert message(buyer, STOPPED) == (
        "We no longer try to collect the 35.00 USD of Thursday, 2 April 2026. "
        "The invoice was closed, and you do not need to pay it."
    )


def test_the_end_of_a_subscription_names_what_remained(buyer: Buyer) -> None:
    buyer.payments.stripe.pay_invoice_part(fail_renewal(buyer), 1000, "mastercard")
    buyer.wait(20)
    assert message(buyer, ENDED) == (
        "We no longer try to collect the 25.00 USD of Thursday, 2 April 2026. To continue, subscribe to a plan."
    )


def test_a_subscription_of_which_nothing_was_paid_names_all(buyer: Buyer) -> None:
    lapse(buyer)
    assert "collect the 35.00 USD of Thursday, 2 April 2026." in message(buyer, ENDED)


def test_a_change_that_was_paid_in_part_is_not_called_free(buyer: Buyer) -> None:
    let_upgrade_lapse(buyer)
    assert "so the 5.00 USD that you paid are refunded." in message(buyer, "Your change did not take effect")
    assert StripeCustomer.objects.get(user=buyer.user).problems == ""

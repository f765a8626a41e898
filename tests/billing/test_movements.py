"""Movements of recurring revenue, as they follow from what customers do and pay at Stripe."""

from collections.abc import Callable
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing import services
from billing.models import BillingMovement, RecurringCharge, StripeCustomer, SubscriptionPlan
from billing.services.movements import recurring_charges, write_movements
from core import clock
from tests.billing.revenue_stories import PayingStory
from tests.billing.revenue_stories import story as story

pytestmark = pytest.mark.django_db
Steps = Callable[[PayingStory], Any]


def upgrades(story: PayingStory) -> None:
    story.buy()
    story.wait(10)
    story.change_plan("Professional")
    story.wait(30)


def downgrades(story: PayingStory) -> None:
    story.buy("Professional")
    story.wait(10)
    story.change_plan("Budget")
    story.wait(30)


def has_a_coupon_that_ends(story: PayingStory) -> None:
    story.publish_code("SPRING", {"percent_off": 20, "duration": "repeating", "duration_in_months": 2})
    story.buy(promotion_code="SPRING")
    story.wait(95)


def upgrades_with_a_coupon(story: PayingStory) -> None:
    story.publish_code("SPRING", {"percent_off": 20, "duration": "forever"})
    story.buy(promotion_code="SPRING")
    story.wait(10)
    story.change_plan("Professional")
    story.wait(30)


def has_a_coupon_for_one_invoice(story: PayingStory) -> None:
    story.publish_code("HALF", {"percent_off": 50, "duration": "once"})
    story.buy(promotion_code="HALF")
    story.wait(40)


def changes_the_quantity(story: PayingStory) -> None:
    story.buy()
    story.wait(5)
    story.set_quantity(3)
    story.wait(5)
    story.set_quantity(2)
    story.wait(30)


def pauses_and_resumes(story: PayingStory) -> None:
    story.buy()
    story.wait(8)
    story.v1.subscriptions.pause(story.subscription.stripe_subscription_id)
    story.wait(20)
    services.resume(story.subscription, now=clock.now())
    story.wait(40)


def pauses_the_collection(story: PayingStory) -> None:
    story.buy()
    story.wait(8)
    story.update({"pause_collection": {"behavior": "void"}})
    story.wait(30)
    story.update({"pause_collection": ""})
    story.wait(30)


def is_past_due_and_pays(story: PayingStory) -> None:
    story.buy()
    story.fail_cards()
    story.wait(36)
    story.pay_open_invoice()
    story.wait(3)


def is_given_up(story: PayingStory) -> None:
    story.buy()
    story.fail_cards()
    story.wait(60)


def is_unpaid_and_pays_late(story: PayingStory) -> None:
    story.payments.stripe.set(after_last_retry="unpaid")
    story.buy()
    story.fail_cards()
    story.wait(50)
    assert story.subscription.status == "unpaid"
    assert story.movements() == ["03-02 new 35.00 USD", "04-02 churn 0.00 USD"]
    story.pay_open_invoice()


def pays_after_the_end(story: PayingStory) -> None:
    is_given_up(story)
    story.pay_open_invoice()


def comes_back(story: PayingStory) -> None:
    story.buy()
    story.wait(3)
    services.cancel_at_period_end(story.subscription, now=clock.now())
    story.wait(60)
    story.buy("Professional")
    story.wait(5)


def comes_back_at_once(story: PayingStory) -> None:
    story.buy()
    story.wait(3)
    services.cancel_now(story.subscription, now=clock.now())
    story.wait(0.25)
    story.buy("Professional")
    story.wait(5)


def ends_within_the_period(story: PayingStory) -> None:
    story.buy()
    story.wait(3)
    services.cancel_now(story.subscription, now=clock.now())
    story.wait(60)


def buys_a_year(story: PayingStory) -> None:
    story.buy(cycle="yearly")
    story.wait(400)


def moves_to_a_quarter(story: PayingStory) -> None:
    story.buy()
    story.wait(31.5)
    story.move_to_price(9000, "month", interval_count=3)
    story.wait(1)


def moves_to_weeks(story: PayingStory) -> None:
    story.buy()
    story.wait(31.5)
    story.move_to_price(700, "week")
    story.wait(1)


def buys_twice(story: PayingStory) -> None:
    plan = SubscriptionPlan.objects.get(name="Mid-tier", billing_cycle="monthly")
    page = services.start_checkout(user=story.user, plan=plan, now=clock.now())
    session: Any = {
        "mode": "subscription",
        "customer": story.customer,
        "subscription_data": {"metadata": {"user_id": str(story.user.pk)}},
        "line_items": [{"price": plan.stripe_price_id, "quantity": 1}],
        "success_url": "https://example.com",
    }
    for key in (page.id, story.v1.checkout.sessions.create(session).id):
        story.payments.stripe.complete_checkout(key, card="visa")
    story.process()
    second = story.v1.subscriptions.list({"customer": story.customer}).data[0].id
    services.settle_customer(story.customer, [second])
    story.wait(5)


def is_refunded(story: PayingStory) -> None:
    story.buy()
    story.wait(3)
    [charge] = story.v1.charges.list({"customer": story.customer}).data
    story.v1.refunds.create({"charge": charge.id})
    story.wait(3)


def has_free_months(story: PayingStory) -> None:
    story.publish_code("FREE", {"percent_off": 100, "duration": "repeating", "duration_in_months": 2})
    story.buy(promotion_code="FREE")
    story.wait(70)


def buys_a_thing_once(story: PayingStory) -> None:
    story.buy()
    story.v1.invoice_items.create({"customer": story.customer, "amount": 5000, "currency": "usd", "description": "A book"})
    story.wait(40)


def pays_tax_that_is_included(story: PayingStory) -> None:
    story.buy()
    story.wait(3)
    rate = story.v1.tax_rates.create({"display_name": "VAT", "inclusive": True, "percentage": 25})
    story.update({"default_tax_rates": [rate.id]})
    story.wait(30)


STORIES: list[tuple[Steps, list[str]]] = [
    (upgrades, ["03-02 new 35.00 USD", "03-12 expansion 75.00 USD"]),
    (downgrades, ["03-02 new 75.00 USD", "03-12 contraction 15.00 USD"]),
    (has_a_coupon_that_ends, ["03-02 new 28.00 USD", "05-02 expansion 35.00 USD"]),
    (upgrades_with_a_coupon, ["03-02 new 28.00 USD", "03-12 expansion 60.00 USD"]),
    (has_a_coupon_for_one_invoice, ["03-02 new 35.00 USD"]),
    (changes_the_quantity, ["03-02 new 35.00 USD", "03-07 expansion 105.00 USD", "03-12 contraction 70.00 USD"]),
    (pauses_and_resumes, ["03-02 new 35.00 USD", "03-10 churn 0.00 USD", "03-30 reactivation 35.00 USD"]),
    (pauses_the_collection, ["03-02 new 35.00 USD", "04-02 churn 0.00 USD", "05-02 reactivation 35.00 USD"]),
    (is_past_due_and_pays, ["03-02 new 35.00 USD"]),
    (is_given_up, ["03-02 new 35.00 USD", "04-02 churn 0.00 USD"]),
    (is_unpaid_and_pays_late, ["03-02 new 35.00 USD"]),
    (pays_after_the_end, ["03-02 new 35.00 USD", "04-02 churn 0.00 USD"]),
    (comes_back, ["03-02 new 35.00 USD", "04-02 churn 0.00 USD", "05-04 reactivation 75.00 USD"]),
    (comes_back_at_once, ["03-02 new 35.00 USD", "03-05 expansion 75.00 USD"]),
    (ends_within_the_period, ["03-02 new 35.00 USD", "03-05 churn 0.00 USD"]),
    (buys_a_year, ["03-02 new 29.17 USD"]),
    (moves_to_a_quarter, ["03-02 new 35.00 USD", "04-02 contraction 30.00 USD"]),
    (moves_to_weeks, ["03-02 new 35.00 USD", "04-02 contraction 30.42 USD"]),
    (buys_twice, ["03-02 new 35.00 USD"]),
    (is_refunded, ["03-02 new 35.00 USD"]),
    (has_free_months, ["05-02 new 35.00 USD"]),
    (pays_tax_that_is_included, ["03-02 new 35.00 USD", "04-02 contraction 28.00 USD"]),
    (buys_a_thing_once, ["03-02 new 35.00 USD"]),
]


@pytest.mark.parametrize(("live", "movements"), STORIES, ids=[steps.__name__ for steps, _ in STORIES])
def test_movements_follow_from_the_story(story: PayingStory, live: Steps, movements: list[str]) -> None:
    live(story)
    assert story.movements() == movements


def test_a_trial_that_is_not_paid_has_no_movement(story: PayingStory, settings: Any) -> None:
    settings.BILLING_TRIAL_DAYS = 14
    story.buy()
    story.fail_cards()
    story.wait(16)
    assert (story.subscription.status, story.movements()) == ("past_due", [])
    story.wait(40)
    assert story.movements() == []


def test_a_trial_that_is_paid_counts_from_its_end(story: PayingStory, settings: Any) -> None:
    settings.BILLING_TRIAL_DAYS = 14
    story.buy()
    story.wait(13)
    assert story.movements() == []
    story.wait(3)
    assert story.movements() == ["03-16 new 35.00 USD"]


def test_a_year_is_stored_without_rounding(story: PayingStory) -> None:
    story.buy(cycle="yearly")
    row = BillingMovement.objects.get()
    plan = SubscriptionPlan.objects.get(name="Mid-tier", billing_cycle="yearly")
    assert (row.annual_change, row.annual_before, row.annual_after) == (plan.price, Decimal(0), plan.price)
    assert row.mrr_change == Decimal("29.17")


def test_a_sync_without_changes_reads_twice_and_writes_nothing(story: PayingStory) -> None:
    upgrades(story)
    charges = recurring_charges(story.user)
    with CaptureQueriesContext(connection) as queries:
        assert write_movements(user=story.user, charges=recurring_charges(story.user), now=clock.now()) == 0
    assert len(queries) == 2
    assert len(charges) == 4  # the first month, the credit and the charge of the change, the next month


def test_movements_are_recomputed_from_stored_rows(story: PayingStory) -> None:
    upgrades(story)
    before, output = story.movements(), StringIO()
    BillingMovement.objects.filter(kind="expansion").delete()
    BillingMovement.objects.update(annual_change=Decimal("1.00"), annual_after=Decimal("1.00"))
    call_command("recompute_movements", stdout=output)
    assert story.movements() == before
    call_command("recompute_movements", user=story.user.email, stdout=output)
    lines = [f"- {story.user.email}: 3 rows", "The movements of 1 customers have changed.", "All movements are up to date."]
    assert output.getvalue().splitlines() == lines


def test_a_whole_history_is_read_at_once(story: PayingStory) -> None:
    comes_back(story)
    before = story.movements()
    RecurringCharge.objects.all().delete()
    BillingMovement.objects.all().delete()
    StripeCustomer.objects.update(synced_at=None)
    services.sync_customer(stripe_customer_id=story.customer, now=clock.now())
    assert story.movements() == before


def test_an_erasure_ends_the_revenue_once(story: PayingStory) -> None:
    upgrades(story)
    for _ in range(2):
        services.end_revenue(user=story.user, now=clock.now())
    assert story.movements()[-2:] == ["03-12 expansion 75.00 USD", "04-11 churn 0.00 USD"]

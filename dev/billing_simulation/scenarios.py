"""The scenarios of the billing simulation: the customer's actions and their days."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from dateutil.relativedelta import relativedelta

from billing.models.plans import BillingCycle
from dev.billing_simulation import disputes_and_refunds as others
from dev.billing_simulation import leaving, support
from dev.billing_simulation.customer import SimulatedCustomer

# days after the first failure on which Stripe retries; it cancels after the last one (in production: dashboard settings)
RETRY_DAYS = (3, 5, 7, 14)
DECLINED = "failsAtRenewal"
AUTHENTICATES = "authenticationRequired"

CustomerAction = Callable[[SimulatedCustomer, datetime], str]


@dataclass(frozen=True)
class ScenarioStep:
    """An action `months` and `days` after the first payment is due. Negative `days` are before it."""

    months: int
    days: int
    action: CustomerAction


@dataclass(frozen=True)
class Scenario:
    """A scenario that begins with a purchase. It ends `ends` (months, days) after the first payment is due."""

    about: str
    ends: tuple[int, int]
    steps: tuple[ScenarioStep, ...] = ()
    cycle: BillingCycle = BillingCycle.MONTHLY

    def plan(self, begins: date, trial_days: int) -> tuple[dict[date, list[CustomerAction]], date]:
        """Return the actions by day for a purchase on `begins`, and the last day."""
        first_payment = begins + relativedelta(days=trial_days)
        actions: dict[date, list[CustomerAction]] = {begins: [SimulatedCustomer.buy]}
        for step in self.steps:
            day = first_payment + relativedelta(months=step.months, days=step.days)
            actions.setdefault(max(day, begins), []).append(step.action)
        months, days = self.ends
        return actions, first_payment + relativedelta(months=months, days=days)


def card(name: str) -> CustomerAction:
    """Return the action that changes the card in the billing portal."""
    return lambda customer, now: customer.change_card(name, now)


def confirm(name: str) -> CustomerAction:
    """Return the action that pays on the invoice's page and passes the bank's authentication."""
    return lambda customer, now: customer.confirm(name, now)


SCENARIOS: Mapping[str, Scenario] = {
    "recovers": Scenario(
        "A renewal fails, and a new card pays it within the grace period. The customer later upgrades and cancels.",
        ends=(3, 1),
        steps=(
            ScenarioStep(0, 20, card(DECLINED)),
            ScenarioStep(1, 4, card("mastercard")),
            ScenarioStep(1, 15, SimulatedCustomer.upgrade),
            ScenarioStep(2, 10, SimulatedCustomer.cancel),
        ),
    ),
    "lapses": Scenario(
        "A renewal fails and stays unpaid. Access closes after the grace period, and Stripe cancels after the last retry.",
        ends=(1, 15),
        steps=(ScenarioStep(0, 20, card(DECLINED)),),
    ),
    "pays-late": Scenario(
        "A renewal fails, and the customer pays the invoice after the grace period.",
        ends=(1, 10),
        steps=(ScenarioStep(0, 20, card(DECLINED)), ScenarioStep(1, 9, lambda customer, now: customer.pay("mastercard", now))),
    ),
    "leaves-the-trial": Scenario(
        "The customer cancels during the trial and is never charged.",
        ends=(0, 1),
        steps=(ScenarioStep(0, -5, SimulatedCustomer.cancel),),
    ),
    "downgrades": Scenario(
        "A change to a cheaper plan leaves a credit that pays the next invoices.",
        ends=(2, 1),
        steps=(ScenarioStep(0, 10, SimulatedCustomer.downgrade),),
    ),
    "double-purchase": Scenario(
        "A former customer clicks twice and pays two subscriptions. The second one is canceled and refunded by rule.",
        ends=(1, 5),
        steps=(ScenarioStep(0, 20, SimulatedCustomer.cancel), ScenarioStep(1, 3, others.buy_twice)),
    ),
    "refund-fails": Scenario(
        "Staff refund a payment, and the bank returns the refund a day later. The amount can be refunded again.",
        ends=(0, 8),
        steps=(ScenarioStep(0, -2, card("refundFail")), ScenarioStep(0, 5, others.refund)),
    ),
    "disputes": Scenario(
        "The bank inquires about a payment and closes the inquiry, which takes no money. The next payment's dispute is lost.",
        ends=(1, 13),
        steps=(
            ScenarioStep(0, 5, others.open_inquiry),
            ScenarioStep(0, 9, others.lose_dispute),
            ScenarioStep(1, 5, others.open_dispute),
            ScenarioStep(1, 12, others.lose_dispute),
        ),
    ),
    "pays-after-the-end": Scenario(
        "The customer pays an invoice after Stripe has canceled the subscription. The payment is refunded by rule.",
        ends=(1, 18),
        steps=(
            ScenarioStep(0, 20, card(DECLINED)),
            ScenarioStep(1, 17, lambda customer, now: customer.pay("mastercard", now)),
        ),
    ),
    "bank-debit": Scenario(
        "The first payment is a bank debit, which succeeds four days later.",
        ends=(0, 5),
        steps=(ScenarioStep(0, -5, card("usBankAccount_success")),),
    ),
    "bank-debit-fails": Scenario(
        "The first payment is a bank debit, which fails four days later. The customer pays with a card.",
        ends=(0, 6),
        steps=(
            ScenarioStep(0, -5, card("usBankAccount_insufficientFunds")),
            ScenarioStep(0, 5, lambda customer, now: customer.pay("mastercard", now)),
        ),
    ),
    "confirms": Scenario(
        "An upgrade waits for the customer to confirm its payment with their bank. The first lapses; each renewal asks again.",
        ends=(1, 3),
        steps=(
            ScenarioStep(0, 10, card(AUTHENTICATES)),
            ScenarioStep(0, 10, SimulatedCustomer.upgrade),
            ScenarioStep(0, 12, SimulatedCustomer.upgrade),
            ScenarioStep(0, 12, confirm(AUTHENTICATES)),
            ScenarioStep(1, 2, confirm(AUTHENTICATES)),
        ),
    ),
    "pauses": Scenario(
        "Support pauses a subscription. The customer resumes it, and a new period begins.",
        ends=(2, 6),
        steps=(ScenarioStep(0, 10, SimulatedCustomer.be_paused), ScenarioStep(1, 5, SimulatedCustomer.resume)),
    ),
    "coupon-ends": Scenario(
        "A coupon lowers the charges for two months. The customer upgrades meanwhile and then pays the full price.",
        ends=(3, 1),
        steps=(
            ScenarioStep(0, -5, partial(support.give_coupon, percent=20, months=2)),
            ScenarioStep(0, 15, SimulatedCustomer.upgrade),
        ),
    ),
    "has-credit": Scenario(
        "A credit from support pays a part of an upgrade and of the next charges.",
        ends=(2, 1),
        steps=(
            ScenarioStep(0, 5, partial(support.give_credit, amount=50)),
            ScenarioStep(0, 15, SimulatedCustomer.upgrade),
        ),
    ),
    "ends-on-a-day": Scenario(
        "Support ends the subscription on a chosen day of the next period, which is charged in part.",
        ends=(1, 12),
        steps=(ScenarioStep(0, 20, partial(support.end_after, days=20)),),
    ),
    "leaves-with-a-refund": Scenario(
        "A customer leaves a yearly plan ten days after the payment. The unused time is refunded by rule.",
        ends=(0, 12),
        steps=(ScenarioStep(0, 10, leaving.leave_with_refund),),
        cycle=BillingCycle.YEARLY,
    ),
    "pauses-instead": Scenario(
        "A customer pauses for a month instead of leaving. The subscription resumes by itself after a notice.",
        ends=(1, 12),
        steps=(ScenarioStep(0, 10, leaving.pause_instead),),
    ),
    "comes-back": Scenario(
        "A customer leaves, gets one notice a week after the end, and buys the plan again, without a second trial.",
        ends=(1, 10),
        steps=(ScenarioStep(0, 20, SimulatedCustomer.cancel), ScenarioStep(1, 9, SimulatedCustomer.buy)),
    ),
}

"""The lives that can be simulated: each a list of what the customer does when. The rest happens by itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from dateutil.relativedelta import relativedelta

from dev.billing_simulation.customer import SimulatedCustomer

# Stripe's dashboard decides about them: tries after a first failure, in days, and the end after the last one
RETRY_DAYS = (3, 5, 7, 14)
DECLINED = "failsAtRenewal"

CustomerAction = Callable[[SimulatedCustomer, datetime], str]


@dataclass(frozen=True)
class ScenarioStep:
    """What the customer does `months` and `days` after his first payment is due; days below 0 are before it."""

    months: int
    days: int
    act: CustomerAction


@dataclass(frozen=True)
class Scenario:
    """A life that begins with a purchase; `ends` is when it has been told, as months and days after the first payment."""

    about: str
    ends: tuple[int, int]
    steps: tuple[ScenarioStep, ...] = ()

    def plan(self, begins: date, trial_days: int) -> tuple[dict[date, list[CustomerAction]], date]:
        """What he does on which day when he buys on `begins`, and the last day of the life."""
        paid = begins + relativedelta(days=trial_days)
        acts: dict[date, list[CustomerAction]] = {begins: [SimulatedCustomer.buy]}
        for step in self.steps:
            day = paid + relativedelta(months=step.months, days=step.days)
            acts.setdefault(max(day, begins), []).append(step.act)
        months, days = self.ends
        return acts, paid + relativedelta(months=months, days=days)


def card(name: str) -> CustomerAction:
    """Putting another card into the portal."""
    return lambda customer, now: customer.change_card(name, now)


SCENARIOS: Mapping[str, Scenario] = {
    "recovers": Scenario(
        "A renewal fails, a new card pays it within the grace; then an upgrade, a cancellation and the end.",
        ends=(3, 1),
        steps=(
            ScenarioStep(0, 20, card(DECLINED)),
            ScenarioStep(1, 4, card("mastercard")),
            ScenarioStep(1, 15, SimulatedCustomer.upgrade),
            ScenarioStep(2, 10, SimulatedCustomer.cancel),
        ),
    ),
    "lapses": Scenario(
        "A renewal fails and stays unpaid: the grace runs out, and Stripe gives up in the end.",
        ends=(1, 15),
        steps=(ScenarioStep(0, 20, card(DECLINED)),),
    ),
    "pays-late": Scenario(
        "A renewal fails, the grace runs out, and the invoice is paid after that.",
        ends=(1, 10),
        steps=(ScenarioStep(0, 20, card(DECLINED)), ScenarioStep(1, 9, lambda customer, now: customer.pay("mastercard", now))),
    ),
    "leaves-the-trial": Scenario(
        "The trial is cancelled before it ends: nothing is ever charged.",
        ends=(0, 1),
        steps=(ScenarioStep(0, -5, SimulatedCustomer.cancel),),
    ),
    "downgrades": Scenario(
        "A change to a cheaper plan leaves a credit, which pays the next invoices.",
        ends=(2, 1),
        steps=(ScenarioStep(0, 10, SimulatedCustomer.downgrade),),
    ),
}

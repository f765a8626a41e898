"""`docs/billing-life.md`: every scenario as it is lived from a fixed day on, with the settings that the product ships with."""

from collections.abc import Iterator, Sequence
from functools import cache

from dev.billing_simulation.scenarios import RETRY_DAYS, SCENARIOS
from dev.billing_simulation.simulation import EVENING, FIRST_DAY, MORNING, SimulationRequest, simulate
from dev.billing_simulation.tables import DayRow, markdown_table, notice_texts
from dev.stripe import launcher as stripe_emulator

TRIAL_DAYS, GRACE_DAYS = 14, 7
RETRIES = f"{', '.join(str(day) for day in RETRY_DAYS[:-1])} and {RETRY_DAYS[-1]}"

HEAD = f"""# The life of a subscription

What a customer meets between his first checkout and the end, day by day: what he does, what Stripe does by itself, what is open
to him, what he is charged, and what he is told. `manage.py simulate_billing` lives through it in seconds, on a stand-in for
Stripe, with any plan, card and first day.

How to read it:

- **A row is a day** on which something changed. The customer acts at {MORNING:%H:%M} UTC, and the row says what holds at
  {EVENING:%H:%M} UTC. Stripe finishes a renewal's invoice an hour after the period began, and charges it then.
- **Status** is Stripe's word. "To end" is a subscription that was cancelled and runs out with its period.
- **Access** is the verdict of `billing/plan_access.py` ([every edge of it](billing-access.md)), and how many features are open
to a   request. The catalogue gives nothing away, so after the end none is.
- **Invoices** appear when they are new and when they change. A trial begins with one over nothing. A change of plan is charged,
  or becomes a credit, at once; the rest of the period is reckoned to the second.
- **A new card** in the portal is charged at Stripe's next attempt. Paying on the invoice's page, to which every notice leads,
  opens the plan at once.
- **Notices** are alerts in the app and mails; the titles stand in the table, the texts below it.

These lives begin on {FIRST_DAY:%A}, {FIRST_DAY.day} {FIRST_DAY:%B %Y}, with the plans of `billing/catalog.py`, a trial of
{TRIAL_DAYS} days (`BILLING_TRIAL_DAYS`) and a grace of {GRACE_DAYS} days (`BILLING_GRACE_DAYS`). Stripe tries a failed payment
again after {RETRIES} days and ends the subscription then; its dashboard decides about that.

The tables are written by `manage.py billing_life`; `tests/dev/test_billing_simulation.py` holds every line against the code.
Don't edit them.
"""


@cache
def lived(scenario: str) -> tuple[DayRow, ...]:
    """The rows that the page shows of a scenario; lived once a process, for nothing of it is kept and it is always the same."""
    with stripe_emulator.temporary_settings(BILLING_TRIAL_DAYS=TRIAL_DAYS, BILLING_GRACE_DAYS=GRACE_DAYS):
        return tuple(simulate(SimulationRequest(scenario)))


def page() -> str:
    """The page, with all scenarios."""
    lines = [line for name in SCENARIOS for line in section(name, lived(name))]
    return "\n".join([HEAD, *lines])


def section(scenario: str, rows: Sequence[DayRow]) -> Iterator[str]:
    """The lines about one scenario."""
    yield f"## `--scenario {scenario}`"
    yield ""
    yield SCENARIOS[scenario].about
    yield ""
    yield from markdown_table(rows)
    yield ""
    yield "What the customer was told:"
    yield ""
    yield "```"
    yield from notice_texts(rows)
    yield "```"
    yield ""

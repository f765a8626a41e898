"""The command `simulate_billing`: amounts to the cent, and nothing stored."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.core import mail
from pytest_django import Settings

from billing import services
from billing.models import SubscriptionPlan
from core.errors import DomainError
from dev.billing_simulation.scenarios import SCENARIOS
from dev.billing_simulation.simulation import SimulationRequest, simulate
from dev.billing_simulation.tables import DayRow
from dev.factories import OverrideFactory, SubscriptionFactory
from dev.stripe import launcher as stripe_emulator
from dev.stripe.emulator import EmulatorClient
from users.models import User

pytestmark = [pytest.mark.faults, pytest.mark.django_db]  # each simulation starts the Stripe emulator in a process
EXPECTED_LINES = Path(__file__).with_name("billing_simulation.txt")
DECLINED = "Your payment did not go through"
TRIAL = [
    ("2026-03-02", "trialing", "Mid-tier", "open, 7 features", ["0.00 USD paid"], []),
    ("2026-03-13", "trialing", "Mid-tier", "open, 7 features", [], ["Your trial ends soon"]),
]
FIRST_MONTH = [*TRIAL, ("2026-03-16", "active", "Mid-tier", "open, 7 features", ["35.00 USD paid"], [])]
UNPAID = [
    *FIRST_MONTH,
    ("2026-04-05", "active", "Mid-tier", "open, 7 features", [], []),
    ("2026-04-16", "past_due", "Mid-tier", "open, 7 features", ["35.00 USD failed"], [DECLINED]),
    ("2026-04-19", "past_due", "Mid-tier", "open, 7 features", [], [DECLINED]),
]


@pytest.fixture
def catalog(db: None) -> None:
    """Load the plans that the product ships with."""
    services.load_catalog()


@cache
def simulated_rows(scenario: str) -> tuple[DayRow, ...]:
    """Return a scenario's rows under the product's default settings. A simulation stores nothing, so its rows can be cached."""
    with stripe_emulator.temporary_settings(BILLING_TRIAL_DAYS=14, BILLING_GRACE_DAYS=7):
        return tuple(simulate(SimulationRequest(scenario)))


def as_lines(rows: Sequence[DayRow]) -> list[str]:
    """Return every fact in the rows, one a line."""
    lines = []
    for row in rows:
        lines.append(f"{row.day} {row.state.status}, {row.state.plan}, {row.state.access}")
        lines += [f"    {line}" for entry in row.happened for line in entry.splitlines()]
        lines += [f"    Invoice: {entry}" for entry in row.invoices]
        for notice in row.notices:
            lines += [f"    Notice: {notice.title}", *(f"        {line}" for line in notice.message.splitlines())]
    return lines


def summary(rows: Sequence[DayRow]) -> list[tuple[Any, ...]]:
    """Return the day, status, plan, access, amounts and notice titles of each row."""
    return [
        (
            f"{row.day}",
            row.state.status,
            row.state.plan,
            row.state.access.split(":")[0],
            [entry if entry.startswith("credit") else entry.split(":")[0] for entry in row.invoices],
            [notice.title for notice in row.notices],
        )
        for row in rows
    ]


def happened_on(rows: Sequence[DayRow], day: str) -> str:
    return next("\n".join(row.happened) for row in rows if f"{row.day}" == day)


def test_a_renewal_fails_and_a_new_card_pays_it(catalog: None) -> None:
    assert summary(simulated_rows("recovers")) == [
        *UNPAID,
        ("2026-04-20", "past_due", "Mid-tier", "open, 7 features", [], []),
        ("2026-04-21", "active", "Mid-tier", "open, 7 features", ["35.00 USD paid"], ["Payment received"]),
        ("2026-05-01", "active", "Professional", "open, 8 features", ["20.00 USD paid"], []),
        ("2026-05-16", "active", "Professional", "open, 8 features", ["75.00 USD paid"], []),
        ("2026-05-26", "active, ending", "Professional", "open, 8 features", [], []),
        ("2026-06-16", "canceled", "Professional", "closed, 0 features", [], []),
    ]


def test_an_upgrade_shows_its_proration(catalog: None) -> None:
    changes = happened_on(simulated_rows("recovers"), "2026-05-01")
    assert "The preview shows 20.00 USD due now and a credit of 0.00 USD" in changes
    assert "-17.50 USD: Unused time on Mid-tier after 1 May 2026" in changes
    assert "37.50 USD: Remaining time on Professional after 1 May 2026" in changes


def test_an_unpaid_renewal_closes_access_and_is_then_canceled(catalog: None) -> None:
    assert summary(simulated_rows("lapses")) == [
        *UNPAID,
        ("2026-04-21", "past_due", "Mid-tier", "open, 7 features", [], [DECLINED]),
        ("2026-04-23", "past_due", "Mid-tier", "closed, 0 features", [], [DECLINED]),
        ("2026-04-30", "canceled", "Mid-tier", "closed, 0 features", [], ["Your subscription has ended"]),
    ]


def test_notices_state_when_access_closes_and_that_it_is_closed(catalog: None) -> None:
    messages = {f"{row.day}": notice.message for row in simulated_rows("lapses") for notice in row.notices}
    assert "access to your plan ends on Thursday, 23 April 2026." in messages["2026-04-21"]
    assert "You have no access to your plan until it is paid." in messages["2026-04-23"]
    assert "Pay now: (the invoice's page)\nOr change your card" in messages["2026-04-23"]


def test_a_late_payment_restores_access_at_once(catalog: None) -> None:
    assert summary(simulated_rows("pays-late")) == [
        *UNPAID,
        ("2026-04-21", "past_due", "Mid-tier", "open, 7 features", [], [DECLINED]),
        ("2026-04-23", "past_due", "Mid-tier", "closed, 0 features", [], [DECLINED]),
        ("2026-04-25", "active", "Mid-tier", "open, 7 features", ["35.00 USD paid"], ["Payment received"]),
    ]


def test_a_canceled_trial_costs_nothing(catalog: None) -> None:
    rows = simulated_rows("leaves-the-trial")
    assert summary(rows) == [
        TRIAL[0],
        ("2026-03-11", "trialing, ending", "Mid-tier", "open, 7 features", [], []),
        ("2026-03-13", "trialing, ending", "Mid-tier", "open, 7 features", [], ["Your trial ends soon"]),
        ("2026-03-16", "canceled", "Mid-tier", "closed, 0 features", [], []),
    ]
    assert "Nothing is charged" in rows[2].notices[0].message


def test_a_downgrade_leaves_a_credit_that_pays_the_next_invoice(catalog: None) -> None:
    rows = simulated_rows("downgrades")
    assert summary(rows) == [
        *FIRST_MONTH,
        ("2026-03-26", "active", "Budget", "open, 4 features", ["0.00 USD paid", "credit: 13.55 USD"], []),
        (
            "2026-04-16",
            "active",
            "Budget",
            "open, 4 features",
            ["15.00 USD paid (13.55 of it from credit)", "credit: 0.00 USD"],
            [],
        ),
        ("2026-05-16", "active", "Budget", "open, 4 features", ["15.00 USD paid"], []),
    ]
    assert "Stripe: an invoice of 1.45 USD is paid." in happened_on(rows, "2026-04-16")


@pytest.mark.parametrize(
    ("scenario", "paid"),
    [
        # 20 % off 35.00 and 75.00 until 11 May; 16 of 31 days: 30.97 - 14.45
        ("coupon-ends", ["0.00", "28.00", "16.52", "60.00", "75.00", "75.00"]),
        # a credit of 50.00 pays 38.71 - 18.06 and 29.35 of the next charge
        ("has-credit", ["0.00", "35.00", "0.00", "45.65", "75.00"]),
        # 9 of 30 days
        ("ends-on-a-day", ["0.00", "35.00", "10.50"]),
    ],
)
def test_discounts_credits_and_chosen_ends_are_charged_to_the_cent(scenario: str, paid: list[str], catalog: None) -> None:
    sentences = [sentence for row in simulated_rows(scenario) for sentence in row.happened]
    invoices = [f"Stripe: an invoice of {amount} USD is paid." for amount in paid]
    assert [sentence for sentence in sentences if sentence.startswith("Stripe: an invoice")] == invoices


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_day_and_notice_matches_the_file(scenario: str, catalog: None) -> None:
    pinned = dict(part.split("\n", 1) for part in EXPECTED_LINES.read_text().removeprefix("# ").split("\n# "))
    assert as_lines(simulated_rows(scenario)) == pinned[scenario].splitlines()
    assert list(pinned) == list(SCENARIOS)


def row_counts() -> dict[str, int]:
    """Return the number of rows of every managed table."""
    return {model._meta.label: model._base_manager.count() for model in apps.get_models() if model._meta.managed}


def job_count() -> int:
    return int(apps.get_model("procrastinate", "ProcrastinateJob")._base_manager.count())


def test_nothing_is_stored_and_no_mail_is_sent(catalog: None) -> None:
    prices = list(SubscriptionPlan.objects.order_by("pk").values())
    before = (row_counts(), job_count())
    assert simulate(SimulationRequest("leaves-the-trial"))
    assert ((row_counts(), job_count()), list(SubscriptionPlan.objects.order_by("pk").values())) == (before, prices)
    assert mail.outbox == []


class Interrupted:
    """A progress callback that raises KeyboardInterrupt on the fourth day."""

    def __init__(self) -> None:
        self.stripe = ""

    def __call__(self, days: Sequence[date]) -> Iterator[date]:
        for day in days:
            self.stripe = settings.STRIPE_API_BASE
            if day.day == 5:
                raise KeyboardInterrupt
            yield day


def test_an_interruption_restores_rows_and_settings(catalog: None) -> None:
    before, current = row_counts(), (settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE, settings.EMAIL_BACKEND)
    interrupted = Interrupted()
    with pytest.raises(KeyboardInterrupt):
        simulate(SimulationRequest(), progress=interrupted)
    assert row_counts() == before
    assert current == (settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE, settings.EMAIL_BACKEND)
    with pytest.raises(ConnectionRefusedError):
        EmulatorClient(interrupted.stripe).now()


def test_stripe_itself_is_never_called(catalog: None, settings: Settings) -> None:
    settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE = "sk_live_not_for_this", "https://api.stripe.com"
    interrupted = Interrupted()
    with pytest.raises(KeyboardInterrupt):
        simulate(SimulationRequest(), progress=interrupted)
    assert interrupted.stripe.startswith("http://127.0.0.1:")
    assert (settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE) == ("sk_live_not_for_this", "https://api.stripe.com")


def test_the_jobs_process_the_given_user_alone(alice: User, bob: User) -> None:
    now = datetime(2026, 3, 20, 12, tzinfo=UTC)
    ends = datetime(2026, 3, 22, 12, tzinfo=UTC)
    period = {"current_period_start": datetime(2026, 3, 8, 12, tzinfo=UTC), "current_period_end": ends}
    SubscriptionFactory(user=bob, status="trialing", canceled_at=None, trial_end=ends, **period)
    OverrideFactory(user=bob, starts_at=now, ends_at=ends)
    assert services.send_billing_reminders(now=now, user=alice) == 0
    assert services.update_expired_access(now=now, user=alice) == 0
    assert services.process_period_ends(now=ends, user=alice) == 0
    assert services.send_billing_reminders(now=now, user=bob) == 1
    assert services.update_expired_access(now=now, user=bob) == 1
    assert services.process_period_ends(now=ends, user=bob) == 1


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"until": date(2026, 3, 1)}, "The last day, 2026-03-01, is before the first, 2026-03-02."),
        ({"until": date(2029, 1, 1)}, "At most 800 days can be simulated."),
        ({"begins": date(1999, 1, 1)}, "The first day must be between 2020-01-01 and 2090-01-01"),
        ({"plan": "Gold"}, "No monthly plan is called Gold. Choose one of: Budget, Mid-tier, Professional."),
    ],
)
def test_invalid_options_are_refused_with_a_sentence(options: dict[str, Any], sentence: str, catalog: None) -> None:
    with pytest.raises(DomainError, match=sentence):
        simulate(SimulationRequest(**options))


def test_the_cheapest_plan_has_no_downgrade(catalog: None) -> None:
    until = date(2026, 3, 27)
    rows = simulate(SimulationRequest("downgrades", plan="budget", until=until, begins=date(2026, 3, 2)))
    assert rows[-1].happened == ("Refused: No monthly plan in USD is cheaper.",)
    assert rows[-1].state.plan == "Budget"


def test_without_a_trial_the_first_month_is_paid_at_once(catalog: None, settings: Settings) -> None:
    settings.BILLING_TRIAL_DAYS = 0
    [row] = simulate(SimulationRequest(until=date(2026, 3, 3), card="mastercard"))
    assert summary([row]) == [("2026-03-02", "active", "Mid-tier", "open, 7 features", ["35.00 USD paid"], [])]

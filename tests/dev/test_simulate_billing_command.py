"""The command `simulate_billing`: its options, its table and its CSV."""

import csv
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from billing.models import SubscriptionPlan
from dev.billing_simulation.tables import COLUMNS, MIN_TABLE_WIDTH, terminal_table
from tests.dev.test_billing_simulation import catalog as catalog
from tests.dev.test_billing_simulation import simulated_rows

pytestmark = [pytest.mark.faults, pytest.mark.django_db]  # each simulation starts the Stripe emulator in a process


def test_without_plans_the_command_fails() -> None:
    SubscriptionPlan.objects.all().delete()
    with pytest.raises(CommandError, match="No monthly plan is offered"):
        call_command("simulate_billing")


def test_an_invalid_date_is_refused() -> None:
    with pytest.raises(CommandError, match=r"31 May is not a date. Write it as 2026-03-02."):
        call_command("simulate_billing", "--from", "31 May")


def test_the_command_prints_a_table_and_the_notices(catalog: None) -> None:
    output = StringIO()
    call_command("simulate_billing", "--scenario", "leaves-the-trial", stdout=output)
    lines = output.getvalue().splitlines()
    assert lines[0].split("  ")[0] == "day"
    assert [line[:10] for line in lines if line.startswith("2026")][:2] == ["2026-03-02", "2026-03-11"]
    assert "2026-03-13: Your trial ends soon" in lines


def test_a_table_fits_the_terminal_down_to_its_minimum_width(catalog: None) -> None:
    assert max(map(len, terminal_table(simulated_rows("lapses"), width=200))) <= 200
    assert max(map(len, terminal_table(simulated_rows("lapses"), width=80))) <= MIN_TABLE_WIDTH


def test_csv_goes_to_the_standard_output(catalog: None) -> None:
    output = StringIO()
    call_command("simulate_billing", "--until", "2026-03-03", "--csv", "-", stdout=output)
    header, row = csv.reader(StringIO(output.getvalue()))
    assert tuple(header) == COLUMNS
    assert (row[0], row[2], row[5]) == ("2026-03-02", "trialing", "0.00 USD paid: Free trial for 1 × Mid-tier")


def test_csv_goes_to_a_file_or_fails_with_the_reason(catalog: None, tmp_path: Path) -> None:
    output, file = StringIO(), tmp_path / "days.csv"
    call_command("simulate_billing", "--until", "2026-03-02", "--csv", f"{file}", stdout=output)
    assert (output.getvalue().endswith("days.csv: 1 days.\n"), file.read_text()[:5]) == (True, "\ufeffday,")
    with pytest.raises(CommandError, match="can't be written: Is a directory"):
        call_command("simulate_billing", "--until", "2026-03-02", "--csv", f"{tmp_path}")

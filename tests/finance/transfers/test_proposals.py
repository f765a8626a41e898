"""Stored proposals: found on request and after each import, decided by a person only, and never proposed again once refused."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob
from rest_framework.test import APIClient

from core import clock, jobs, rls
from dev.factories import ExchangeRateFactory, ProfileFactory, TransferFactory
from dev.factories.finance import category_of
from finance.models import EncryptedFinancialProfile, FinancialTransaction, StatementImport, Transfer
from finance.models.imports import ReviewReason
from finance.services import (
    ReviewDecision,
    link_transactions,
    propose_transfers,
    resolve_reviews,
    restorable,
    restore_transactions,
    undo_import,
)
from tests.finance.imports.conftest import Bring
from tests.finance.imports.conftest import bring as bring
from tests.finance.imports.statement_files import Line, csv_file, ofx_of
from tests.finance.transfers.conftest import TRANSFERS, move
from tests.finance.transfers.household import household
from users.models import User

MARCH = {"from": "2026-03-01", "to": "2026-03-31"}


def propose(client: APIClient, **period: str) -> Any:
    response = client.post(f"{TRANSFERS}propose/", period or MARCH)
    assert response.status_code == 200, response.content
    return response.json()


@pytest.fixture
def pair(checking: EncryptedFinancialProfile, savings: EncryptedFinancialProfile) -> tuple[Any, Any]:
    paid = move(checking, "-200.00", description="Transfer to Rainy days xx8765")
    return paid, move(savings, "200.00", description="Online transfer", transaction_date=date(2026, 3, 3))


def test_a_pair_is_proposed_with_its_reasons(as_alice: APIClient, pair: tuple[Any, Any]) -> None:
    body = propose(as_alice)
    [found] = body["results"]
    assert (body["count"], found["status"], found["outgoing"], found["incoming"]) == (
        1,
        "proposed",
        str(pair[0].pk),
        str(pair[1].pk),
    )
    assert float(found["confidence"]) > 0.9
    evidence = {reason["evidence"]: reason["points"] for reason in found["reasons"]}
    assert {"other_account", "transfer_words", "equal_amount"} <= evidence.keys()
    assert FinancialTransaction.objects.filter(transaction_type="transfer").count() == 0


def test_a_repeated_search_finds_nothing_new(as_alice: APIClient, pair: tuple[Any, Any]) -> None:
    first = propose(as_alice)["results"]
    assert propose(as_alice)["count"] == 0
    assert [each["id"] for each in as_alice.get(TRANSFERS).json()["results"]] == [first[0]["id"]]


def test_a_refused_pair_is_never_proposed_again(as_alice: APIClient, pair: tuple[Any, Any]) -> None:
    [found] = propose(as_alice)["results"]
    as_alice.post(f"{TRANSFERS}{found['id']}/refuse/")
    assert propose(as_alice)["count"] == 0
    assert Transfer.objects.get().status == "refused"


def test_a_better_pair_replaces_a_proposal(
    as_alice: APIClient, checking: EncryptedFinancialProfile, pair: tuple[Any, Any]
) -> None:
    move(checking, "-200.00", description="Transfer")
    pair[0].delete()
    [first] = propose(as_alice)["results"]
    better = move(checking, "-200.00", description="Transfer to xx8765", transaction_date=date(2026, 3, 3))
    [second] = propose(as_alice)["results"]
    assert (second["outgoing"], Transfer.objects.filter(pk=first["id"]).exists()) == (str(better.pk), False)


def test_an_accepted_row_is_not_proposed(as_alice: APIClient, pair: tuple[Any, Any], savings: Any) -> None:
    as_alice.post(TRANSFERS, {"outgoing": str(pair[0].pk), "incoming": str(pair[1].pk)})
    move(savings, "200.00", description="Transfer from Everyday")
    assert propose(as_alice)["count"] == 0


def test_a_pair_outside_of_the_period_stays(as_alice: APIClient, pair: tuple[Any, Any]) -> None:
    propose(as_alice)
    assert propose(as_alice, **{"from": "2026-03-05", "to": "2026-03-31"})["count"] == 0
    assert Transfer.objects.count() == 1


@pytest.mark.parametrize(("amount", "is_found"), [("194.00", True), ("193.99", False), ("200.01", False)])
def test_up_to_three_percent_less_is_a_fee(
    as_alice: APIClient, checking: Any, savings: Any, amount: str, is_found: bool
) -> None:
    move(checking, "-200.00", description="Transfer to 8765")
    move(savings, amount, description="Transfer from 4321")
    assert propose(as_alice)["count"] == is_found


@pytest.mark.parametrize(("amount", "is_found"), [("1975.00", True), ("1974.99", False)])
def test_a_fee_is_at_most_25_units(as_alice: APIClient, checking: Any, savings: Any, amount: str, is_found: bool) -> None:
    move(checking, "-2000.00", description="Transfer to 8765")
    move(savings, amount, description="Transfer from 4321")
    assert propose(as_alice)["count"] == is_found


@pytest.mark.parametrize(("days", "is_found"), [(5, True), (6, False), (-5, True), (-6, False)])
def test_at_most_five_days_apart(as_alice: APIClient, checking: Any, savings: Any, days: int, is_found: bool) -> None:
    move(checking, "-200.00", description="Transfer to 8765", transaction_date=date(2026, 3, 10))
    move(savings, "200.00", description="Transfer from 4321", transaction_date=date(2026, 3, 10) + timedelta(days))
    assert propose(as_alice)["count"] == is_found


@pytest.mark.parametrize(("amount", "is_found"), [("216.24", True), ("210.00", True), ("209.70", False), ("223.00", False)])
def test_two_currencies_need_a_rate(as_alice: APIClient, checking: Any, savings: Any, amount: str, is_found: bool) -> None:
    move(checking, "-200.00", currency="EUR", description="Transfer to 8765")
    move(savings, amount, description="Transfer from 4321")
    assert propose(as_alice)["count"] == 0
    ExchangeRateFactory(user=checking.user, base="USD", quote="EUR", day=date(2026, 2, 20), rate="0.9249")
    assert propose(as_alice)["count"] == is_found


@pytest.mark.parametrize("change", [{"status": "failed"}, {"status": "cancelled"}, {"financial_profile": None}])
def test_rows_that_move_no_money_are_left_out(as_alice: APIClient, pair: tuple[Any, Any], change: dict[str, Any]) -> None:
    FinancialTransaction.objects.filter(pk=pair[0].pk).update(**change)
    assert propose(as_alice)["count"] == 0


def test_a_category_of_expenses_speaks_against_it(as_alice: APIClient, alice: User, checking: Any, savings: Any) -> None:
    move(checking, "-50.00", description="Transfer", category=category_of(alice, "dining"))
    move(savings, "50.00", description="Transfer")
    assert propose(as_alice)["count"] == 0


def test_an_invalid_period_is_refused(as_alice: APIClient) -> None:
    response = as_alice.post(f"{TRANSFERS}propose/", {"from": "2026-03-02", "to": "2026-03-01"})
    assert (response.status_code, response.json()["errors"][0]["attr"]) == (400, "to")


def test_rows_of_others_are_not_paired(as_alice: APIClient, pair: tuple[Any, Any], bob: User) -> None:
    TransferFactory(user=bob)
    assert {found["outgoing"] for found in propose(as_alice)["results"]} == {str(pair[0].pk)}


@pytest.mark.django_db(transaction=True)
def test_a_job_after_an_import_proposes(alice: User, checking: Any, savings: Any, bring: Bring) -> None:
    move(savings, "75.00", description="Online transfer")
    bring(csv_file("2026-03-03,-75.00,Transfer to xx8765"), account=checking)
    assert not Transfer.objects.exists()
    jobs.run_pending()
    [found] = Transfer.objects.all()
    assert (found.status, found.outgoing.description) == ("proposed", "Transfer to xx8765")
    assert not FinancialTransaction.objects.filter(transaction_type="transfer").exists()
    undo_import(record=StatementImport.objects.get(), now=clock.now())
    assert not Transfer.objects.exists()


def test_a_dry_run_enqueues_no_search(checking: Any, bring: Bring) -> None:
    bring(csv_file("2026-03-03,-75.00,Transfer"), account=checking, dry_run=True)
    assert not ProcrastinateJob.objects.filter(task_name="finance.tasks.propose_transfers").exists()


def test_the_undo_of_an_import_keeps_an_accepted_transfer(checking: Any, savings: Any, bring: Bring) -> None:
    received = move(savings, "75.00")
    bring(csv_file("2026-03-03,-75.00,Transfer"), account=checking)
    paid = FinancialTransaction.objects.get(description="Transfer")
    link_transactions(outgoing=paid, incoming=received, now=clock.now())
    undone = undo_import(record=StatementImport.objects.get(), now=clock.now())
    assert [kept.transaction for kept in undone.kept] == [paid.pk]


@pytest.mark.parametrize(("amount", "is_kept"), [("-80.00", True), ("-60.00", False)])
def test_a_correction_of_the_bank_takes_back_what_it_breaks(
    checking: Any, savings: Any, bring: Bring, amount: str, is_kept: bool
) -> None:
    received = move(savings, "75.00")
    bring(ofx_of(Line(amount="-75.00", id="A1")), account=checking)
    paid = FinancialTransaction.objects.get(reference_number="A1")
    link_transactions(outgoing=paid, incoming=received, now=clock.now())
    bring(ofx_of(Line(amount=amount, id="A1")), account=checking)
    record = StatementImport.objects.latest("pk")
    resolve_reviews(record=record, reason=ReviewReason.SAME_ID_OTHER_CONTENT, decision=ReviewDecision.MATCH)
    assert (str(FinancialTransaction.objects.get(pk=paid.pk).amount), Transfer.objects.exists()) == (amount, is_kept)
    kind = FinancialTransaction.objects.get(pk=received.pk).transaction_type
    assert kind == ("transfer" if is_kept else "income")


@pytest.mark.parametrize("is_linked_again", [True, False])
def test_a_restored_transaction_is_part_of_its_transfer_again(
    is_linked_again: bool, checking: Any, savings: Any, bring: Bring
) -> None:
    received = move(savings, "75.00")
    bring(csv_file("2026-03-03,-75.00,Transfer"), account=checking)
    paid = FinancialTransaction.objects.get(description="Transfer")
    link_transactions(outgoing=paid, incoming=received, now=clock.now())
    FinancialTransaction.objects.filter(pk=paid.pk).delete()
    if not is_linked_again:  # its other side is part of another transfer by now
        link_transactions(outgoing=move(checking, "-75.00"), incoming=received, now=clock.now())
    result = restore_transactions(restorable(checking.user, now=clock.now()))
    assert [gone.field for gone in result.missing] == ([] if is_linked_again else ["transfer"])
    restored = FinancialTransaction.objects.get(pk=paid.pk)
    kind = "transfer" if is_linked_again else "expense"
    assert (restored.transaction_type, "transfer" in restored.sources) == (kind, is_linked_again)
    assert Transfer.objects.filter(outgoing=paid, status="accepted").exists() is is_linked_again


def test_a_household_is_proposed_and_none_accepted(alice: User) -> None:
    world = household(1)
    accounts = {
        each.id: EncryptedFinancialProfile.objects.create(
            id=each.id,
            user=alice,
            profile_name=each.name,
            profile_type="credit" if each.is_debt else "savings" if each.is_savings else "checking",
            institution_name=each.institution,
            account_number=each.last_digits,
        )
        for each in world.accounts
    }
    FinancialTransaction.objects.bulk_create(
        FinancialTransaction(
            id=row.id,
            user=alice,
            financial_profile=accounts[row.account],
            transaction_type=row.kind,
            amount=row.amount.quantize(Decimal("0.01")),
            currency=row.currency,
            description=row.texts[0],
            merchant_name=row.name,
            transaction_date=row.day,
            status="completed",
        )
        for row in world.rows
    )
    ExchangeRateFactory(user=alice, day=date(2024, 12, 31))
    ProfileFactory(user=alice, first_name="Nora", last_name="Feldmann")
    with rls.as_customer(alice):
        found = propose_transfers(owner=alice, start=date(2025, 1, 1), end=date(2026, 12, 31))
    right = world.true & {(each.outgoing_id, each.incoming_id) for each in found}
    assert (len(right) >= 0.95 * len(found), len(right) >= 0.95 * len(world.true)) == (True, True)
    assert {each.status for each in Transfer.objects.all()} == {"proposed"}
    assert not FinancialTransaction.objects.filter(transaction_type="transfer").exists()

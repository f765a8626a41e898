"""The rules of transfers in the database, without the application's checks."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from core import clock
from dev.factories import TransferFactory
from finance.models import EncryptedFinancialProfile, FinancialTransaction, Transfer
from tests.finance.transfers.conftest import move
from users.models import User


def link(paid: FinancialTransaction, received: FinancialTransaction, status: str = "accepted") -> Transfer:
    transfer: Transfer = TransferFactory.create(
        user=paid.user,
        outgoing=paid,
        incoming=received,
        status=status,
        decided_at=clock.now() if status != "proposed" else None,
    )
    transfer.refresh_from_db()
    return transfer


def refused(sql: str, *values: Any) -> str:
    """Return the name of the rule that refuses a statement."""
    with pytest.raises(IntegrityError) as refusal, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)
    name: str = refusal.value.__cause__.diag.constraint_name
    return name


def types(*rows: FinancialTransaction) -> list[str]:
    return [FinancialTransaction.objects.get(pk=row.pk).transaction_type for row in rows]


def test_acceptance_sets_both_types(paid: FinancialTransaction, received: FinancialTransaction) -> None:
    transfer = link(paid, received)
    assert types(paid, received) == ["transfer", "transfer"]
    assert (transfer.outgoing_type, transfer.incoming_type) == ("expense", "income")
    entry = FinancialTransaction.objects.get(pk=paid.pk).sources["transfer"]
    assert entry == {"kind": "user", "id": str(transfer.pk), "version": None, "former": "expense"}


def test_a_proposal_changes_no_type(paid: FinancialTransaction, received: FinancialTransaction) -> None:
    link(paid, received, "proposed")
    assert types(paid, received) == ["expense", "income"]


@pytest.mark.parametrize("statement", ["DELETE FROM finance_transfer", "UPDATE finance_transfer SET status = 'refused'"])
def test_taking_back_restores_both_types(paid: FinancialTransaction, received: FinancialTransaction, statement: str) -> None:
    FinancialTransaction.objects.filter(pk=paid.pk).update(transaction_type="fee")
    link(paid, received)
    with connection.cursor() as cursor:
        cursor.execute(statement)
    assert types(paid, received) == ["fee", "income"]
    assert "transfer" not in FinancialTransaction.objects.get(pk=paid.pk).sources


def test_deletion_of_a_row_frees_the_other(paid: FinancialTransaction, received: FinancialTransaction) -> None:
    link(paid, received)
    FinancialTransaction.objects.filter(pk=paid.pk).delete()
    assert types(received) == ["income"]
    assert not Transfer.objects.exists()


def test_both_rows_are_deleted_at_once(paid: FinancialTransaction, received: FinancialTransaction) -> None:
    link(paid, received)
    FinancialTransaction.objects.filter(user=paid.user).delete()
    assert not Transfer.objects.exists()


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ("transaction_type = 'expense'", "transaction_type_linked"),
        ("amount = 200.00", "amount_linked"),
        ("amount = -198.99", "amount_linked"),
        ("currency = 'EUR'", "currency_linked"),
        ("financial_profile_id = NULL", "financial_profile_linked"),
        ("status = 'failed'", "status_linked"),
        ("status = 'cancelled'", "status_linked"),
    ],
)
def test_a_linked_row_is_kept(paid: FinancialTransaction, received: FinancialTransaction, change: str, rule: str) -> None:
    link(paid, received)
    statement = f"UPDATE finance_financialtransaction SET {change} WHERE id = %s"  # noqa: S608 - a constant
    assert refused(statement, paid.pk) == f"finance_financialtransaction_{rule}"


def test_both_rows_stay_on_two_accounts(paid: FinancialTransaction, received: FinancialTransaction) -> None:
    link(paid, received)
    statement = "UPDATE finance_financialtransaction SET financial_profile_id = %s WHERE id = %s"
    name = refused(statement, paid.financial_profile_id, received.pk)
    assert name == "finance_financialtransaction_financial_profile_linked"


def test_a_change_that_fits_is_allowed(paid: FinancialTransaction, received: FinancialTransaction) -> None:
    transfer = link(paid, received)
    FinancialTransaction.objects.filter(pk=paid.pk).update(amount="-210.00", status="pending", note="n")
    assert str(transfer.fee) == "11.00"


def test_a_proposal_that_no_longer_fits_is_deleted(paid: FinancialTransaction, received: FinancialTransaction) -> None:
    link(paid, received, "proposed")
    FinancialTransaction.objects.filter(pk=paid.pk).update(amount="-199.50")
    assert Transfer.objects.count() == 1
    FinancialTransaction.objects.filter(pk=paid.pk).update(status="failed")
    assert not Transfer.objects.exists()


def test_a_refused_pair_stays(paid: FinancialTransaction, received: FinancialTransaction) -> None:
    link(paid, received, "refused")
    FinancialTransaction.objects.filter(pk=paid.pk).update(amount="-1.00", status="failed")
    assert Transfer.objects.get().status == "refused"


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"outgoing": {"amount": "5.00", "transaction_type": "income"}}, "outgoing_sign"),
        ({"incoming": {"amount": "-5.00", "transaction_type": "expense"}}, "incoming_sign"),
        ({"outgoing": {"financial_profile": None}}, "outgoing_account"),
        ({"incoming": {"financial_profile": None}}, "incoming_account"),
        ({"outgoing": {"status": "failed"}}, "outgoing_status"),
        ({"incoming": {"status": "cancelled"}}, "incoming_status"),
        ({"incoming": {"amount": "200.01"}}, "incoming_amount"),
    ],
)
@pytest.mark.parametrize("status", ["proposed", "accepted"])
def test_what_is_no_transfer(
    paid: FinancialTransaction, received: FinancialTransaction, change: Any, rule: str, status: str
) -> None:
    FinancialTransaction.objects.filter(pk=paid.pk).update(**change.get("outgoing", {}))
    FinancialTransaction.objects.filter(pk=received.pk).update(**change.get("incoming", {}))
    with pytest.raises(IntegrityError, match="no transfer") as refusal, transaction.atomic():
        link(paid, received, status)
    assert refusal.value.__cause__.diag.constraint_name == f"finance_transfer_{rule}"


def test_two_currencies_have_no_fee(paid: FinancialTransaction, savings: EncryptedFinancialProfile) -> None:
    transfer = link(paid, move(savings, "900.00", currency="SEK"))
    assert (transfer.fee, transfer.fee_currency, transfer.days_apart) == (None, None, 0)


def test_a_row_is_in_one_accepted_transfer(paid: FinancialTransaction, savings: EncryptedFinancialProfile) -> None:
    link(paid, move(savings, "200.00"))
    with pytest.raises(IntegrityError, match="outgoing_accepted_unique"), transaction.atomic():
        link(paid, move(savings, "200.00"))


def test_a_pair_is_fixed(paid: FinancialTransaction, received: FinancialTransaction) -> None:
    transfer = link(paid, received)
    statement = "UPDATE finance_transfer SET incoming_id = outgoing_id WHERE id = %s"
    assert refused(statement, transfer.pk) == "finance_transfer_outgoing_fixed"


def test_rows_belong_to_the_owner(paid: FinancialTransaction, received: FinancialTransaction, bob: User) -> None:
    for owner, outgoing in ((bob, paid), (paid.user, move_of(bob))):
        with pytest.raises(IntegrityError, match="_owner"), transaction.atomic():
            TransferFactory.create(user=owner, outgoing=outgoing, incoming=received)


def move_of(user: User) -> FinancialTransaction:
    outgoing: FinancialTransaction = TransferFactory.create(user=user).outgoing
    return outgoing

"""The option `invert`, for banks that write charges as positive amounts."""

from decimal import Decimal
from typing import Any

import pytest

from core import jobs
from core.errors import DomainError
from dev.factories import AccountFactory
from finance.models import EncryptedFinancialProfile, FinancialTransaction, StatementImport
from tests.commands.conftest import no_jobs
from tests.finance.imports.conftest import Bring, Send, Undo
from tests.finance.imports.statement_files import Line, csv_file, ofx_of
from users.models import User

__all__ = ["no_jobs"]

CHARGES = csv_file("2026-01-13,54.20,Grocer Blue", "2026-01-14,-20.00,Grocer Blue refund")
TYPED = "Date,Amount,Description,Type"
BALANCES = "Date,Amount,Description,Balance"


@pytest.fixture
def card(alice: User) -> EncryptedFinancialProfile:
    return AccountFactory(user=alice, profile_type="credit")


def ledger() -> list[tuple[str, str, str]]:
    rows = FinancialTransaction.objects.order_by("transaction_date", "description")
    return [(str(row.amount), row.transaction_type, row.description) for row in rows]


def test_a_positive_charge_becomes_an_expense(bring: Bring, card: EncryptedFinancialProfile) -> None:
    result = bring(CHARGES, account=card, invert=True)
    assert ledger() == [("-54.20", "expense", "Grocer Blue"), ("20.00", "income", "Grocer Blue refund")]
    assert result.options["invert"] is True
    assert StatementImport.objects.get().options["invert"] is True
    assert [warning.code for warning in result.warnings] == []


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("2026-01-13,5.00,Late payment,Fee", ("-5.00", "fee")),
        ("2026-01-13,-5.00,Late payment,Fee", ("5.00", "refund")),
        ("2026-01-13,-20.00,Shoes,Refund", ("20.00", "refund")),
        ("2026-01-13,-300.00,From checking,Transfer", ("300.00", "transfer")),
        ("2026-01-13,300.00,To checking,Transfer", ("-300.00", "transfer")),
    ],
)
def test_the_kind_is_kept_if_the_new_sign_allows_it(
    bring: Bring, card: EncryptedFinancialProfile, row: str, expected: tuple[str, str]
) -> None:
    bring(csv_file(row, header=TYPED), account=card, invert=True)
    assert [line[:2] for line in ledger()] == [expected]


def test_a_dry_run_shows_the_inverted_rows(bring: Bring, card: EncryptedFinancialProfile) -> None:
    preview = bring(CHARGES, account=card, invert=True, dry_run=True).preview
    assert [(row.data["amount"], row.data["transaction_type"]) for row in preview] == [
        ("-54.20", "expense"),
        ("20.00", "income"),
    ]
    bring(CHARGES, account=card, invert=True)
    assert [line[0] for line in ledger()] == ["-54.20", "20.00"]


def test_the_same_file_again_creates_nothing(bring: Bring, card: EncryptedFinancialProfile) -> None:
    bring(CHARGES, account=card, invert=True)
    again = bring(CHARGES, account=card)
    assert (again.created, again.duplicates, again.options["invert"]) == (0, 2, True)


def test_an_ofx_file_again_creates_nothing(bring: Bring, card: EncryptedFinancialProfile) -> None:
    content = ofx_of(Line(id="K1", amount="54.20"), Line(id="K2", amount="11.00"))
    assert bring(content, account=card, invert=True).created == 2
    assert bring(content, account=card).duplicates == 2
    assert sorted(line[0] for line in ledger()) == ["-11.00", "-54.20"]


def test_pending_rows_are_inverted_and_posted(bring: Bring, card: EncryptedFinancialProfile) -> None:
    bring(ofx_of(pending=(Line(id="K1", amount="54.20"),)), account=card, invert=True)
    posted = bring(ofx_of(Line(id="K1", amount="54.20")), account=card)
    assert (posted.superseded, ledger()) == (1, [("-54.20", "expense", "Coffee House")])


def test_it_is_remembered_for_every_format(bring: Bring, card: EncryptedFinancialProfile) -> None:
    bring(CHARGES, account=card, invert=True)
    bring(ofx_of(Line(id="K1", amount="9.00", text="Bakery")), account=card)
    assert ("-9.00", "expense", "Bakery") in ledger()


def test_it_can_be_switched_off(bring: Bring, card: EncryptedFinancialProfile) -> None:
    bring(CHARGES, account=card, invert=True)
    bring(csv_file("2026-02-01,-7.00,Tea"), account=card, invert=False)
    bring(csv_file("2026-02-02,-8.00,Tea"), account=card)
    assert [line[0] for line in ledger()][2:] == ["-7.00", "-8.00"]


def test_an_undone_import_is_forgotten(bring: Bring, undo: Undo, card: EncryptedFinancialProfile) -> None:
    undo(bring(CHARGES, account=card, invert=True))
    bring(csv_file("2026-02-01,-7.00,Tea"), account=card)
    assert ledger() == [("-7.00", "expense", "Tea")]


def test_it_is_not_remembered_for_another_account(bring: Bring, card: EncryptedFinancialProfile) -> None:
    bring(CHARGES, account=card, invert=True)
    assert bring(csv_file("2026-02-01,-7.00,Tea")).options["invert"] is False


def test_undo_removes_the_inverted_rows(bring: Bring, undo: Undo, card: EncryptedFinancialProfile) -> None:
    undo(bring(CHARGES, account=card, invert=True))
    assert ledger() == []
    assert bring(CHARGES, account=card, invert=True).created == 2


def test_the_same_file_with_another_sign_is_refused(bring: Bring, undo: Undo, card: EncryptedFinancialProfile) -> None:
    first = bring(CHARGES, account=card)
    with pytest.raises(DomainError, match="Undo that import first") as refused:
        bring(CHARGES, account=card, invert=True)
    assert (refused.value.code, refused.value.field) == ("imported_with_other_sign", "invert")
    assert str(first.id) in str(refused.value)
    undo(first)
    assert bring(CHARGES, account=card, invert=True).created == 2


def test_rows_that_are_known_with_the_other_sign_are_a_warning(bring: Bring, card: EncryptedFinancialProfile) -> None:
    bring(CHARGES, account=card)
    later = CHARGES + b"2026-01-15,9.00,Bakery\n"
    [warning] = bring(later, account=card, invert=True, dry_run=True).warnings
    assert warning.code == "known_with_other_sign"
    assert "2 rows" in warning.message
    assert "Undo" in warning.message


def test_a_charge_and_its_refund_are_no_warning(bring: Bring, card: EncryptedFinancialProfile) -> None:
    bring(csv_file("2026-01-10,5.00,Tea", "2026-01-13,54.20,Grocer"), account=card, invert=True)
    assert bring(csv_file("2026-01-13,-54.20,Grocer"), account=card).warnings == []


def test_balances_with_the_sign_of_the_rows_are_inverted(bring: Bring, card: EncryptedFinancialProfile) -> None:
    content = csv_file("2026-01-13,54.20,Grocer,154.20", "2026-01-14,-20.00,Refund,134.20", header=BALANCES)
    result = bring(content, account=card, invert=True)
    assert (result.statement["opening"], result.statement["closing"], result.statement["gap"]) == ("-100.00", "-134.20", "0.00")
    card.refresh_from_db()
    assert (card.account_balance, result.balance_set, result.balance_reason) == (Decimal("-134.20"), True, "")


def test_balances_with_the_opposite_sign_are_kept(bring: Bring, card: EncryptedFinancialProfile) -> None:
    content = csv_file("2026-01-13,54.20,Grocer,-154.20", "2026-01-14,-20.00,Refund,-134.20", header=BALANCES)
    result = bring(content, account=card, invert=True)
    assert (result.statement["opening"], result.statement["closing"], result.statement["gap"]) == ("-100.00", "-134.20", "0.00")
    card.refresh_from_db()
    assert card.account_balance == Decimal("-134.20")


@pytest.mark.parametrize("content", [
    ofx_of(Line(id="K1", amount="54.20"), balance="154.20"),
    csv_file("2026-01-13,54.20,Grocer,154.20", header=BALANCES),
], ids=["closing-only", "one-row"])  # fmt: skip
def test_a_balance_of_unknown_sign_is_reported_but_not_set(
    bring: Bring, card: EncryptedFinancialProfile, content: bytes
) -> None:
    result = bring(content, account=card, invert=True)
    card.refresh_from_db()
    assert (card.account_balance, result.statement["closing"]) == (None, "154.20")
    assert (result.balance_set, result.balance_reason) == (False, "sign_unknown")
    assert [warning.code for warning in result.warnings] == ["balance_sign_unknown"]


def test_a_given_opening_balance_proves_the_sign(bring: Bring, card: EncryptedFinancialProfile) -> None:
    content = ofx_of(Line(id="K1", amount="54.20"), balance="154.20")
    result = bring(content, account=card, invert=True, opening_balance=Decimal("-100.00"))
    assert (result.statement["closing"], result.statement["gap"], result.balance_set) == ("-154.20", "0.00", True)


def test_a_given_closing_balance_proves_the_sign(bring: Bring, card: EncryptedFinancialProfile) -> None:
    content = ofx_of(Line(id="K1", amount="54.20"), balance="154.20")
    result = bring(content, account=card, invert=True, closing_balance=Decimal("-154.20"))
    assert (result.statement["closing"], result.balance_set, result.warnings) == ("-154.20", True, [])


def test_undo_restores_the_balance(bring: Bring, undo: Undo, card: EncryptedFinancialProfile) -> None:
    content = csv_file("2026-01-13,54.20,Grocer,154.20", "2026-01-14,-20.00,Refund,134.20", header=BALANCES)
    undo(bring(content, account=card, invert=True))
    card.refresh_from_db()
    assert card.account_balance is None


@pytest.mark.parametrize(("value", "amount"), [("true", "-5.00"), ("false", "5.00"), ("null", "5.00"), ("", "5.00")])
def test_it_is_a_form_field(send: Send, value: str, amount: str) -> None:
    response = send(csv_file("2026-01-13,5.00,Grocer"), invert=value)
    assert (response.status_code, ledger()[0][0], response.json()["options"]["invert"]) == (201, amount, value == "true")


def test_another_value_is_refused(send: Send) -> None:
    body = send(CHARGES, invert="maybe").json()
    assert body["errors"][0]["attr"] == "invert"


def test_a_sign_that_is_refused_is_an_error_of_the_field(send: Send) -> None:
    send(CHARGES)
    response = send(CHARGES, invert="true")
    assert (response.status_code, response.json()["errors"][0]["attr"]) == (400, "invert")


@pytest.mark.usefixtures("no_jobs")
def test_a_job_inverts(send: Send, as_alice: Any) -> None:
    response = send(csv_file(*[f"2026-01-13,{number}.00,Shop {number}" for number in range(1, 502)]), invert="true")
    assert response.status_code == 202
    jobs.run_pending()
    result = as_alice.get(response.headers["Location"]).json()["result"]
    assert (result["created"], result["options"]["invert"]) == (501, True)
    assert not FinancialTransaction.objects.filter(amount__gt=0).exists()

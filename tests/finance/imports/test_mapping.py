"""Column mappings that are guessed, sent, or reused from the account's last import."""

from decimal import Decimal

import pytest

from core.errors import DomainError
from dev.factories import AccountFactory
from finance.models import FinancialTransaction, StatementImport
from tests.finance.imports.conftest import Bring, Undo
from tests.finance.imports.statement_files import Line, csv_file, csv_of, ofx_of
from users.models import User

HEADER = "Wann,Wieviel,Wozu,Wieviel brutto"
MAPPING = {"date": "Wann", "amount": "Wieviel", "description": "Wozu"}
ROW = "2026-03-02,-5.00,Kaffee,-5.95"


def test_a_mapping_names_the_columns(bring: Bring) -> None:
    assert bring(csv_file(ROW, header=HEADER), mapping=MAPPING).created == 1
    assert FinancialTransaction.objects.get().amount == Decimal("-5.00")


def test_the_last_mapping_of_the_account_is_used_again(bring: Bring) -> None:
    bring(csv_file(ROW, header=HEADER), mapping=MAPPING)
    bring(ofx_of(Line(id="P1", text="in between")))
    assert bring(csv_file("2026-03-03,-6.00,Tee,-6.95", header=HEADER)).created == 1
    assert FinancialTransaction.objects.filter(description="Tee").get().amount == Decimal("-6.00")


def test_a_remembered_mapping_decides_the_order_of_day_and_month(bring: Bring) -> None:
    bring(csv_file("03/02/2026,-5.00,Coffee"), mapping={"date_format": "%m/%d/%Y"})
    bring(csv_file("04/02/2026,-6.00,Tea"))
    assert FinancialTransaction.objects.get(description="Tea").transaction_date.month == 4


def test_a_file_with_other_columns_is_guessed_again(bring: Bring) -> None:
    bring(csv_file(ROW, header=HEADER), mapping=MAPPING)
    assert bring(csv_of(Line(amount="-7.00"))).created == 1


def test_a_remembered_mapping_that_reads_no_row_is_dropped(bring: Bring) -> None:
    bring(csv_file("02.03.2026,-5.00,Coffee"))
    assert bring(csv_of(Line())).created == 1


def test_an_empty_mapping_requests_a_new_guess(bring: Bring) -> None:
    bring(csv_file("03/02/2026,-5.00,Coffee"), mapping={"date_format": "%m/%d/%Y"})
    with pytest.raises(DomainError) as refused:
        bring(csv_file("04/02/2026,-6.00,Tea"), mapping={})
    assert (refused.value.code, refused.value.field) == ("ambiguous_dates", "file")


def test_a_mapping_is_not_remembered_for_another_account(bring: Bring, alice: User) -> None:
    bring(csv_file(ROW, header=HEADER), mapping=MAPPING)
    with pytest.raises(DomainError, match="columns of the date and the amount were not found"):
        bring(csv_file(ROW, header=HEADER), account=AccountFactory(user=alice))


def test_an_undone_imports_mapping_is_forgotten(bring: Bring, undo: Undo) -> None:
    undo(bring(csv_file(ROW, header=HEADER), mapping=MAPPING))
    with pytest.raises(DomainError, match="columns of the date and the amount were not found"):
        bring(csv_file(ROW, header=HEADER))


def test_a_title_that_json_cannot_store_is_not_remembered(bring: Bring) -> None:
    bring(csv_file("2026-03-02,-5.00,Coffee", header="Date,Amount,What\x00for"), mapping={"description": 2})
    assert StatementImport.objects.get().mapping == {}

"""The command `import_statement`."""

from io import StringIO
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command

from finance.models import EncryptedFinancialProfile, FinancialTransaction
from tests.finance.imports.statement_files import Line, csv_file, csv_of, ofx_of


def run(path: Path, account: object, *options: str) -> str:
    out = StringIO()
    call_command("import_statement", str(path), "--account", str(account), *options, stdout=out)
    return out.getvalue()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "march.csv"
    path.write_bytes(csv_of(Line(), Line(amount="nothing")))
    return path


def test_it_imports_and_counts(file: Path, account: EncryptedFinancialProfile) -> None:
    output = run(file, account.pk)
    assert "created              1\nduplicates           0" in output
    assert "row 3, amount: “nothing” is not an amount of money." in output
    assert FinancialTransaction.objects.count() == 1


def test_a_dry_run_changes_nothing(file: Path, account: EncryptedFinancialProfile) -> None:
    assert "created              1" in run(file, account.pk, "--dry-run")
    assert not FinancialTransaction.objects.exists()


def test_warnings_are_printed(tmp_path: Path, account: EncryptedFinancialProfile) -> None:
    path = tmp_path / "march.ofx"
    path.write_bytes(ofx_of(Line(id="P1"), currency="EUR"))
    assert "note: The account is in USD" in run(path, account.pk)


def test_a_mapping_can_be_given(tmp_path: Path, account: EncryptedFinancialProfile) -> None:
    path = tmp_path / "march.csv"
    path.write_bytes(csv_file("2026-03-02,-5.00,Kaffee", header="Wann,Wieviel,Wozu"))
    mapping = '{"date": "Wann", "amount": "Wieviel", "description": "Wozu"}'
    assert "created              1" in run(path, account.pk, "--format", "csv", "--mapping", mapping)


def test_a_file_that_is_no_statement_fails_with_the_reason(tmp_path: Path, account: EncryptedFinancialProfile) -> None:
    path = tmp_path / "photo.ofx"
    path.write_bytes(b"\xff\xd8\xff" + bytes(100))
    with pytest.raises(CommandError, match="This is a JPEG picture") as failed:
        run(path, account.pk)
    assert failed.value.returncode == 1


def test_a_missing_file_fails_with_the_reason(tmp_path: Path, account: EncryptedFinancialProfile) -> None:
    with pytest.raises(CommandError, match="No such file"):
        run(tmp_path / "nothing.csv", account.pk)


@pytest.mark.django_db
def test_an_unknown_account_fails_with_the_reason(file: Path) -> None:
    with pytest.raises(CommandError, match="does not exist"):
        run(file, uuid4())


@pytest.mark.parametrize("mapping", ["{", "[1]"])
def test_a_mapping_that_is_no_object_is_refused(file: Path, mapping: str) -> None:
    with pytest.raises(CommandError, match="--mapping"):
        run(file, uuid4(), "--mapping", mapping)

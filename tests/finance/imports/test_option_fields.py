"""Options of imports in the form of the API and in the command, and what results tell about them."""

from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError
from rest_framework.test import APIClient

from core import jobs
from finance.models import EncryptedFinancialProfile, FinancialTransaction, StatementImport
from tests.commands.conftest import no_jobs
from tests.finance.imports.conftest import URL, Send
from tests.finance.imports.statement_files import Line, csv_file, csv_of, ofx_of
from tests.finance.imports.test_command import run

__all__ = ["no_jobs"]

ODD = "Date;Amount;Description\n03/04/2026;1,234;Zażółć\n".encode("cp1250")
OPTIONS = {"encoding": "windows-1250", "date_order": "day_first", "decimal": "."}


def read_back() -> tuple[str, str, str]:
    row = FinancialTransaction.objects.get()
    return row.transaction_date.isoformat(), str(row.amount), row.description


def test_the_form_takes_the_options(send: Send) -> None:
    response = send(ODD, **OPTIONS)
    assert (response.status_code, read_back()) == (201, ("2026-04-03", "1234.00", "Zażółć"))
    assert response.json()["options"] == {"invert": False} | OPTIONS


def test_the_record_has_the_options(send: Send, as_alice: APIClient) -> None:
    key = send(ODD, **OPTIONS).json()["id"]
    body = as_alice.get(f"{URL}{key}/").json()
    assert body["options"] == {"invert": False} | OPTIONS
    assert (body["balance_set"], body["balance_reason"]) == (False, "no_balance")
    assert as_alice.get(URL).json()["results"][0]["options"] == body["options"]


@pytest.mark.parametrize("name", ["cp1250", "1250", "WINDOWS-1250"])
def test_other_names_of_an_encoding_are_taken(send: Send, name: str) -> None:
    assert send(ODD, **OPTIONS | {"encoding": name}).json()["options"]["encoding"] == "windows-1250"


@pytest.mark.parametrize(
    ("field", "value", "choice"),
    [("encoding", "klingon", "windows-1250"), ("date_order", "year_first", "month_first"), ("decimal", ";", ",")],
)
def test_an_unknown_value_is_refused_with_the_choices(send: Send, field: str, value: str, choice: str) -> None:
    [problem] = send(csv_of(Line()), **{field: value}).json()["errors"]
    assert (problem["attr"], problem["code"]) == (field, "invalid_choice")
    assert choice in problem["detail"]


@pytest.mark.parametrize(
    ("content", "fields", "attr", "code"),
    [
        (ODD, {"encoding": "utf-8"}, "encoding", "wrong_encoding"),
        (csv_file("25/04/2026,-5.00,Tea"), {"date_order": "month_first"}, "date_order", "wrong_date_order"),
        (csv_of(Line()), {"decimal": ",", "mapping": '{"decimal": "."}'}, "mapping", "conflicting_options"),
        (csv_file("03/04/2026,-5.00,Tea"), {}, "file", "ambiguous_dates"),
    ],
)
def test_a_value_that_does_not_fit_is_an_error_of_its_field(
    send: Send, content: bytes, fields: dict[str, str], attr: str, code: str
) -> None:
    response = send(content, **fields)
    [problem] = response.json()["errors"]
    assert (response.status_code, problem["attr"], problem["code"]) == (400, attr, code)


@pytest.mark.usefixtures("no_jobs")
def test_a_job_gets_the_options(send: Send, as_alice: APIClient) -> None:
    rows = b"".join(ODD.splitlines(keepends=True)[1:] * 501)
    response = send(ODD + rows, **OPTIONS)
    jobs.run_pending()
    result = as_alice.get(response.headers["Location"]).json()["result"]
    assert (result["created"], result["options"]) == (502, {"invert": False} | OPTIONS)
    assert (
        FinancialTransaction.objects.filter(description="Zażółć", amount="1234.00", transaction_date="2026-04-03").count()
        == 502
    )


def test_a_result_counts_the_invalid_rows(send: Send) -> None:
    assert send(csv_of(Line(), Line(amount="nothing"))).json()["failed"] == 1


def test_a_dry_run_tells_the_columns(send: Send) -> None:
    body = send(csv_of(Line()), dry_run="true").json()
    assert body["mapping"] == {
        "date": "Date", "amount": "Amount", "description": "Description", "date_format": "%Y-%m-%d", "decimal": ".",
        "delimiter": ",",
    }  # fmt: skip
    assert (type(body["unused_columns"]), type(body["first_rows"])) == (list, list)


def test_an_import_has_no_first_rows(send: Send) -> None:
    body: dict[str, Any] = send(csv_of(Line())).json()
    assert body["first_rows"] == []
    assert body["mapping"] == StatementImport.objects.get().mapping


def test_the_command_takes_the_options(tmp_path: Path, account: EncryptedFinancialProfile) -> None:
    path = tmp_path / "odd.csv"
    path.write_bytes(ODD)
    output = run(path, account.pk, "--encoding", "cp1250", "--date-order", "day_first", "--decimal", ".", "--invert")
    assert read_back() == ("2026-04-03", "-1234.00", "Zażółć")
    assert "invert             yes" in output
    run(path, account.pk, "--invert")
    assert FinancialTransaction.objects.count() == 1


def test_the_command_takes_balances(tmp_path: Path, account: EncryptedFinancialProfile) -> None:
    path = tmp_path / "march.csv"
    path.write_bytes(csv_of(Line()))
    assert "The account's balance was set." in run(path, account.pk, "--opening-balance", "100", "--closing-balance", "95.00")
    account.refresh_from_db()
    assert str(account.account_balance) == "95.00"


def test_the_command_tells_why_it_set_no_balance(tmp_path: Path, account: EncryptedFinancialProfile) -> None:
    path = tmp_path / "march.csv"
    path.write_bytes(csv_of(Line()))
    assert "The account's balance was not set: the balances and the rows do not add up." in run(
        path, account.pk, "--opening-balance", "100", "--closing-balance=-95"
    )


def test_the_command_takes_a_hint(tmp_path: Path, account: EncryptedFinancialProfile) -> None:
    EncryptedFinancialProfile.objects.update(account_number=None)
    one, other = ofx_of(Line(id="P1"), account="1111"), ofx_of(Line(id="P2", text="Tea"), account="2222")
    path = tmp_path / "both.ofx"
    path.write_bytes(one.replace(b"</BANKMSGSRSV1></OFX>", b"") + other[other.index(b"<STMTTRNRS>") :])
    run(path, account.pk, "--account-hint", "2222")
    assert FinancialTransaction.objects.get().description == "Tea"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--encoding", "klingon"], "windows-1250"),
        (["--opening-balance", "1.2345"], "use an amount such as"),
        (["--closing-balance", "NaN"], "use an amount such as"),
        (["--date-order", "year_first"], "month_first"),
    ],
)
def test_the_command_refuses_other_values(tmp_path: Path, options: list[str], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        run(tmp_path / "x.csv", "00000000-0000-0000-0000-000000000000", *options)

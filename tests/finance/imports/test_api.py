"""Import endpoints: uploads, response bodies and errors."""

import uuid
from typing import Any

import pytest
from django.conf import LazySettings
from rest_framework.test import APIClient

from dev.factories import AccountFactory
from finance.models import EncryptedFinancialProfile, FinancialTransaction, StatementImport
from tests.conftest import ClientFor
from tests.finance.imports.conftest import URL, Send
from tests.finance.imports.statement_files import Line, csv_file, csv_of, ofx_of
from users.models import User

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01" + bytes(200)


def error(response: Any) -> tuple[int, str | None, str]:
    """Return the status code of the response, and the field and code of its first error."""
    first = response.json()["errors"][0]
    return response.status_code, first["attr"], first["code"]


def test_the_response_body_matches_the_contract(send: Send, account: EncryptedFinancialProfile) -> None:
    response = send(ofx_of(Line(id="P1"), Line(id="P2", amount="nothing"), balance="95.00"), opening_balance="100.00")
    assert response.status_code == 201
    body = response.json()
    assert body.pop("id") == str(StatementImport.objects.get().pk)
    assert body.pop("errors") == [
        {"row": 2, "field": "amount", "code": "bad_amount", "message": "“nothing” is not an amount of money."}
    ]
    assert body == {
        "format": "ofx",
        "account": str(account.pk),
        "dry_run": False,
        "created": 1,
        "duplicates": 0,
        "tombstoned": 0,
        "superseded": 0,
        "review": 0,
        "review_reasons": {},
        "failed": 1,
        "statement": {"opening": "100.00", "closing": "95.00", "computed": "95.00", "gap": "0.00", "currency": "USD"},
        "balance_set": False,
        "balance_reason": "unreadable_rows",
        "options": {"invert": False, "encoding": "", "date_order": "", "decimal": ""},
        "mapping": {},
        "unused_columns": [],
        "warnings": [],
        "first_rows": [],
        "preview": [],
    }


def test_a_dry_run_is_200_without_an_id_and_with_a_preview(send: Send, account: EncryptedFinancialProfile) -> None:
    response = send(csv_of(Line()), dry_run="true")
    assert (response.status_code, response.json()["id"], response.json()["dry_run"]) == (200, None, True)
    assert response.json()["preview"] == [
        {
            "number": 2,
            "verdict": "created",
            "reason": "",
            "transaction_id": None,
            "data": {
                "date": "2026-03-02",
                "posted_date": None,
                "amount": "-5.00",
                "currency": "USD",
                "transaction_type": "expense",
                "description": "Coffee House",
                "merchant_name": "",
                "category": "",
                "provider_id": "",
                "is_pending": False,
            },
        }
    ]
    assert not FinancialTransaction.objects.exists()


def test_another_users_account_is_refused_as_unknown(send: Send, bob: User) -> None:
    theirs, missing = AccountFactory(user=bob).pk, uuid.uuid4()
    foreign, unknown = send(csv_of(Line()), account=str(theirs)), send(csv_of(Line()), account=str(missing))
    assert error(foreign) == error(unknown) == (400, "account", "does_not_exist")
    assert foreign.content.replace(str(theirs).encode(), b"") == unknown.content.replace(str(missing).encode(), b"")
    assert not FinancialTransaction.objects.exists()


def test_a_closed_account_takes_no_imports(send: Send, account: EncryptedFinancialProfile) -> None:
    EncryptedFinancialProfile.objects.update(is_active=False)
    assert error(send(csv_of(Line()))) == (409, None, "account_closed")
    assert error(send(csv_of(Line()), dry_run="true")) == (409, None, "account_closed")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (JPEG, "not_a_statement"),
        (b"", "empty"),
        (b" \n\n", "empty"),
        (b"<html><body>Log in, please</body></html>", "not_a_statement"),
        (b"This is a letter, dear bank.\nYours, Alice\n", "unknown_columns"),
        (b"OFXHEADER:100\n\n<OFX></OFX>", "no_statement"),
    ],
    ids=["jpeg", "empty", "blank", "html", "letter", "ofx-without-account"],
)
def test_a_file_that_is_no_statement_is_refused(send: Send, content: bytes, code: str) -> None:
    assert error(send(content)) == (400, "file", code)
    assert not StatementImport.objects.exists()


@pytest.mark.parametrize(
    ("fields", "attr", "code"),
    [
        ({"mapping": "{"}, "mapping", "invalid_json"),
        ({"mapping": "[1]"}, "mapping", "invalid_json"),
        ({"mapping": "[" * 9000}, "mapping", "invalid_json"),
        ({"mapping": '{"date": "\\u0000"}'}, "mapping", "invalid_json"),
        ({"mapping": '{"color": "Date"}'}, "mapping", "bad_mapping"),
        ({"mapping": '{"date": "Day"}'}, "mapping", "unknown_columns"),
        ({"format": "docx"}, "format", "invalid_choice"),
        ({"format": "ofx"}, "format", "wrong_format"),
        ({"account": "checking"}, "account", "invalid"),
        ({"dry_run": "perhaps"}, "dry_run", "invalid"),
        ({"opening_balance": "NaN"}, "opening_balance", "invalid"),
        ({"color": "red"}, "color", "unknown_field"),
    ],
)
def test_a_wrong_field_is_named(send: Send, fields: dict[str, str], attr: str, code: str) -> None:
    assert error(send(csv_of(Line()), **fields)) == (400, attr, code)


def test_file_and_account_are_required(as_alice: APIClient) -> None:
    response = as_alice.post(URL, {}, format="multipart")
    assert {item["attr"]: item["code"] for item in response.json()["errors"]} == {"file": "required", "account": "required"}


def test_json_is_not_a_file(as_alice: APIClient, account: EncryptedFinancialProfile) -> None:
    assert as_alice.post(URL, {"account": str(account.pk)}).status_code == 415


def test_a_file_over_the_limit_is_413_with_the_limit(send: Send, settings: LazySettings) -> None:
    settings.IMPORT_MAX_BYTES = 2_000
    response = send(csv_of(*[Line()] * 100))
    assert response.status_code == 413
    assert "2,000" in response.json()["errors"][0]["detail"]


def test_too_many_rows_are_400_with_the_limit(send: Send, settings: LazySettings) -> None:
    settings.IMPORT_MAX_ROWS = 3
    response = send(csv_of(*[Line()] * 4))
    assert error(response) == (400, "file", "too_many_rows")
    assert "3 rows" in response.json()["errors"][0]["detail"]
    assert not FinancialTransaction.objects.exists()


def test_an_idempotency_key_prevents_a_second_import(send: Send, as_alice: APIClient) -> None:
    as_alice.credentials(HTTP_IDEMPOTENCY_KEY="once", **as_alice._credentials)
    first, repeated = send(csv_of(Line())), send(csv_of(Line()))
    assert (first.status_code, repeated.status_code) == (201, 201)
    assert first.json() == repeated.json()
    assert repeated.headers["Idempotent-Replayed"] == "true"
    assert send(csv_of(Line(text="Tea"))).status_code == 422
    assert StatementImport.objects.count() == 1


def test_a_large_file_is_uploaded_through_the_disk(send: Send, settings: LazySettings) -> None:
    settings.IMPORT_DIRECT_BYTES, settings.IMPORT_DIRECT_ROWS = 10_000_000, 2_000
    rows = [f"2026-03-02,-{number}.00,{'x' * 1000} {number}" for number in range(1, 1_201)]
    assert send(csv_file(*rows)).json()["created"] == 1_200


def test_imports_are_listed_newest_first(send: Send, as_alice: APIClient) -> None:
    send(csv_of(Line()), filename="first.csv")
    send(csv_of(Line()), filename="second.csv")
    rows = as_alice.get(URL).json()["results"]
    assert [(row["filename"], row["created"], row["duplicates"]) for row in rows] == [("second.csv", 0, 1), ("first.csv", 1, 0)]


def test_one_import_shows_its_errors(send: Send, as_alice: APIClient) -> None:
    sent = send(csv_of(Line(), Line(amount="nothing"))).json()
    shown = as_alice.get(f"{URL}{sent['id']}/").json()
    assert shown["errors"] == sent["errors"]
    assert (shown["failed"], shown["statement"], shown["mapping"]["amount"]) == (1, sent["statement"], "Amount")


def test_rows_are_listed_in_the_order_of_the_file_and_by_verdict(send: Send, as_alice: APIClient) -> None:
    key = send(csv_of(Line(), Line(amount="nothing"), Line())).json()["id"]
    rows = as_alice.get(f"{URL}{key}/rows/").json()["results"]
    assert [(row["number"], row["verdict"]) for row in rows] == [(2, "created"), (3, "error"), (4, "created")]
    broken = as_alice.get(f"{URL}{key}/rows/", {"verdict": "error"}).json()["results"]
    assert [row["data"]["code"] for row in broken] == ["bad_amount"]
    assert as_alice.get(f"{URL}{key}/rows/", {"verdict": "good"}).status_code == 400
    assert as_alice.get(f"{URL}{key}/rows/", {"color": "red"}).status_code == 400


def test_rows_come_in_pages(send: Send, as_alice: APIClient) -> None:
    key = send(csv_of(Line(), Line(), Line())).json()["id"]
    first = as_alice.get(f"{URL}{key}/rows/", {"limit": 2}).json()
    rest = as_alice.get(first["next"]).json()
    assert [row["number"] for row in first["results"] + rest["results"]] == [2, 3, 4]
    assert rest["next"] is None


def test_another_users_import_is_not_found(send: Send, bob: User, api: ClientFor) -> None:
    key = send(csv_of(Line())).json()["id"]
    assert api(bob).get(f"{URL}{key}/rows/").status_code == 404
    assert api(bob).get(f"{URL}{key}/").status_code == 404
    assert api(bob).get(URL).json()["results"] == []


def test_a_read_token_imports_nothing(send: Send, alice: User, api: ClientFor) -> None:
    assert send(csv_of(Line()), client=api(alice, "read")).status_code == 403
    assert not FinancialTransaction.objects.exists()


def test_errors_are_cut_at_a_thousand_and_all_counted(send: Send, as_alice: APIClient, settings: LazySettings) -> None:
    settings.IMPORT_DIRECT_ROWS = 2_000
    body = send(csv_of(Line(), *[Line(amount="nothing")] * 1_001)).json()
    assert (body["created"], len(body["errors"])) == (1, 1_000)
    assert [warning["code"] for warning in body["warnings"]] == ["errors_cut"]
    assert as_alice.get(f"{URL}{body['id']}/").json()["failed"] == 1_001


def test_a_file_of_several_accounts_needs_a_hint(send: Send, account: EncryptedFinancialProfile) -> None:
    one, other = ofx_of(Line(id="P1"), account="1111"), ofx_of(Line(id="P2"), account="2222")
    both = one.replace(b"</BANKMSGSRSV1></OFX>", b"") + other[other.index(b"<STMTTRNRS>") :]
    assert error(send(both))[2] == "account_not_in_file"
    assert send(both, account_hint="2222").json()["created"] == 1
    assert FinancialTransaction.objects.get().reference_number == "P2"


def test_a_file_of_another_account_has_a_warning(send: Send) -> None:
    body = send(ofx_of(Line(id="P1"), account="555544443333")).json()
    assert [warning["code"] for warning in body["warnings"]] == ["other_account"]
    assert "••••3333" in body["warnings"][0]["message"]


def test_the_file_field_must_be_a_file(as_alice: APIClient, account: EncryptedFinancialProfile) -> None:
    response = as_alice.post(URL, {"file": "text", "account": str(account.pk)}, format="multipart")
    assert error(response) == (400, "file", "invalid")

"""Numbers in JSON of more digits than 64 bits hold: they are stored and returned as they were sent, or refused."""

from decimal import Decimal
from typing import Any

import orjson
import pytest
from rest_framework.test import APIClient

from finance.models import FinancialTransaction

URL = "/api/v1/finance/transactions/"
GOOD = {"transaction_type": "expense", "amount": "-6.60", "transaction_date": "2026-03-01"}
LARGE = 123_456_789_012_345_678_901_234_567_890
NUMBERS = ["18446744073709551616", str(LARGE), f"-{LARGE}", "1" + "0" * 300, "1e30", "1e300"]


def body(**values: str) -> bytes:
    """Return the JSON of a transaction; `values` are JSON texts."""
    return b"{" + b",".join(f'"{name}":{text}'.encode() for name, text in values.items()) + b"," + orjson.dumps(GOOD)[1:]


def post(client: APIClient, text: bytes, path: str = URL, **headers: str) -> Any:
    return client.post(path, text, content_type="application/json", headers=headers)


@pytest.mark.parametrize("number", NUMBERS)
def test_a_number_in_an_object_is_returned_as_it_was_sent(as_alice: APIClient, number: str) -> None:
    created = post(as_alice, body(metadata=f'{{"a": {number}}}'), **{"Idempotency-Key": "x"})
    assert created.status_code == 201
    one = f"{URL}{created.json()['id']}/"
    answers = [as_alice.get(one), as_alice.patch(one, {"category": "food"}), as_alice.get(URL, {"category": "food"})]
    answers.append(post(as_alice, body(metadata=f'{{"a": {number}}}'), **{"Idempotency-Key": "x"}))
    assert [answer.status_code for answer in answers] == [200, 200, 200, 201]
    rows = [answers[0].json(), answers[1].json(), answers[2].json()["results"][0]]
    assert [row["metadata"]["a"] for row in rows] == [int(Decimal(number))] * 3
    assert FinancialTransaction.objects.count() == 1


def test_an_export_of_a_large_number_is_exact(as_alice: APIClient) -> None:
    post(as_alice, body(metadata=f'{{"a": {LARGE}}}'))
    for file_format in ("csv", "json"):
        assert str(LARGE) in as_alice.get(f"{URL}export/", {"file_format": file_format}).getvalue().decode()


@pytest.mark.parametrize("field", ["amount", "financial_profile", "transaction_date", "status", "currency", "metadata"])
@pytest.mark.parametrize("number", NUMBERS)
def test_a_large_number_elsewhere_is_refused_at_its_field(as_alice: APIClient, field: str, number: str) -> None:
    good = {name: value for name, value in GOOD.items() if name != field}
    response = post(as_alice, b"{" + f'"{field}":{number},'.encode() + orjson.dumps(good)[1:])
    assert (response.status_code, response.json()["errors"][0]["attr"]) == (400, field)


@pytest.mark.parametrize("number", NUMBERS)
def test_a_large_number_in_a_filter_of_a_bulk_call(as_alice: APIClient, number: str) -> None:
    text = f'{{"filter": {{"amount__gte": {number}}}, "patch": {{"category": "food"}}, "expected_count": 0}}'
    assert post(as_alice, text.encode(), f"{URL}bulk/").status_code in (200, 400)


@pytest.mark.parametrize("number", NUMBERS)
def test_a_large_number_in_a_column_of_whole_numbers_is_refused(as_alice: APIClient, number: str) -> None:
    response = post(as_alice, f'{{"step_name": "x", "step_order": {number}}}'.encode(), "/api/v1/users/onboarding/")
    assert response.status_code == 400

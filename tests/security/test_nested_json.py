"""JSON that is nested too deep, at every place that accepts JSON: it is refused with its field, and never a 500."""

import base64
import json
from argparse import ArgumentTypeError
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings
from rest_framework.test import APIClient

from billing.models import StripeEvent
from core.json_input import MAX_DEPTH
from dev.factories import PASSWORD, TransactionFactory
from finance.management.commands.import_statement import mapping_from
from finance.models import FinancialTransaction
from tests.account_api import log_in
from tests.account_api import send as send_to_accounts
from tests.admin.conftest import office, signed_in  # noqa: F401 - fixtures
from tests.admin.test_finance import form
from tests.billing import test_webhooks as webhooks
from tests.finance.imports.conftest import Send, send  # noqa: F401 - a fixture
from tests.finance.imports.statement_files import Line, csv_of
from tests.privacy import test_import_refusals as restores
from tests.privacy.conftest import files_in, zip_of
from tests.sign_in import give_factor
from users import services
from users.models import User

TRANSACTIONS, EXPORT = "/api/v1/finance/transactions/", "/api/v1/finance/transactions/export/"
DEPTHS = [MAX_DEPTH, 400, 900, 1_023, 100_000]
DEPTHS_IN_A_URL = [MAX_DEPTH, 400, 900, 1_023]  # a longer URL is refused
PAGE = "/admin/finance/financialtransaction/"


def nested(depth: int) -> str:
    """Return an object with lists inside that are `depth` levels deep together with it."""
    return '{"date":' + "[" * (depth - 1) + "]" * (depth - 1) + "}"


def refusal(response: Any) -> tuple[int, str | None]:
    return response.status_code, response.json()["errors"][0]["attr"]


@pytest.mark.parametrize("depth", [40, 64, 65, 400, 900, 1_023, 9_000])
def test_a_mapping_of_an_import(send: Send, depth: int) -> None:  # noqa: F811
    response = send(csv_of(Line()), mapping=nested(depth))
    assert refusal(response) == (400, "mapping")
    assert not FinancialTransaction.objects.exists()


def test_a_mapping_names_the_limit(send: Send) -> None:  # noqa: F811
    assert "64 levels" in send(csv_of(Line()), mapping=nested(900)).json()["errors"][0]["detail"]


@pytest.mark.parametrize("depth", DEPTHS)
def test_a_mapping_of_the_command(depth: int) -> None:
    with pytest.raises(ArgumentTypeError, match="64 levels"):
        mapping_from(nested(depth + 1))


@pytest.mark.parametrize("depth", DEPTHS_IN_A_URL)
def test_a_filter(as_alice: APIClient, depth: int) -> None:
    for path in (TRANSACTIONS, EXPORT):
        assert refusal(as_alice.get(path, {"metadata__contains": nested(depth + 1)})) == (400, "metadata__contains")


@pytest.mark.parametrize("place", ["values", "order", "whole"])
@pytest.mark.parametrize("depth", DEPTHS_IN_A_URL)
def test_a_cursor(as_alice: APIClient, depth: int, place: str) -> None:
    lists = "[" * depth + "]" * depth
    text = {"values": f'["-created_at",false,[{lists},{lists}]]', "order": f"[{lists},false,[]]", "whole": lists}[place]
    cursor = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
    assert refusal(as_alice.get(TRANSACTIONS, {"cursor": cursor})) == (400, "cursor")


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("method", ["post", "patch", "put", "delete", "get"])
def test_a_body_of_the_account_api(db: None, depth: int, method: str) -> None:
    for path in ("auth/login", "auth/signup", "auth/password/request", "account/email", "auth/session", "auth/webauthn/login"):
        client = APIClient(raise_request_exception=False)
        response = client.generic(method.upper(), f"/_allauth/app/v1/{path}", nested(depth + 1), "application/json")
        assert response.status_code < 500


@pytest.mark.parametrize("depth", DEPTHS)
def test_a_field_of_the_back_office(office: Client, alice: User, depth: int) -> None:  # noqa: F811
    response = office.post(f"{PAGE}add/", form(customer=str(alice.pk), metadata=nested(depth + 1)))
    assert response.status_code == 200
    assert "nested deeper than 64 levels" in response.content.decode()
    assert not FinancialTransaction.objects.exists()


@pytest.mark.parametrize("text", ["1" * 5_000, "1e400", "NaN", '{"a": "\\ud800"}', '{"a": "\\u0000"}', "{"])
def test_a_field_of_the_back_office_that_can_not_be_stored(office: Client, alice: User, text: str) -> None:  # noqa: F811
    response = office.post(f"{PAGE}add/", form(customer=str(alice.pk), metadata=text))
    assert response.status_code == 200
    assert not FinancialTransaction.objects.exists()


def test_the_back_office_keeps_large_whole_numbers(office: Client, alice: User) -> None:  # noqa: F811
    office.post(f"{PAGE}add/", form(customer=str(alice.pk), metadata='{"a": 123456789012345678901234567890}'))
    assert FinancialTransaction.objects.get().metadata == {"a": 123456789012345678901234567890}


@pytest.mark.parametrize("depth", DEPTHS)
def test_a_security_key_at_the_login_of_staff(administrator: User, depth: int) -> None:
    give_factor(administrator)
    browser = Client()
    browser.post("/admin/login/", {"login": administrator.email, "password": PASSWORD})
    response = browser.post("/admin/second-factor/", {"credential": nested(depth + 1)})
    assert response.status_code == 200
    assert "nested deeper" in response.content.decode()


@pytest.mark.parametrize("depth", [100, 1_000, 50_000])
def test_the_binary_data_of_a_security_key(alice: User, depth: int) -> None:
    services.verify_email_by_staff(alice)
    session = log_in(alice.email)
    send_to_accounts("account/authenticators/webauthn", {}, session, "get")
    lists = base64.urlsafe_b64encode(b"\x81" * depth + b"\x01").decode().rstrip("=")  # CBOR: lists with one item each
    client = base64.urlsafe_b64encode(b'{"type":"webauthn.create","challenge":"","origin":""}').decode().rstrip("=")
    credential = {"id": "eA", "rawId": "eA", "type": "public-key"}
    credential["response"] = {"clientDataJSON": client, "attestationObject": lists}
    body = {"name": "Key", "credential": credential}
    assert send_to_accounts("account/authenticators/webauthn", body, session).status_code == 400


@pytest.mark.parametrize("depth", DEPTHS)
def test_an_event_of_stripe(db: None, settings: Settings, depth: int) -> None:
    settings.STRIPE_WEBHOOK_SECRETS = [webhooks.SECRET]
    body = webhooks.event(data={"object": {"id": "cus_1", "object": "customer", "deep": "DEEP"}})
    response = webhooks.deliver(body.replace(b'"DEEP"', nested(depth).encode()))
    assert response.status_code == 400
    assert not StripeEvent.objects.exists()


@pytest.mark.parametrize("depth", DEPTHS[1:])
def test_a_row_of_a_restored_export(as_owner: APIClient, depth: int) -> None:
    files = files_in(zip_of(TransactionFactory(metadata={"x": "DEEP"}).user))
    files[restores.TRANSACTIONS] = files[restores.TRANSACTIONS].replace(b'"DEEP"', nested(depth).encode())
    response = restore(as_owner, restores.packed(files))
    assert refusal(response) == (400, "file")
    assert f"{restores.TRANSACTIONS}, line 1" in response.json()["errors"][0]["detail"]


@pytest.mark.parametrize("depth", DEPTHS)
def test_the_manifest_of_a_restored_export(as_owner: APIClient, depth: int) -> None:
    files = files_in(zip_of(TransactionFactory().user)) | {"manifest.json": nested(depth + 1).encode()}
    assert refusal(restore(as_owner, restores.zipped(files))) == (400, "file")


@pytest.fixture
def as_owner(alice: User) -> APIClient:
    client = APIClient(raise_request_exception=False)
    client.force_login(alice)
    return client


def restore(client: APIClient, data: bytes) -> Any:
    return client.post(restores.PATH, {"file": SimpleUploadedFile("export.zip", data)}, format="multipart")


def test_the_deepest_value_that_is_accepted_is_read_everywhere(
    as_alice: APIClient,
    alice: User,
    office: Client,  # noqa: F811
    bob: User,
    as_owner: APIClient,
) -> None:
    deepest = json.loads(nested(MAX_DEPTH - 1))
    body = {"transaction_type": "expense", "amount": "-6.60", "transaction_date": "2026-03-01", "metadata": deepest}
    created = as_alice.post(TRANSACTIONS, body, headers={"Idempotency-Key": "deep"})
    assert created.status_code == 201
    assert as_alice.post(TRANSACTIONS, body, headers={"Idempotency-Key": "deep"}).json() == created.json()
    one = f"{TRANSACTIONS}{created.json()['id']}/"
    assert as_alice.get(one).json()["metadata"] == deepest
    assert as_alice.get(TRANSACTIONS, {"metadata__contains": json.dumps(deepest)}).json()["results"][0]["metadata"] == deepest
    for file_format in ("csv", "json"):
        assert as_alice.get(EXPORT, {"file_format": file_format}).status_code == 200
    assert office.get(f"{PAGE}{created.json()['id']}/change/").status_code == 200
    assert office.get(f"{PAGE}{created.json()['id']}/history/").status_code == 200
    archive = zip_of(alice)
    FinancialTransaction.objects.all().delete()
    client = APIClient(raise_request_exception=False)
    client.force_login(bob)
    assert restore(client, archive).status_code == 201
    assert FinancialTransaction.objects.get(user=bob).metadata == deepest

"""Values that users send are stored whole or refused with their field, except where the documentation says so."""

import pytest
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT
from rest_framework.test import APIClient

from finance.models import StatementImport
from tests.finance.imports.conftest import URL, Send, send  # noqa: F401 - a fixture
from tests.finance.imports.statement_files import Line, csv_of
from users.models import User

LIST, ACCOUNTS = "/api/v1/finance/transactions/", "/api/v1/finance/accounts/"


def multipart(name: str, size: int = 10, **fields: str) -> bytes:
    """Return a form with a file called `name`; Django's test client would cut the name itself."""
    start = f"--{BOUNDARY}\r\nContent-Disposition: form-data; name="
    texts = [f'{start}"{key}"\r\n\r\n{value}\r\n' for key, value in fields.items()]
    head = "".join([*texts, f'{start}"file"; filename="{name}"\r\n\r\n'])
    return head.encode() + b"x" * size + f"\r\n--{BOUNDARY}--\r\n".encode()


NAMES = ["a" * 256, "a" * 300 + ".csv", "a." + "x" * 300, "ü" * 256, "a." + "ü" * 200]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [10, 1_500_000])
@pytest.mark.parametrize("path", [URL, "/api/v1/users/me/import/"])
def test_a_long_file_name_is_refused_at_its_field(alice: User, account: object, name: str, size: int, path: str) -> None:
    client = APIClient(raise_request_exception=False)
    client.force_login(alice)
    response = client.generic("POST", path, multipart(name, size, account=str(account.pk)), MULTIPART_CONTENT)
    assert (response.status_code, response.json()["errors"][0]["attr"]) == (400, "file")
    assert "255" in response.json()["errors"][0]["detail"]


@pytest.mark.django_db
@pytest.mark.parametrize("name", NAMES)
def test_a_long_file_name_in_any_other_form_is_a_400(name: str) -> None:
    client = Client(raise_request_exception=False)
    assert client.generic("POST", "/admin/login/", multipart(name, 1_500_000), MULTIPART_CONTENT).status_code == 400


def test_the_longest_file_name_is_stored_whole(send: Send) -> None:  # noqa: F811
    name = "a" * 251 + ".csv"
    assert send(csv_of(Line()), filename=name).status_code == 201
    assert StatementImport.objects.get().filename == name


def test_more_search_words_than_are_searched_are_refused(as_alice: APIClient) -> None:
    response = as_alice.get(LIST, {"search": " ".join(["a"] * 31)})
    assert (response.status_code, response.json()["errors"][0]["attr"]) == (400, "search")
    assert as_alice.get(LIST, {"search": " ".join(["a"] * 30)}).status_code == 200
    assert as_alice.get(f"{LIST}export/", {"search": " ".join(["a"] * 31)}).status_code == 400
    assert as_alice.get(ACCOUNTS, {"search": " ".join(["a"] * 11)}).status_code == 400

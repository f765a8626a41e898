"""Fixtures that move files into alice's accounts through the API."""

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from finance.moves.read import read_move
from finance.moves.rows import Move, MovedRow, MoveOptions
from finance.statements.rows import Limits
from finance.statements.source import StatementSource
from tests.conftest import ClientFor
from users.models import User

URL = "/api/v1/finance/imports/move-in/"
Send = Callable[..., Any]


@pytest.fixture
def as_bob(api: ClientFor, bob: User) -> APIClient:
    return api(bob)


@pytest.fixture
def send(as_alice: APIClient) -> Send:
    """Return a function that posts a file; `accounts` and `categories` are given as objects."""

    def send(content: bytes, *, client: APIClient = as_alice, **fields: Any) -> Any:
        sent = {name: value if isinstance(value, str) else json.dumps(value) for name, value in fields.items()}
        file = SimpleUploadedFile("export.csv", content)
        return client.post(URL, {"file": file} | sent, format="multipart")

    return send


@pytest.fixture
def move(send: Send) -> Send:
    """Return a function that moves a file in, and returns the body of the response."""

    def move(content: bytes, **fields: Any) -> dict[str, Any]:
        response = send(content, dry_run=False, **fields)
        assert response.status_code == 201, response.content
        body: dict[str, Any] = response.json()
        return body

    return move


def parsed(content: bytes, *, currency: str = "USD", **options: str) -> Move:
    """Return what the readers make of a file."""
    source = StatementSource(file=io.BytesIO(content), filename="export.csv")
    return read_move(source, MoveOptions(currency=currency, **options), limits=Limits())


def rows_of(move: Move, account: str) -> list[MovedRow]:
    return move.accounts[account].moved()


def error(response: Any) -> tuple[int, str | None, str]:
    first = response.json()["errors"][0]
    return response.status_code, first["attr"], first["code"]

"""Fixtures that import files into alice's account."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from core import clock
from finance.models import EncryptedFinancialProfile, StatementImport
from finance.services import ImportResult, UndoResult, import_statement, undo_import
from finance.statements import parse
from finance.statements.source import StatementSource
from tests.finance.imports.statement_files import RowsParser

Bring = Callable[..., ImportResult]
Send = Callable[..., Any]
Undo = Callable[[ImportResult], UndoResult]

URL = "/api/v1/finance/imports/"


@pytest.fixture
def bring(account: EncryptedFinancialProfile) -> Bring:
    """Return a function that imports the bytes of a file by the service."""

    def bring(content: bytes, *, dry_run: bool = False, **options: Any) -> ImportResult:
        into, now = options.pop("account", account), options.pop("now", clock.now())
        source = StatementSource(file=io.BytesIO(content), **{"filename": "statement"} | options)
        return import_statement(source, account=into, now=now, dry_run=dry_run)

    return bring


@pytest.fixture
def _rows_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    """Accept the files of `rows_of`, too."""
    monkeypatch.setattr(parse, "PARSERS", (RowsParser(), *parse.PARSERS))


@pytest.fixture
def undo() -> Undo:
    def undo(result: ImportResult) -> UndoResult:
        assert result.id
        return undo_import(record=StatementImport.objects.get(pk=result.id), now=clock.now())

    return undo


@pytest.fixture
def send(as_alice: APIClient, account: EncryptedFinancialProfile) -> Send:
    """Return a function that uploads the bytes of a file through the API."""

    def send(content: bytes, *, client: APIClient = as_alice, **fields: Any) -> Any:
        file = SimpleUploadedFile(fields.pop("filename", "statement.csv"), content)
        return client.post(URL, {"file": file, "account": str(account.pk)} | fields, format="multipart")

    return send

"""Ways to bring a file into alice's account, and to look at what is in it."""

import io
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from core import clock
from finance.models import EncryptedFinancialProfile, FinancialTransaction, StatementImport
from finance.services import ImportResult, UndoResult, import_statement, undo_import
from finance.statements.source import StatementSource

Bring = Callable[..., ImportResult]
Send = Callable[..., Any]
Undo = Callable[[ImportResult], UndoResult]
Held = Callable[[], Counter]

URL = "/api/v1/finance/imports/"


@pytest.fixture
def bring(account: EncryptedFinancialProfile) -> Bring:
    """Bring the bytes of a file into the account, as the services do."""

    def bring(content: bytes, *, dry_run: bool = False, **options: Any) -> ImportResult:
        into, now = options.pop("account", account), options.pop("now", clock.now())
        source = StatementSource(file=io.BytesIO(content), **{"filename": "statement"} | options)
        return import_statement(source, account=into, now=now, dry_run=dry_run)

    return bring


@pytest.fixture
def undo() -> Undo:
    def undo(result: ImportResult) -> UndoResult:
        assert result.id
        return undo_import(record=StatementImport.objects.get(pk=result.id), now=clock.now())

    return undo


@pytest.fixture
def send(as_alice: APIClient, account: EncryptedFinancialProfile) -> Send:
    """POST the bytes of a file, as a client does."""

    def send(content: bytes, *, client: APIClient = as_alice, **fields: Any) -> Any:
        file = SimpleUploadedFile(fields.pop("filename", "statement.csv"), content)
        return client.post(URL, {"file": file, "account": str(account.pk)} | fields, format="multipart")

    return send


@pytest.fixture
def held(account: EncryptedFinancialProfile) -> Held:
    """What is in the account: how often each (day, amount, description)."""

    def held() -> Counter:
        rows = FinancialTransaction.objects.filter(financial_profile=account)
        return Counter(rows.values_list("transaction_date", "amount", "description"))

    return held

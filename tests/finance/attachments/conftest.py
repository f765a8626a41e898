"""Fixtures that attach files to a transaction of Alice through the API."""

import os
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from dev.factories import TransactionFactory
from dev.receipts import pdf, png
from finance.models import FinancialTransaction
from users.models import User

ATTACHMENTS = "/api/v1/finance/attachments/"
RECEIPT = pdf("Corner Shop", "Total 4.20 EUR")
Upload = Callable[..., Any]


def file_of(content: bytes = RECEIPT, name: str = "receipt.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, "application/octet-stream")


def large_png(size: int) -> bytes:
    """Return a PNG file of exactly `size` bytes, which can't be compressed."""
    return png(data=os.urandom(size - len(png(data=b""))))


def error_of(response: Any) -> tuple[int, str, str | None]:
    error = response.json()["errors"][0]
    return response.status_code, error["code"], error["attr"]


@pytest.fixture
def spent(alice: User) -> FinancialTransaction:
    row: FinancialTransaction = TransactionFactory(user=alice)
    return row


@pytest.fixture
def upload(as_alice: APIClient, spent: FinancialTransaction) -> Upload:
    """Return a function that attaches a file to the transaction `spent`, and returns the response."""

    def upload(content: bytes = RECEIPT, name: str = "receipt.pdf", **fields: Any) -> Any:
        form = {"transaction": str(spent.pk), "file": file_of(content, name)} | fields
        return as_alice.post(ATTACHMENTS, form, format="multipart")

    return upload


def body_of(response: Any) -> bytes:
    """Return the body of a download."""
    return b"".join(response.streaming_content)

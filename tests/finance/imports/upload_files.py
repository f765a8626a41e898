"""Files that are too large for a request, and the responses to them."""

from typing import Any

from finance.models import FinancialTransaction, StatementImport
from tests.finance.imports.statement_files import Line, csv_of

LARGE = csv_of(*[Line(text=f"Shop {number}", amount=f"-{number % 97 + 1}.00") for number in range(501)])


def location(response: Any) -> str:
    """Return the path of the upload that was accepted."""
    assert response.status_code == 202, response.content
    return str(response.headers["Location"])


def no_rows() -> bool:
    """Return True if nothing was imported."""
    return not (StatementImport.objects.exists() or FinancialTransaction.objects.exists())

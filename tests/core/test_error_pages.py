"""Error pages of the back office are rendered without the database, which this module's tests may not use."""

import pytest

from mingus import error_pages


@pytest.mark.parametrize(("status", "code"), [(500, "error"), (503, "anything_else"), (403, "csrf_failed")])
def test_a_page_needs_no_database(status: int, code: str) -> None:
    page = error_pages.page(status, code, "The <detail>.").decode()
    assert f"Error {status}" in page
    assert "<detail>" not in page


def test_a_page_of_an_unknown_error_has_its_detail() -> None:
    page = error_pages.page(429, "throttled", "Wait 40 seconds.").decode()
    assert "Too many requests" in page
    assert "Wait 40 seconds." in page

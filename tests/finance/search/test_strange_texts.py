"""Any text as a search: rows, or a 400 with a column."""

from typing import Any

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from rest_framework.test import APIClient

from tests.finance.search.conftest import LIST
from tests.long_series import size

PIECES = [
    *("(", ")", '"', "\\", "-", "*", " ", "or", "OR", ":", "=", "!=", ">", ">=", "<", "<=", "..", "%", "_", "'", "\x00"),
    *("amount", "signed", "date", "posted", "created", "category", "tag", "payee", "account", "type", "status", "currency"),
    *("has", "is", "sort", "note", "description", "reference", "2026", "2026-03", "last-30-days", "last-9999-days", "today"),
    *("1", "-1", "0.5", "9" * 20, "1900", "2200-12-31", "coffee", "東京", "กาแฟ", "é", "☕", "“", "”", "„", "\N{SOFT HYPHEN}"),
]
TEXTS = st.text(max_size=60) | st.lists(st.sampled_from(PIECES), max_size=12).map("".join)


@pytest.mark.long
def test_any_text_is_answered(as_alice: APIClient, settings: Any) -> None:
    settings.RATE_LIMITS = False

    @examples(max_examples=size(sample=300, whole=20_000), deadline=None, suppress_health_check=list(HealthCheck))
    @given(TEXTS)
    @example("created:last-9999-days")
    @example("-\N{COMBINING ACUTE ACCENT}")
    @example("amount:0..0")
    def request(text: str) -> None:
        response = as_alice.get(LIST, {"search": text})
        assert response.status_code in {200, 400}, response.content
        if response.status_code == 400:
            [error] = response.json()["errors"]
            assert error["attr"] == "search"
            assert 1 <= error["column"] <= len(text) + 1

    request()

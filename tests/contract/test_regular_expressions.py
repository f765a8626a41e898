"""Linear time of every regular expression of the product on long repetitive input.

The patterns are found in the source and the URLs, so a new one is tested, too.
"""

import re
from contextlib import suppress

import pytest
from django.urls import Resolver404, resolve

from tests.contract import processor_time
from tests.contract.processor_time import grows_linearly
from tests.contract.regular_expressions import BUILT, Use, beginnings_of_urls, patterns_in_source, texts_for, uses

pytestmark = pytest.mark.long


def slow_text(use: Use) -> tuple[str, str, str] | None:
    """Return the first text on which a pattern is slow."""

    def is_slow(beginning: str, repeated: str, end: str) -> bool:
        return not grows_linearly(lambda size: use.run(beginning + repeated * (size // len(repeated)) + end))

    return next((text for text in texts_for(use.pattern) if text[1] and is_slow(*text)), None)


@pytest.mark.parametrize("use", uses(), ids=str)
def test_a_pattern_takes_linear_time(use: Use) -> None:
    assert slow_text(use) is None


def find_view(path: str) -> None:
    with suppress(Resolver404):
        resolve(path)


@pytest.mark.parametrize("end", ["", "/", "!"])
@pytest.mark.parametrize("kind", ["a", "/", "a/", "1", "-", ".", "\n", "0b-"])
def test_a_view_is_found_in_linear_time(kind: str, end: str) -> None:
    def is_slow(beginning: str) -> bool:
        return not grows_linearly(lambda size: find_view(beginning + kind * (size // len(kind)) + end))

    assert list(filter(is_slow, beginnings_of_urls())) == []


def test_a_pattern_built_from_data_is_tested_with_examples() -> None:
    """List the functions that build patterns. If this fails, compile the pattern in the module, or add examples to BUILT."""
    found, built = patterns_in_source()
    assert built == set(BUILT)
    assert len(found) > 40


@pytest.mark.parametrize(
    "pattern",
    [
        r"[\w.+-]+@[\w-]+(\.[\w-]+)+",
        r"(a+)+$",
        r"[\s,]+\d",
        r"\s+$",
        r"[(\[].*?[)\]]",
        r"x{2}(?:ab|cd)*(?:ab)*!",
        r"(?:a|[a-z])*0",
        rb"[a-z]+:\d",
        r"<a(?:\s*\w*)*>",
    ],
)
def test_a_slow_pattern_is_found(pattern: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processor_time, "LIMIT", 0.3)  # seconds; these need more on every machine
    assert slow_text(Use("example", re.compile(pattern)))


@pytest.mark.parametrize("pattern", [r"[a-z]+", r"x{0,255}y", r"(?<!\w)\w++@", r"^\s*<\?xml", r"DETAIL:.*?(?=\n\n|\Z)"])
def test_a_linear_pattern_is_not_reported(pattern: str) -> None:
    assert slow_text(Use("example", re.compile(pattern))) is None

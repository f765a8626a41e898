"""Every notice of the billing simulation names the amount, the day and the remedy."""

import pytest

from tests.billing.notice_contents import missing_in
from tests.dev.test_billing_simulation import EXPECTED_LINES

TITLE, BODY = "    Notice: ", "        "


def pinned_notices() -> list[tuple[str, str]]:
    """Return the title and the message of every notice in the pinned lines, which equal those of the simulation."""
    found: list[tuple[str, list[str]]] = []
    for line in EXPECTED_LINES.read_text().splitlines():
        if line.startswith(TITLE):
            found.append((line.removeprefix(TITLE), []))
        elif line.startswith(BODY) and found:
            found[-1][1].append(line.removeprefix(BODY))
    return sorted({(title, "\n".join(lines)) for title, lines in found})


@pytest.mark.parametrize(("title", "message"), pinned_notices())
def test_a_notice_names_amount_day_and_remedy(title: str, message: str) -> None:
    assert missing_in(message) == [], f"{title}: {message}"
    assert title


def test_all_kinds_of_notices_are_checked() -> None:
    assert len({title for title, _ in pinned_notices()}) >= 13

"""Generated CSV statements: the right rows, or a refusal that names the option to send, and never a wrong row."""

import pytest

from finance.statements.rows import StatementError
from tests.finance.statements.generated_csv import generate
from tests.finance.statements.parse_helpers import Reading, read

OPTIONS = {"ambiguous_dates": "date_order", "ambiguous_amounts": "decimal"}


def _read(content: str, answers: dict[str, str], **sent: str) -> Reading:
    """Read `content`, sending each option that a refusal names."""
    try:
        return read(content, **sent)
    except StatementError as refusal:
        option = OPTIONS[refusal.code]
        is_named = option in refusal.message and option not in sent
    if not is_named:
        pytest.fail(f"The refusal must name {option}.")
    return _read(content, answers, **sent, **{option: answers[option]})


@pytest.mark.parametrize("seed", range(400))
def test_no_row_is_wrong(seed: int) -> None:
    made = generate(seed)
    reading = _read(made.content, {"date_order": made.date_order, "decimal": made.decimal})
    assert reading.errors == []
    assert [(row.date, row.amount, row.description) for row in reading.rows] == made.rows


@pytest.mark.parametrize("seed", range(100))
def test_the_options_alone_give_the_same_rows(seed: int) -> None:
    made = generate(seed)
    reading = read(made.content, date_order=made.date_order, decimal=made.decimal)
    assert [(row.date, row.amount, row.description) for row in reading.rows] == made.rows

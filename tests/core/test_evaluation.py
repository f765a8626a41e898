"""Evaluation of expressions in Python: numeric arithmetic as in PostgreSQL, and unsupported nodes."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.db.models import F, TextField
from django.db.models.functions import Cast, Length
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from core.models.evaluation import evaluator, quotient, rounded
from finance.models import FinancialTransaction

numbers = (
    st.decimals(Decimal("-1e20"), Decimal("1e20"), places=2) | st.decimals(-2, 2, places=20) | st.integers(-99, 99).map(Decimal)
)
QUOTIENTS = """
SELECT a / b, round(a / b, places)
FROM unnest(%s::numeric[], %s::numeric[], %s::int[]) WITH ORDINALITY AS pair (a, b, places, number) ORDER BY number
"""


@pytest.mark.django_db
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
@given(pairs=st.lists(st.tuples(numbers, numbers.filter(bool), st.integers(0, 6)), min_size=1, max_size=50))
def test_quotients_equal_postgresqls_digit_by_digit(pairs: list[tuple[Decimal, Decimal, int]]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(QUOTIENTS, [list(column) for column in zip(*pairs, strict=True)])
        in_sql = cursor.fetchall()
    in_python = [(q := quotient(left, right), rounded(q, Decimal(1).scaleb(-places))) for left, right, places in pairs]
    assert [tuple(map(str, row)) for row in in_python] == [tuple(map(str, row)) for row in in_sql]


@pytest.mark.parametrize("expression", [Length("description"), Cast(F("amount"), TextField())], ids=str)
def test_an_unsupported_node_is_refused(expression: Any) -> None:
    with pytest.raises(TypeError, match="can't be evaluated in Python"):
        evaluator(expression, FinancialTransaction)


def test_a_derived_value_is_read_only_and_up_to_date() -> None:
    row = FinancialTransaction(amount="-3.50")
    assert row.absolute_amount == Decimal("3.50")
    row.amount = Decimal("-4.00")
    assert row.absolute_amount == Decimal("4.00")
    with pytest.raises(AttributeError):
        row.absolute_amount = Decimal(1)

"""Growth in percent, equal in Python and SQL to the last shown digit."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dev.factories import ProjectionFactory
from finance.models import IncomeProjection
from finance.serializers.projections import ProjectionSerializer
from users.models import User

D = Decimal
AMOUNTS = st.one_of(st.decimals("0.01", "200000.00", places=2), st.decimals("0.01", "9999999999.99", places=2))
LATER = st.one_of(st.none(), st.just(D("0.00")), AMOUNTS)
RATES = st.one_of(st.none(), st.decimals("-100", "1000", places=2))
ROWS = st.tuples(AMOUNTS, LATER, LATER, RATES)
NAMES = ("current_income", "projected_income_3_years", "projected_income_5_years", "growth_rate")


@given(rows=st.lists(ROWS, min_size=20, max_size=20))
@example(rows=[(D("335544.32"), D("345.67"), D("391353.93"), None)])  # a fifth root of exactly 1.03125: a tie at 3.125 %
@example(rows=[(D("100.00"), D("100.01"), D("99.999").quantize(D("0.01")), D("1.00"))])
@example(rows=[(D("200.00"), D("200.01"), D("199.99"), None), (D("9999999999.99"), D("0.01"), D("0.01"), None)])
@example(rows=[(D("0.01"), D("9999999999.99"), D("9999999999.99"), None)])
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@pytest.mark.django_db
def test_sql_equals_python(rows: list[tuple[Any, ...]], alice: User) -> None:
    IncomeProjection.objects.all().delete()
    projections = [ProjectionFactory.build(user=alice, **dict(zip(NAMES, row, strict=True))) for row in rows]
    IncomeProjection.objects.bulk_create(projections)
    sql_serializer, stored = ProjectionSerializer.get_sql_serializer(), IncomeProjection.objects.order_by("pk")
    in_sql = sql_serializer.objects(list(stored.values_list(*sql_serializer.expressions)))
    in_python = [{name: text(getattr(row, name)) for name in IncomeProjection.derived} for row in stored]
    assert [{name: row[name] for name in IncomeProjection.derived} for row in in_sql] == in_python


def text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)


def test_without_a_later_income_only_the_rate_is_known() -> None:
    row = IncomeProjection(current_income=D("50000.00"), growth_rate=D("2.50"))
    assert (row.annual_growth_rate, row.projected_growth_3_years, row.projected_growth_5_years) == (D("2.50"), None, None)
    row.growth_rate = None
    assert row.annual_growth_rate is None


def test_zero_is_an_income() -> None:
    row = IncomeProjection(current_income=D("50000.00"), projected_income_5_years=D("0.00"), growth_rate=D("2.50"))
    assert (row.annual_growth_rate, row.projected_growth_5_years) == (D("-100.00"), D("-100.00"))

"""Levels of the overall risk in Python, SQL, filters and orderings."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from career.models import JobSecurityAnalysis
from dev.factories import JobSecurityFactory
from users.models import User

URL = "/api/v1/career/job-security/"
scores = st.none() | st.decimals(0, 1, places=2)

LEVELS = [
    ("0.00", "very_secure", "Low Risk", 0, 100),
    ("0.20", "very_secure", "Low Risk", 20, 80),
    ("0.21", "secure", "Moderate Risk", 21, 79),
    ("0.40", "secure", "Moderate Risk", 40, 60),
    ("0.41", "moderate", "Elevated Risk", 41, 59),
    ("0.60", "moderate", "Elevated Risk", 60, 40),
    ("0.61", "at_risk", "High Risk", 61, 39),
    ("0.80", "at_risk", "High Risk", 80, 20),
    ("0.81", "high_risk", "Critical Risk", 81, 19),
    ("1.00", "high_risk", "Critical Risk", 100, 0),
]


@pytest.mark.parametrize(("score", "security", "risk", "percent", "rest"), LEVELS)
def test_a_score_has_its_levels(score: str, security: str, risk: str, percent: int, rest: int) -> None:
    row = JobSecurityAnalysis(overall_risk_score=Decimal(score))
    assert (row.security_level, row.risk_level) == (security, risk)
    assert (row.risk_percentage, row.security_percentage) == (percent, rest)


def test_an_unknown_score_has_no_level() -> None:
    row = JobSecurityAnalysis()
    assert [row.security_level, row.risk_level, row.risk_percentage, row.security_percentage] == [None] * 4


@pytest.mark.django_db
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(found=st.lists(scores, min_size=1, max_size=30))
def test_sql_derives_the_same_levels(found: list[Decimal | None], alice: User) -> None:
    JobSecurityAnalysis.objects.all().delete()
    JobSecurityFactory.create_batch(len(found), user=alice)
    rows = list(JobSecurityAnalysis.objects.order_by("pk"))
    JobSecurityAnalysis.objects.bulk_update(
        [_with_score(row, score) for row, score in zip(rows, found, strict=True)], ["overall_risk_score"]
    )
    names = JobSecurityAnalysis.derived
    in_sql = JobSecurityAnalysis.objects.order_by("pk").values_list(*JobSecurityAnalysis.sql_derived().values())
    assert list(in_sql) == [tuple(getattr(row, name) for name in names) for row in JobSecurityAnalysis.objects.order_by("pk")]


def _with_score(row: JobSecurityAnalysis, score: Decimal | None) -> JobSecurityAnalysis:
    row.overall_risk_score = score
    return row


def test_lists_are_filtered_and_sorted_by_level(as_alice: APIClient, alice: User) -> None:
    low, high, _ = [JobSecurityFactory(user=alice, overall_risk_score=score) for score in (Decimal(0), Decimal("0.9"), None)]
    shown = lambda **query: [row["id"] for row in as_alice.get(URL, query).json()["results"]]  # noqa: E731
    assert shown(security_level="very_secure") == [str(low.pk)]
    assert shown(risk_level="Critical Risk") == [str(high.pk)]
    assert shown(risk_percentage__gte=0, ordering="-risk_percentage") == [str(high.pk), str(low.pk)]
    assert len(shown(ordering="risk_percentage")) == 3


def test_an_unknown_level_is_refused(as_alice: APIClient) -> None:
    response = as_alice.get(URL, {"security_level": "fine"})
    assert response.status_code == 400
    assert response.json()["errors"][0]["attr"] == "security_level"


def test_analyses_are_found_by_their_factors(as_alice: APIClient, alice: User) -> None:
    row: Any = JobSecurityFactory(user=alice, risk_factors=[{"factor": "union", "value": True}])
    JobSecurityFactory(user=alice)
    found = as_alice.get(URL, {"risk_factors__contains": '[{"factor": "union"}]'}).json()["results"]
    assert [item["id"] for item in found] == [str(row.pk)]

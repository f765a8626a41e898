"""`POST /career/job-security/generate/`, which stores an analysis of the profile and the request."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from rest_framework.test import APIClient

from career.models import JobSecurityAnalysis
from dev.factories import FeatureAccessFactory, JobSecurityFactory, ProfileFactory
from tests.conftest import ClientFor
from users.models import User

URL = "/api/v1/career/job-security/"
GENERATE = f"{URL}generate/"
KNOWN = {"naics_code": "513210", "education_level": "master", "annual_income": Decimal("118000.00")}
ALL_NO = dict.fromkeys(("hiring_freeze", "recent_layoffs", "reorganisation", "public_sector", "union"), False)


@pytest.fixture(autouse=True)
def _with_a_plan(alice: User, bob: User) -> None:
    """Open the feature to both users. tests/billing/test_gating.py covers users without it."""
    for user in (alice, bob):
        FeatureAccessFactory(user=user, feature_name="career_risk_management", usage_limit=None)


def generated(client: APIClient, **facts: Any) -> dict[str, Any]:
    response = client.post(GENERATE, facts)
    assert response.status_code == 201, response.json()
    return response.json()


def factors(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {factor["factor"]: factor for factor in found["risk_factors"]}


def test_an_analysis_is_stored_and_returned(as_alice: APIClient, alice: User) -> None:
    ProfileFactory(user=alice, **KNOWN)
    found = generated(as_alice, tenure_years="1.9", hiring_freeze=True)
    row = JobSecurityAnalysis.objects.get()
    assert (str(row.pk), row.user) == (found["id"], alice)
    assert as_alice.get(f"{URL}{row.pk}/").json() == found
    assert as_alice.get(URL).json()["results"] == [found]


def test_contributions_add_up_to_the_score_with_their_sources(as_alice: APIClient, alice: User) -> None:
    ProfileFactory(user=alice, **KNOWN)
    found = generated(as_alice, tenure_years="1.9", hiring_freeze=True, union=True)
    parts = factors(found)
    assert Decimal("0.50") + sum(Decimal(part["contribution"]) for part in parts.values()) == Decimal(
        found["overall_risk_score"]
    )
    assert {name: part["basis"] for name, part in parts.items()} == {
        "industry": "T1",
        "education": "T3",
        "tenure": "T6",
        "hiring_freeze": "judgement",
        "union": "judgement",
    }
    assert parts["hiring_freeze"]["source"] == "Our own judgment, not measured"


def test_the_vintage_of_the_tables_is_shown(as_alice: APIClient, alice: User) -> None:
    ProfileFactory(user=alice, **KNOWN)
    found = generated(as_alice)["market_conditions"]
    assert [source["table"] for source in found["sources"]] == ["T1", "T3", "T6"]
    assert found["sources"][1]["period"] == "Fourth quarter of 2023"
    assert all(date.fromisoformat(source["retrieved"]) for source in found["sources"])
    assert "not a probability" in found["scale"]


def test_an_unknown_sector_falls_back_on_all_industries(as_alice: APIClient, alice: User) -> None:
    ProfileFactory(user=alice, education_level="bachelor")
    found = generated(as_alice)
    assert found["market_conditions"]["unemployment"] == {
        "sector": "All industries",
        "sector_percent": "4.00",
        "all_percent": "4.00",
        "is_fallback": True,
        "text": "Your sector is not known, so the rate of all industries is used instead.",
    }
    assert found["industry_risk_score"] is None
    assert found["overall_risk_score"] == "0.40"


def test_without_facts_there_is_no_score_but_a_recommendation(as_alice: APIClient) -> None:
    found = generated(as_alice)
    assert [found[name] for name in ("overall_risk_score", "security_level", "risk_level", "risk_percentage")] == [None] * 4
    assert found["market_conditions"]["evidence"]["strength"] == "none"
    assert any("naics_code" in text for text in found["recommendations"])


@pytest.mark.parametrize(
    ("facts", "strength"),
    [
        ({}, "weak"),
        ({"tenure_years": "3.0"}, "moderate"),
        ({"tenure_years": "3.0", "recent_layoffs": True, "hiring_freeze": True}, "weak"),
    ],
)
def test_weak_evidence_is_shown_as_weak(facts: dict[str, Any], strength: str, as_alice: APIClient, alice: User) -> None:
    ProfileFactory(user=alice, **KNOWN)
    assert generated(as_alice, **facts)["market_conditions"]["evidence"]["strength"] == strength


def test_false_is_a_fact_and_a_missing_value_is_unknown(as_alice: APIClient, alice: User) -> None:
    ProfileFactory(user=alice, **KNOWN)
    silent, denied = generated(as_alice), generated(as_alice, **ALL_NO)
    assert (silent["company_risk_score"], denied["company_risk_score"]) == (None, "0.50")
    assert silent["overall_risk_score"] == denied["overall_risk_score"]
    assert "union" in silent["market_conditions"]["evidence"]["missing"]
    assert denied["market_conditions"]["evidence"]["missing"] == ["tenure"]


def test_advice_begins_with_the_largest_contribution(as_alice: APIClient, alice: User) -> None:
    ProfileFactory(user=alice, naics_code="238210")
    found = generated(as_alice, recent_layoffs=True, reorganisation=True, tenure_years="10.0")
    assert list(factors(found)) == ["tenure", "recent_layoffs", "industry", "reorganisation"]
    assert [text.split()[0] for text in found["mitigation_strategies"]] == ["Ask", "Unemployment", "Find"]
    assert any("lost a job" in text for text in found["career_opportunities"])


def test_pay_is_compared_with_the_median_of_2019(as_alice: APIClient, alice: User) -> None:
    ProfileFactory(user=alice, **KNOWN)
    found = generated(as_alice)["salary_comparison"]
    assert (found["median_weekly"], found["median_annual"], found["year"], found["currency"]) == (
        "1497",
        "77844.00",
        "2019",
        "USD",
    )
    assert (found["your_annual_income"], found["percent_of_median"]) == ("118000.00", "151.6")


def test_an_income_outside_of_the_us_is_not_compared(as_alice: APIClient, alice: User) -> None:
    ProfileFactory(user=alice, country="IT", zip_code="00184", **KNOWN)
    found = generated(as_alice)
    assert "your_annual_income" not in found["salary_comparison"]
    assert found["market_conditions"]["limits"] == [
        "The tables cover the United States, but your profile names another country."
    ]


@pytest.mark.parametrize(("status", "word"), [("self_employed", "3.58 %"), ("unemployed", "no job"), ("retired", "no job")])
def test_the_limits_explain_the_index_without_an_employment(status: str, word: str, as_alice: APIClient, alice: User) -> None:
    ProfileFactory(user=alice, employment_status=status, **KNOWN)
    assert word in generated(as_alice)["market_conditions"]["limits"][0]


def test_without_an_education_there_is_no_pay_to_compare(as_alice: APIClient, alice: User) -> None:
    ProfileFactory(user=alice, naics_code="51")
    assert generated(as_alice)["salary_comparison"] == {}


def test_personal_attributes_do_not_change_the_analysis(alice: User, bob: User, api: ClientFor) -> None:
    ProfileFactory(user=alice, gender="f", date_of_birth=date(1998, 1, 1), marital_status="single", dependents=0, **KNOWN)
    ProfileFactory(user=bob, gender="m", date_of_birth=date(1961, 1, 1), marital_status="married", dependents=4, **KNOWN)
    first, second = [generated(api(user), tenure_years="2.0") for user in (alice, bob)]
    assert {**first, "id": 0, "created_at": 0, "updated_at": 0} == {**second, "id": 0, "created_at": 0, "updated_at": 0}


def test_another_analysis_on_the_same_day_is_another_row(as_alice: APIClient) -> None:
    generated(as_alice, hiring_freeze=True)
    generated(as_alice, hiring_freeze=False)
    assert JobSecurityAnalysis.objects.count() == 2


def test_its_date_is_the_owners_day(as_alice: APIClient, alice: User) -> None:
    ProfileFactory(user=alice, timezone="Pacific/Auckland")
    with time_machine.travel("2026-11-22 17:00Z", tick=False):
        assert generated(as_alice)["analysis_date"] == "2026-11-23"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("tenure_years", "-0.1"),
        ("tenure_years", "80.1"),
        ("tenure_years", "NaN"),
        ("tenure_years", "Infinity"),
        ("tenure_years", "1.55"),
        ("hiring_freeze", "perhaps"),
        ("union", [True]),
        ("gender", "f"),
        ("overall_risk_score", "0.10"),
    ],
)
def test_an_invalid_value_is_refused_at_its_field(field: str, value: Any, as_alice: APIClient) -> None:
    response = as_alice.post(GENERATE, {field: value})
    assert response.status_code == 400
    assert {error["attr"] for error in response.json()["errors"]} == {field}
    assert not JobSecurityAnalysis.objects.exists()


def test_an_analysis_can_not_be_written_by_hand(as_alice: APIClient, alice: User) -> None:
    row: Any = JobSecurityFactory(user=alice)
    assert as_alice.post(URL, {"analysis_date": "2026-03-01"}).status_code == 405
    assert as_alice.patch(f"{URL}{row.pk}/", {"overall_risk_score": "0.00"}).status_code == 405
    assert as_alice.delete(f"{URL}{row.pk}/").status_code == 405


def test_a_read_token_does_not_generate(alice: User, api: ClientFor) -> None:
    assert api(alice, scope="read").post(GENERATE, {}).status_code == 403

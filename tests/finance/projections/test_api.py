"""Projections that are generated from the profile's income or stored as sent."""

from decimal import Decimal
from typing import Any

import pytest
import time_machine
from rest_framework.test import APIClient

from dev.factories import ProfileFactory, ProjectionFactory
from finance.models import IncomeProjection
from users.models import User

PROJECTIONS = "/api/v1/finance/income-projections/"


def generate(client: APIClient, **body: Any) -> Any:
    return client.post(f"{PROJECTIONS}generate/", body, format="json")


def error(response: Any) -> tuple[int, str, str]:
    first = response.json()["errors"][0]
    return response.status_code, first["code"], first["attr"]


def test_it_uses_the_income_and_time_zone_of_the_profile(as_alice: APIClient, alice: User) -> None:
    ProfileFactory(user=alice, annual_income=Decimal("75000.00"), timezone="Pacific/Kiritimati")
    with time_machine.travel("2026-03-10 17:00Z", tick=False):
        response = generate(as_alice)
    assert response.status_code == 201
    shown = response.json()
    assert [shown[f"projected_income_{name}"] for name in ("1_year", "3_years", "5_years")] == [
        "78225.00",
        "85096.99",
        "92572.67",
    ]
    assert (shown["projection_date"], shown["growth_rate"], shown["confidence_level"]) == ("2026-03-11", "4.30", "0.80")
    assert (shown["annual_growth_rate"], shown["projected_growth_3_years"]) == ("4.30", "13.46")
    assert as_alice.get(f"{PROJECTIONS}{shown['id']}/").json() == shown


def test_income_occupation_and_switch_can_be_given(as_alice: APIClient) -> None:
    shown = generate(as_alice, current_income="100000.00", occupation="professional", switch=True).json()
    assert shown["projected_income_1_year"] == "105700.00"
    assert shown["factors"]["growth"]["occupation"] == "professional"
    assert (shown["growth_rate"], shown["annual_growth_rate"]) == ("4.60", "4.82")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, (400, "income_unknown", "current_income")),
        ({"current_income": "0.00"}, (400, "min_value", "current_income")),
        ({"current_income": "9999999999999.99"}, (400, "income_too_large", "current_income")),
        ({"current_income": "1", "occupation": "astronaut"}, (400, "invalid_choice", "occupation")),
        ({"income": "1"}, (400, "unknown_field", "income")),
    ],
)
def test_invalid_input_is_refused(as_alice: APIClient, body: dict[str, Any], expected: tuple[int, str, str]) -> None:
    assert error(generate(as_alice, **body)) == expected
    assert not IncomeProjection.objects.exists()


def test_an_income_of_zero_in_the_profile_is_unknown(as_alice: APIClient, alice: User) -> None:
    ProfileFactory(user=alice, annual_income=Decimal("0.00"))
    assert error(generate(as_alice)) == (400, "income_unknown", "current_income")


def test_a_projection_can_be_stored_and_deleted(as_alice: APIClient) -> None:
    body = {"projection_date": "2026-03-01", "current_income": "50000.00", "projected_income_5_years": "60000.00"}
    response = as_alice.post(PROJECTIONS, body)
    shown = response.json()
    assert (response.status_code, shown["growth_rate"], shown["projected_growth_3_years"]) == (201, None, None)
    assert (shown["annual_growth_rate"], shown["projected_growth_5_years"]) == ("3.71", "20.00")
    assert as_alice.delete(f"{PROJECTIONS}{shown['id']}/").status_code == 204


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"annual_growth_rate__gte": "4.30"}, [2, 1]),
        ({"annual_growth_rate__lte": "4.29"}, [0]),
        ({"projected_growth_5_years__gte": "23.44"}, [2]),
        ({"ordering": "annual_growth_rate"}, [0, 1, 2]),
        ({"ordering": "-projected_growth_5_years", "projection_date__lte": "2026-03-02"}, [1, 0]),
        ({"factors__contains": '{"by": "hand"}'}, [0]),
    ],
)
def test_lists_are_filtered_and_sorted_by_growth(
    as_alice: APIClient, alice: User, query: dict[str, str], expected: list[int]
) -> None:
    low = ProjectionFactory(
        user=alice,
        projected_income_5_years=None,
        growth_rate=Decimal("-3.00"),
        factors={"by": "hand"},
        projection_date="2026-03-01",
    )
    usual = ProjectionFactory(user=alice, projection_date="2026-03-02")
    high = ProjectionFactory(user=alice, projection_date="2026-03-03", projected_income_5_years=Decimal("99999.00"))
    places = {str(row.pk): place for place, row in enumerate((low, usual, high))}
    found = as_alice.get(PROJECTIONS, query).json()["results"]
    assert [places[row["id"]] for row in found] == expected

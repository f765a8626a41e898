"""The customers: who they are, where they live and what they work."""

import random
import uuid
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from dev.population.draws import around, choose, choose_row, parameters, source_of

# The first customers have a fixed part in the demo: what they do is not drawn, so that each trouble occurs exactly once
PARTS = ("payment fails", "disputes", "wants a refund", "is locked out", "has imported twice", "is being erased")
WEEKS = 52
PART_TIME_PAY = 0.55


@dataclass(frozen=True)
class Person:
    """A customer. `id` is the same in every database. `profile` has the fields of the product's profile."""

    id: uuid.UUID
    key: str
    email: str
    part: str
    profile: dict[str, Any]
    currency: str
    decimals: int
    per_dollar: float

    @property
    def income(self) -> float:
        """The yearly income in their own currency."""
        return float(self.profile["annual_income"])


def people() -> list[Person]:
    """Return all customers."""
    found: list[Person] = []
    names: set[str] = set()
    for number in range(parameters()["customers"]):
        found.append(_person(number, names))
    return found


def _person(number: int, names: set[str]) -> Person:
    rng = source_of("person", number)
    place = choose_row(rng, parameters()["countries"])
    first, last = _name(rng, place, names)
    address = parameters()["email"].format(first=_plain(first), last=_plain(last))
    decimals = place.get("decimals", 2)
    profile = {
        "first_name": first,
        "last_name": last,
        **{name: place[name] for name in ("city", "state", "country", "timezone")},
        "zip_code": place["postcode"],
        **_household(rng),
        **_work(rng, place["amount_per_dollar"], decimals),
    }
    part = PARTS[number] if number < len(PARTS) else ""
    key, currency = f"c{number:03}", place["currency"]
    own = uuid.UUID(int=source_of("id", number).getrandbits(128), version=4)
    return Person(own, key, address, part, profile, currency, decimals, place["amount_per_dollar"])


def _name(rng: random.Random, place: dict[str, Any], names: set[str]) -> tuple[str, str]:
    """Return a first and a last name that no other customer has."""
    while True:
        first, last = rng.choice(place["first_names"]), rng.choice(place["last_names"])
        if f"{first} {last}" not in names:
            names.add(f"{first} {last}")
            return first, last


def _plain(name: str) -> str:
    return name.lower().replace(" ", "")


def _household(rng: random.Random) -> dict[str, Any]:
    youngest, oldest = parameters()["work"]["age"]
    age = rng.randint(youngest, oldest)
    married = rng.random() < min(max((age - 22) / 30, 0.1), 0.65)
    dependents = rng.choice((0, 0, 1, 2, 2, 3)) if married and age > 27 else 0
    return {
        "date_of_birth": date(2026 - age, rng.randint(1, 12), rng.randint(1, 28)),
        "marital_status": "married" if married else rng.choice(("single", "single", "domestic_partnership", "divorced")),
        "dependents": dependents,
        "household_size": 1 + married + dependents,
        "years_of_experience": max(age - rng.randint(19, 26), 0),
        "risk_tolerance": rng.choice(("conservative", "moderate", "moderate", "aggressive")),
    }


def _work(rng: random.Random, per_dollar: float, decimals: int) -> dict[str, Any]:
    work = parameters()["work"]
    sector, education = choose_row(rng, work["sectors"]), choose(rng, work["education"])
    status = choose(rng, {name: work[name] for name in ("employed", "self_employed", "part_time")})
    weekly = work["weekly_earnings"][education] * work["growth_since"]["factor"] * per_dollar
    yearly = around(rng, weekly * WEEKS, work["income_spread"]) * (PART_TIME_PAY if status == "part_time" else 1)
    job, company = rng.choice(sector["jobs"]), f"{rng.choice(work['companies'])} {sector['industry']}"
    return {
        "annual_income": Decimal(round(yearly, -2)).quantize(Decimal("0.01")),
        "income_source": "Own business" if status == "self_employed" else "Salary",
        "employment_status": status,
        "education_level": education,
        "occupation": job,
        "job_title": job,
        "industry": sector["industry"],
        "naics_code": sector["naics_code"],
        "company_name": company,
        "company_size": rng.choice(("1-9", "10-49", "50-249", "250-999", "1000+")),
        "financial_goals": rng.sample(("Three months of expenses", "Pay off the card", "A down payment", "Retire at 62"), 2),
    }

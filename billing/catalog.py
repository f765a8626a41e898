"""The plans that the first migration creates. Staff change them afterwards in the back office."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from billing.entitlements import Entitlement


@dataclass(frozen=True)
class Tier:
    """A tier, sold monthly and yearly. Prices are in USD. A limit of 0 disables a feature; an absent limit means unlimited."""

    name: str
    description: str
    monthly: Decimal
    yearly: Decimal
    features: Mapping[str, bool]
    limits: Mapping[str, int] = field(default_factory=dict)


FEATURES = (
    "health_checkins",
    "financial_reports",
    "ai_insights",
    "custom_reports",
    "career_risk_management",
    "data_export",
    "api_access",
)


def switches(*included: str) -> dict[str, bool]:
    """Return each feature with True if a tier includes it."""
    return {name: name in included for name in FEATURES}


BUDGET = Tier(
    "Budget",
    "Everyday money and wellness tracking for one person",
    Decimal("15.00"),
    Decimal("150.00"),
    switches("health_checkins", "financial_reports", "data_export"),
    {
        "health_checkins_per_month": 4,
        "financial_reports_per_month": 2,
        "ai_insights_per_month": 0,
        "custom_reports_per_month": 0,
        "career_risk_management_per_month": 0,
        "support_requests_per_month": 1,
    },
)

MID_TIER = Tier(
    "Mid-tier",
    "Correlations, career risk and forecasts for people who plan ahead",
    Decimal("35.00"),
    Decimal("350.00"),
    switches(*(name for name in FEATURES if name != "api_access")),
    {
        "health_checkins_per_month": 12,
        "financial_reports_per_month": 10,
        "ai_insights_per_month": 50,
        "custom_reports_per_month": 5,
        "support_requests_per_month": 3,
    },
)

PROFESSIONAL = Tier(
    "Professional", "Everything, without limits, with API access", Decimal("75.00"), Decimal("750.00"), switches(*FEATURES)
)

TIERS = (BUDGET, MID_TIER, PROFESSIONAL)

# The features available without a subscription. Users must never be locked out of their own data.
FREE_FEATURES: Mapping[str, Entitlement] = {"data_export": Entitlement(True)}


def rows() -> Iterator[dict[str, Any]]:
    """Yield the field values of each SubscriptionPlan: every tier monthly and yearly, with the same features and limits."""
    for tier in TIERS:
        same = {"description": tier.description, "features": dict(tier.features), "limits": dict(tier.limits)}
        yield {"name": tier.name, "billing_cycle": "monthly", "price": tier.monthly, "currency": "USD", **same}
        yield {"name": tier.name, "billing_cycle": "yearly", "price": tier.yearly, "currency": "USD", **same}

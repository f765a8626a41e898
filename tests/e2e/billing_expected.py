"""Expected periods, entitlements and invoices of the lifecycle test."""

from typing import Any

from billing.models import SubscriptionPlan
from tests.e2e.billing_scenario import api_time

BEGIN = "03-02 09:30"
MID_TIER = {
    "ai_insights": 50,
    "career_risk_management": None,
    "custom_reports": 5,
    "data_export": None,
    "financial_reports": 10,
    "health_checkins": 12,
    "support_requests": 3,
}
PROFESSIONAL = dict.fromkeys([*MID_TIER, "api_access"])
FREE = {"data_export": None}
TRIAL_BILL = (api_time(BEGIN), "0.00", "0.00", "paid", api_time(BEGIN), 0)
MARCH_BILL = (api_time("03-16 09:30"), "35.00", "0.00", "paid", api_time("03-16 10:30"), 0)


def plan(name: str) -> str:
    return str(SubscriptionPlan.objects.get(name=name, billing_cycle="monthly").pk)


def period(status: str, begin: str, end: str) -> dict[str, Any]:
    return {
        "status": status,
        "is_active": status in {"trialing", "active"},
        "is_trial": status == "trialing",
        "current_period_start": api_time(begin),
        "current_period_end": api_time(end),
        "cancel_at_period_end": False,
        "canceled_at": None,
        "trial_start": api_time(BEGIN),
        "trial_end": api_time("03-16 09:30"),
        "days_until_renewal": None,
    }


def decision(why: str, until: str, *, is_enabled: bool = True) -> dict[str, Any]:
    return {"decided_by": "subscription", "is_enabled": is_enabled, "limit": 50, "until": api_time(until), "why": why}


def april_bill(status: str, paid_at: str | None) -> tuple[Any, ...]:
    return api_time("04-16 09:30"), "35.00", "0.00", status, paid_at and api_time(paid_at), 0


def upgrade_bill(*, status: str = "paid", refunded: str = "0.00") -> tuple[Any, ...]:
    return api_time("05-01 09:30"), "20.00", refunded, status, api_time("05-01 09:30"), 0


APRIL_BILL = april_bill("paid", "04-23 09:30")

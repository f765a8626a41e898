"""The table of what plans sell: a use of each feature as a real API call, and its outcome at the limit and without the plan.

A feature whose use is built by a later change is in PENDING with the routes that will be its uses.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from rest_framework.test import APIClient

from core import clock

Use = Callable[[APIClient], Any]
Outcome = tuple[int, str]


@dataclass(frozen=True)
class Gate:
    """A feature, one use of it, and the status and code of the response. `is_counted` is False without a monthly limit."""

    feature: str
    use: Use
    success: int
    at_limit: Outcome
    without_plan: Outcome
    is_counted: bool = True


def check_in(client: APIClient) -> Any:
    return client.post("/api/v1/health/checkins/", {"checkin_date": str(date(2026, 3, 1)), "mood_score": 7})


def analyze_job(client: APIClient) -> Any:
    return client.post("/api/v1/career/job-security/generate/", {})


def create_token(client: APIClient) -> Any:
    return client.post("/api/v1/users/tokens/", {"name": "Spreadsheet"})


def ask_support(client: APIClient) -> Any:
    feedback = {"feedback_type": "support", "feedback_date": str(clock.now().date()), "feedback_text": "The import fails."}
    return client.post("/api/v1/analytics/feedback/", feedback)


def export_data(client: APIClient) -> Any:
    return client.post("/api/v1/users/me/export/")


LIMIT_REACHED, PLAN_REQUIRED = (403, "limit_reached"), (403, "plan_required")
GATES = {
    gate.feature: gate
    for gate in (
        # stored all the same, and marked: tests/health/test_plan_limits.py
        Gate("health_checkins", check_in, 201, at_limit=(201, ""), without_plan=(201, "")),
        Gate(
            "career_risk_management", analyze_job, 201, at_limit=(429, "limit_reached"), without_plan=(402, "feature_disabled")
        ),
        Gate("api_access", create_token, 201, at_limit=(201, ""), without_plan=PLAN_REQUIRED, is_counted=False),
        Gate("support_requests", ask_support, 201, at_limit=LIMIT_REACHED, without_plan=PLAN_REQUIRED),
        Gate("data_export", export_data, 202, at_limit=(202, ""), without_plan=(202, ""), is_counted=False),
    )
}
PENDING = {
    "financial_reports": ("/api/v1/finance/reports/", "/api/v1/finance/report-schedules/"),
    "custom_reports": ("/api/v1/finance/reports/", "/api/v1/finance/report-schedules/"),
    "ai_insights": ("/api/v1/health/correlations/", "/api/v1/health/experiments/", "/api/v1/career/stress-test/"),
}

"""Two months of usage data for the demo customers. Each day has its own random seed, so every run creates the same rows."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from django.db import transaction

from analytics import services
from analytics.models import FeatureUsage, PerformanceMetric, UserAnalytics, UserFeedback
from dev.demo.rows import save_checked, shared_fields
from users.models import User

D = Decimal
DAYS = 60
MARK = {"source": "demo"}
STAFF_EMAIL = "support@mingus.example"
# the probability that a customer uses the product on a day, and the features they use
HABITS = {
    "alice@mingus.example": (0.85, ("transactions", "forecast", "health check-in", "career", "reports")),
    "bob@mingus.example": (0.45, ("transactions", "statement import", "reports")),
    "chiara@mingus.example": (0.65, ("transactions", "health check-in", "goals")),
}


@dataclass(frozen=True)
class PlannedFeedback:
    """Feedback that was written `ago` days ago and, if it is resolved or closed, resolved `after` days later."""

    ago: int
    feedback_type: str
    rating: int | None
    feedback_text: str
    category: str
    final_status: str = "open"
    priority: str = "medium"
    resolution_notes: str = ""
    after: int = 0


FEEDBACK = {
    "alice@mingus.example": (
        PlannedFeedback(1, "enhancement", 4, "Could the forecast show two months side by side?", "forecast"),
        PlannedFeedback(6, "bug", 2, "The chart jumps when I rotate my phone.", "reports", "in_progress", "high"),
        PlannedFeedback(
            19, "general", 5, "Finally an app that tells me when it isn't sure.", "career", "closed", "low", "Thank you!", 1
        ),
        PlannedFeedback(
            33, "support", 3, "How do I change my email address?", "account", "resolved", "low", "Explained by email.", 2
        ),
    ),
    "bob@mingus.example": (
        PlannedFeedback(
            2, "bug", 1, "Overdraft fee appears twice after the import.", "statement import", "pending", "critical"
        ),
        PlannedFeedback(14, "feature", None, "I need a quarterly report for my tax advisor.", "reports"),
        PlannedFeedback(
            41, "bug", 2, "My fuel card file was rejected.", "statement import", "resolved", "high", "Fixed, please retry.", 9
        ),
    ),
    "chiara@mingus.example": (
        PlannedFeedback(3, "feature", 4, "Un'interfaccia in italiano, per favore.", "language", "pending", "low"),
        PlannedFeedback(9, "support", 3, "Which time zone applies when I travel?", "account", "in_progress"),
        PlannedFeedback(27, "enhancement", 5, "Goals that count down are great.", "goals", "closed", "low", "Good to hear!", 3),
    ),
}

# name, unit, category, base value, largest deviation of a day from it
METRICS = (
    ("active customers", "", "customers", D(1830), D(14)),
    ("new accounts", "", "customers", D(38), D(6)),
    ("response time, 95th percentile", "ms", "api", D("84.20"), D("9.50")),
    ("error rate", "%", "api", D("0.12"), D("0.06")),
    ("jobs waiting", "", "jobs", D(3), D(3)),
    ("monthly recurring revenue", "USD", "billing", D("41250.00"), D("310.00")),
)


@transaction.atomic
def load(user: Any, *, today: date) -> None:
    """Create the usage and feedback of `user` and the product's metrics. Existing rows stay."""
    _events(user, today=today)
    _usage(user, today=today)
    if not UserFeedback.objects.for_user(user).exists():
        for planned in FEEDBACK[user.email]:
            _feedback(user, planned, today=today)
    load_metrics(today=today)


def load_metrics(*, today: date) -> None:
    """Create the product's metrics up to `today`, which belong to no customer. Another run adds the missing days."""
    known = set(PerformanceMetric.objects.filter(metadata__contains=MARK).values_list("metric_name", "metric_date"))
    rows = []
    for day in _days(today):
        for name, unit, category, base, spread in METRICS:
            value = max(base + spread * _random(name, day).randint(-100, 100) / 100, D(0))
            row = PerformanceMetric(
                metric_date=day,
                metric_name=name,
                metric_value=value.quantize(D("0.01") if unit else D(1)),
                metric_unit=unit,
                category=category,
                metadata=MARK,
            )
            if (name, day) not in known:
                rows.append(row)
    PerformanceMetric.objects.bulk_create(rows)


def _days(today: date) -> Iterator[date]:
    return (today - timedelta(days=ago) for ago in reversed(range(DAYS)))


def _random(*seed: object) -> Random:
    return Random(" ".join(str(part) for part in seed))


def _events(user: Any, *, today: date) -> None:
    known = set(UserAnalytics.objects.for_user(user).filter(event_data__contains=MARK).values_list("event_date", flat=True))
    rows = [_session(user, day) for day in _days(today) if day not in known and _is_active(user, day)]
    UserAnalytics.objects.bulk_create(rows)


def _is_active(user: Any, day: date) -> bool:
    return _random(user.email, day).random() < HABITS[user.email][0]


def _session(user: Any, day: date) -> UserAnalytics:
    rng = _random(user.email, day, "session")
    features = rng.sample(HABITS[user.email][1], k=2)
    return UserAnalytics(
        user=user,
        event_date=day,
        event_type="session",
        event_data={**MARK, "platform": rng.choice(["web", "ios", "android"])},
        session_duration=rng.randint(40, 1500),
        page_views=rng.randint(2, 30),
        features_used=features,
        engagement_score=D(rng.randint(25, 97)) / 100,
        retention_score=D(rng.randint(35, 95)) / 100,
    )


def _usage(user: Any, *, today: date) -> None:
    rows = []
    for day in (day for day in _days(today) if _is_active(user, day)):
        for feature in _random(user.email, day, "session").sample(HABITS[user.email][1], k=2):
            rng = _random(user.email, day, feature)
            count = rng.randint(1, 9)
            errors = rng.choice([0, 0, 0, 0, 1, 2]) if count > 2 else 0
            row = FeatureUsage(
                user=user,
                feature_name=feature,
                usage_date=day,
                usage_count=count,
                usage_duration=rng.randint(15, 700),
                success_rate=round(D(count - errors) / count, 2),
                error_count=errors,
                performance_metrics={**MARK, "slowest_ms": rng.randint(60, 900)},
            )
            rows.append(row)
    FeatureUsage.objects.bulk_create(rows, ignore_conflicts=True)


def _feedback(user: Any, planned: PlannedFeedback, *, today: date) -> None:
    """Create feedback as the API does, and then its triage by staff."""
    day = today - timedelta(days=planned.ago)
    row = UserFeedback(user=user, feedback_date=day, **shared_fields(planned, UserFeedback))
    if planned.final_status != "open":
        row.assigned_to = User.objects.filter(email=STAFF_EMAIL, is_staff=True).first()
    save_checked(row)
    written = datetime.combine(day, time(15, 20), UTC)
    UserFeedback.objects.filter(pk=row.pk).update(created_at=written)
    row.refresh_from_db()
    row.status = planned.final_status
    services.save_triage(row, now=written + timedelta(days=planned.after))

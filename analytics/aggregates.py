"""Statistics over groups of customers, for staff who may not see the data of an individual customer."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Avg, Count, F, Q, QuerySet, Sum
from django.db.models.functions import TruncMonth

from analytics.models import FeatureUsage
from billing.models import Subscription
from core.currencies import rounded
from health.models import UserHealthCheckin

MIN_GROUP_SIZE = 5  # customers; a sum over fewer would reveal data of an individual
MAX_AGE = timedelta(days=730)
RECENT = timedelta(days=30)
MAX_GROUPS = 50


@dataclass(frozen=True)
class AggregateRow:
    """A group of customers: its name, its size and its statistics."""

    name: str
    people: int
    figures: tuple[Any, ...] = ()


@dataclass(frozen=True)
class AggregateTable:
    """A titled statistic and its groups, without groups of fewer than MIN_GROUP_SIZE customers."""

    title: str
    heading: str
    columns: tuple[str, ...]
    groups: list[AggregateRow]


def customers_by_month(now: datetime) -> AggregateTable:
    customers = get_user_model()._default_manager.filter(is_staff=False, created_at__gte=now - MAX_AGE)
    months = customers.annotate(name=TruncMonth("created_at")).values("name")
    return AggregateTable("New customers", "month", (), _groups(months, "pk", order="name"))


def customers_by_plan() -> AggregateTable:
    running = Subscription.objects.filter(Q(status="active") | Q(status="trialing"), user__is_staff=False)
    plans = running.values(name=F("plan__name"), cycle=F("plan__billing_cycle"), charged_in=F("currency"))
    groups = _groups(plans, "user", order="name", each=Sum("recurring_amount"))
    return AggregateTable("Plans", "plan", ("billing cycle", "currency", "charged for each cycle"), groups)


def use_of_features(now: datetime) -> AggregateTable:
    features = FeatureUsage.objects.filter(usage_date__gte=(now - RECENT).date()).values(name=F("feature_name"))
    figures = {"uses": Sum("usage_count"), "errors": Sum("error_count")}
    return AggregateTable(
        "Features in 30 days", "feature", ("uses", "errors"), _groups(features, "user", order="-people", **figures)
    )


def checkins_by_month(now: datetime) -> AggregateTable:
    checkins = UserHealthCheckin.objects.filter(checkin_date__gte=(now - MAX_AGE).date())
    months = checkins.annotate(name=TruncMonth("checkin_date")).values("name")
    figures = {"mood": Avg("mood_score"), "stress": Avg("stress_level"), "sleep": Avg("sleep_hours")}
    return AggregateTable(
        "Check-ins", "month", ("mean mood", "mean stress", "mean hours of sleep"), _groups(months, "user", "name", **figures)
    )


def _groups(rows: QuerySet[Any, Any], person: str, order: str, **figures: Any) -> list[AggregateRow]:
    # SECURITY: small groups are filtered out with their names, since a feature's name is free text from a customer's client
    counted = rows.annotate(people=Count(person, distinct=True), **figures).filter(people__gte=MIN_GROUP_SIZE)
    return [_group(dict(row)) for row in counted.order_by(order)[:MAX_GROUPS]]


def _group(row: dict[str, Any]) -> AggregateRow:
    name, people = row.pop("name"), row.pop("people")
    title = f"{name:%Y-%m}" if hasattr(name, "strftime") else str(name)
    currency = row.get("currency")  # of sums of money; other figures have two decimals
    figures = [rounded(Decimal(value), currency) if isinstance(value, float | Decimal) else value for value in row.values()]
    return AggregateRow(title, people, tuple(figures))

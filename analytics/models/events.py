"""What customers do with the product, as events."""

from decimal import Decimal
from typing import Any

from django.db import models

from analytics.models.levels import (
    ENGAGEMENT,
    RETENTION,
    EngagementLevel,
    RetentionLevel,
    level,
    level_in_sql,
    minutes,
    minutes_in_sql,
)
from core.models.base import OwnedModel, OwnedQuerySet, gin
from core.models.fields import (
    BoundedIntegerField,
    JSONListField,
    JSONObjectField,
    NonBlankCharField,
    PlausibleDateField,
    ShareField,
)
from core.postgres.partitions import PartitionedQuerySet, created_at_matches_key
from core.privacy.declarations import recorded
from core.privacy.masks import personal


class EventQuerySet(PartitionedQuerySet, OwnedQuerySet):  # type: ignore[override]  # as_manager gives its own manager
    """Events of customers, which lie in months."""


class UserAnalytics(OwnedModel):
    """Something that a customer did: a session, a visit, a click. Nothing refers to an event, so old ones can go."""

    event_date = PlausibleDateField()
    event_type = NonBlankCharField(max_length=100)
    event_data = JSONObjectField()
    session_duration = BoundedIntegerField(min=0, null=True, blank=True)
    page_views = BoundedIntegerField(min=0, null=True, blank=True)
    features_used = JSONListField()
    engagement_score = ShareField(null=True, blank=True)
    retention_score = ShareField(null=True, blank=True)

    privacy = recorded("how he used the app, as the app counted it")
    personal_fields = personal("event_data", "features_used", "engagement_score", "retention_score")
    derived = ("session_minutes", "engagement_level", "retention_level")

    class Meta(OwnedModel.Meta):
        verbose_name = "event"
        constraints = [created_at_matches_key("analytics_useranalytics")]
        indexes = [
            models.Index(fields=["user", "-event_date", "-id"], name="analytics_event_by_day"),
            models.Index(fields=["user", "event_type", "-event_date", "-id"], name="analytics_event_by_type"),
            gin("analytics_event", "event_data"),
            gin("analytics_event", "features_used"),
        ]

    objects = EventQuerySet.as_manager()  # type: ignore[misc, assignment]  # narrower than its base's

    def __str__(self) -> str:
        return f"{self.event_date} {self.event_type}"

    @classmethod
    def sql_derived(cls) -> dict[str, Any]:
        return {
            "session_minutes": minutes_in_sql("session_duration"),
            "engagement_level": level_in_sql("engagement_score", ENGAGEMENT, "low", EngagementLevel),
            "retention_level": level_in_sql("retention_score", RETENTION, "poor", RetentionLevel),
        }

    @property
    def session_minutes(self) -> Decimal | None:
        """The session's length in minutes, with two decimals."""
        return minutes(self.session_duration)

    @property
    def engagement_level(self) -> str | None:
        """high from 0.8, medium from 0.5, else low; null while the score is unknown."""
        return level(self.engagement_score, ENGAGEMENT, "low")

    @property
    def retention_level(self) -> str | None:
        """excellent from 0.8, good from 0.6, fair from 0.4, else poor; null while the score is unknown."""
        return level(self.retention_score, RETENTION, "poor")

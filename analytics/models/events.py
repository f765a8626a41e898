"""What customers do with the product, as events."""

from django.db import models
from django.db.models import F

from analytics.models.levels import ENGAGEMENT, MINUTES, RETENTION, EngagementLevel, RetentionLevel, minutes
from core.models.base import OwnedModel, OwnedQuerySet, gin
from core.models.derived import Derived
from core.models.fields import (
    BoundedIntegerField,
    JSONListField,
    JSONObjectField,
    NonBlankCharField,
    PlausibleDateField,
    ShareField,
)
from core.postgres.expressions import graded
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

    session_minutes = Derived(
        minutes("session_duration"), MINUTES, help_text="The session's length in minutes, with two decimals."
    )
    engagement_level = Derived(
        graded(F("engagement_score"), ENGAGEMENT, EngagementLevel),
        models.CharField(choices=EngagementLevel, null=True),
        help_text="high from 0.8, medium from 0.5, else low; null while the score is unknown.",
    )
    retention_level = Derived(
        graded(F("retention_score"), RETENTION, RetentionLevel),
        models.CharField(choices=RetentionLevel, null=True),
        help_text="excellent from 0.8, good from 0.6, fair from 0.4, else poor; null while the score is unknown.",
    )

"""Events of customer activity."""

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


class EventQuerySet(PartitionedQuerySet, OwnedQuerySet):  # type: ignore[override]  # as_manager() returns its own manager class
    """Customers' events, in a table with monthly partitions."""


class UserAnalytics(OwnedModel):
    """An action of a customer: a session, a visit or a click. No row refers to an event, so old partitions can be dropped."""

    event_date = PlausibleDateField(help_text="Day of the event in the user's time zone.")
    event_type = NonBlankCharField(max_length=100, help_text="Kind of event, such as session or click.")
    event_data = JSONObjectField(help_text="Details of the event, a JSON object of any content.")
    session_duration = BoundedIntegerField(min=0, null=True, blank=True, help_text="Length of the session in seconds.")
    page_views = BoundedIntegerField(min=0, null=True, blank=True, help_text="Number of pages that were viewed.")
    features_used = JSONListField(help_text="Names of the features that were used, a JSON list.")
    engagement_score = ShareField(null=True, blank=True, help_text="0 (lowest) to 1, two decimals. Empty (null) if unknown.")
    retention_score = ShareField(null=True, blank=True, help_text="0 (lowest) to 1, two decimals. Empty (null) if unknown.")

    privacy = recorded("the customer's use of the app, as recorded by the app")
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

    objects = EventQuerySet.as_manager()  # type: ignore[misc, assignment]  # narrower type than the base's

    def __str__(self) -> str:
        return f"{self.event_date} {self.event_type}"

    session_minutes = Derived(
        minutes("session_duration"), MINUTES, help_text="Length of the session in minutes, with two decimals; null if unknown."
    )
    engagement_level = Derived(
        graded(F("engagement_score"), ENGAGEMENT, EngagementLevel),
        models.CharField(choices=EngagementLevel, null=True),
        help_text="`high` from a score of 0.8, `medium` from 0.5, otherwise `low`; null if the score is unknown.",
    )
    retention_level = Derived(
        graded(F("retention_score"), RETENTION, RetentionLevel),
        models.CharField(choices=RetentionLevel, null=True),
        help_text="`excellent` from a score of 0.8, `good` from 0.6, `fair` from 0.4, otherwise `poor`; null if it is unknown.",
    )

"""The inbox of Stripe events, as they were received, with their processing state."""

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Q

from core.models.base import BaseModel
from core.models.constraints import rule
from core.models.fields import BoundedIntegerField, ChoiceField, JSONObjectField, NonBlankCharField


class EventState(models.TextChoices):
    WAITING = "waiting"
    HANDLED = "handled"
    IGNORED = "ignored"  # of a type that is not synced, or of an unknown customer
    FAILED = "failed"
    ABANDONED = "abandoned"  # failed too often; only a replay processes it again


class StripeEventQuerySet(models.QuerySet["StripeEvent"]):
    def waiting(self) -> "StripeEventQuerySet":
        """Return the events that are not processed yet or whose processing failed."""
        return self.filter(state__in=(EventState.WAITING, EventState.FAILED))

    def clearable(self, before: datetime) -> "StripeEventQuerySet":
        """Return the events that were processed before an instant and still have a body."""
        return self.filter(handled_at__lt=before).exclude(body="")


class StripeEvent(BaseModel):
    """One event, stored once however often it is delivered. Its body is cleared after `stripe.events.EVENT_BODY_RETENTION`."""

    stripe_id = NonBlankCharField(max_length=255, unique=True)
    type = NonBlankCharField(max_length=100)
    api_version = models.CharField(max_length=40, blank=True)
    stripe_customer_id = models.CharField(max_length=255, blank=True)
    object_id = models.CharField(max_length=255, blank=True)
    happened_at = models.DateTimeField()
    body = models.TextField(blank=True, help_text="The signed request body, until it expires or the customer is erased.")
    headers = JSONObjectField()
    state = ChoiceField(EventState, max_length=20, default=EventState.WAITING)
    deliveries = BoundedIntegerField(min=1, default=1)
    attempts = BoundedIntegerField(min=0, default=0)
    handled_at = models.DateTimeField(null=True, blank=True)
    outcome = models.TextField(blank=True, help_text="The result in a sentence.")
    error = models.TextField(blank=True, help_text="The traceback of the last failure.")

    secret_fields = ("body", "headers")  # may contain personal data, so the audit log records only that they changed
    unaudited_fields = ("deliveries",)

    class Meta(BaseModel.Meta):
        verbose_name = "Stripe event"
        constraints = [
            rule(
                "billing_stripeevent_handled_at_matches_state",
                Q(state__in=(EventState.WAITING, EventState.FAILED), handled_at__isnull=True)
                | ~Q(state__in=(EventState.WAITING, EventState.FAILED)) & Q(handled_at__isnull=False),
                "Must be set exactly when the event is handled, ignored or abandoned.",
            ),
        ]
        indexes = [
            models.Index(fields=["-happened_at", "-id"], name="billing_event_newest"),
            models.Index(fields=["stripe_customer_id", "-happened_at"], name="billing_event_of_customer"),
            models.Index(
                fields=["created_at"],
                condition=Q(state__in=(EventState.WAITING, EventState.FAILED)),
                name="billing_event_waiting",
            ),
        ]

    objects: Any = StripeEventQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.type} {self.stripe_id}"

"""The inbox: what Stripe told us, as it came, and what was done about it."""

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
    IGNORED = "ignored"  # of a kind that nothing here follows from
    FAILED = "failed"


class StripeEventQuerySet(models.QuerySet["StripeEvent"]):
    """Stripe's events."""

    def waiting(self) -> "StripeEventQuerySet":
        """Those that nothing was done about yet, or in vain."""
        return self.filter(state__in=(EventState.WAITING, EventState.FAILED))

    def clearable(self, before: datetime) -> "StripeEventQuerySet":
        """Those that were dealt with before an instant, and whose text is still kept."""
        return self.filter(handled_at__lt=before).exclude(body="")


class StripeEvent(BaseModel):
    """One event, kept once however often it is delivered.

    `body` is the request's text as it was signed, emptied when the customer is erased or after the time that
    `billing.inbox` says. `outcome` says for people what followed from it; `error` is the traceback of the last failure.
    """

    stripe_id = NonBlankCharField(max_length=255, unique=True)
    type = NonBlankCharField(max_length=100)
    api_version = models.CharField(max_length=40, blank=True)
    stripe_customer_id = models.CharField(max_length=255, blank=True)
    object_id = models.CharField(max_length=255, blank=True)
    happened_at = models.DateTimeField()
    body = models.TextField(blank=True)
    headers = JSONObjectField()
    state = ChoiceField(EventState, max_length=20, default=EventState.WAITING)
    deliveries = BoundedIntegerField(min=1, default=1)
    attempts = BoundedIntegerField(min=0, default=0)
    handled_at = models.DateTimeField(null=True, blank=True)
    outcome = models.TextField(blank=True)
    error = models.TextField(blank=True)

    secret_fields = ("body", "headers")  # a whole customer of Stripe's may be in it: the log records only that it changed
    unaudited_fields = ("deliveries",)

    class Meta(BaseModel.Meta):
        verbose_name = "Stripe event"
        constraints = [
            rule(
                "billing_stripeevent_handled_at_matches_state",
                Q(state__in=(EventState.WAITING, EventState.FAILED), handled_at__isnull=True)
                | ~Q(state__in=(EventState.WAITING, EventState.FAILED)) & Q(handled_at__isnull=False),
                "Set exactly when it was dealt with.",
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

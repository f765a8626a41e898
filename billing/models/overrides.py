"""Overrides, by which staff enable or disable a feature for one customer until an instant."""

from datetime import datetime

from django.db import models
from django.db.models import F, Q

from core.models.base import OwnedModel, OwnedQuerySet, staff_foreign_key
from core.models.constraints import rule
from core.models.fields import BoundedIntegerField, NonBlankCharField
from core.privacy.declarations import recorded


class OverrideQuerySet(OwnedQuerySet):
    def in_force(self, now: datetime) -> "OverrideQuerySet":
        """Return the overrides that are in force at `now`."""
        return self.filter(starts_at__lte=now, ends_at__gt=now, revoked_at__isnull=True)

    def changed_between(self, after: datetime, until: datetime) -> "OverrideQuerySet":
        """Return the overrides that began or ended after `after` and no later than `until`."""
        return self.filter(Q(starts_at__gt=after, starts_at__lte=until) | Q(ends_at__gt=after, ends_at__lte=until))


class EntitlementOverride(OwnedModel):
    """One feature, enabled or disabled for one customer regardless of the plan. The newest one in force applies."""

    feature_name = NonBlankCharField(max_length=100)
    is_enabled = models.BooleanField(default=True)
    usage_limit = BoundedIntegerField(min=0, null=True, blank=True, help_text="Uses per counting month. Unlimited if empty.")
    reason = NonBlankCharField(max_length=500)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(help_text="The override applies until just before this time.")
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    granted_by = staff_foreign_key(null=True, blank=True, editable=False)

    privacy = recorded("the features that staff enabled or disabled for the customer, and why", withheld=("granted_by",))

    class Meta(OwnedModel.Meta):
        verbose_name = "override"
        constraints = [
            rule("billing_entitlementoverride_ends_at_after_start", Q(ends_at__gt=F("starts_at")), "Must be after starts_at.")
        ]
        indexes = [models.Index(fields=["user", "-created_at", "-id"], name="billing_override_newest")]

    objects = OverrideQuerySet.as_manager()  # type: ignore[misc]  # narrower than its base's

    def __str__(self) -> str:
        return self.feature_name

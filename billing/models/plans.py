"""Subscription plans."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.functions import Cast
from django.db.models.lookups import Regex

from billing.entitlements import Entitlement, entitlements, feature_defaults
from core.models.base import BaseModel, gin
from core.models.constraints import rule
from core.models.fields import ChoiceField, JSONObjectField, NonBlankCharField
from core.models.money import CurrencyField, MoneyField

TABLE = "billing_subscriptionplan"

FEATURE = r"[a-z][a-z0-9_]{0,99}"
LIMIT = r"[a-z][a-z0-9_]{0,99}_per_month"
MAX_USAGE_LIMIT = 999_999_999

FEATURES_SENTENCE = 'Each feature must be a lowercase name with true or false, such as {"data_export": true}.'
LIMITS_SENTENCE = 'Each limit must be a name that ends in _per_month with a whole number, such as {"data_export_per_month": 4}.'


class BillingCycle(models.TextChoices):
    MONTHLY = "monthly"
    YEARLY = "yearly"


def are_switches(value: Any) -> None:
    """Raise ValidationError unless every item of a JSON object is a feature's name with true or false."""
    if isinstance(value, dict) and not all(re.fullmatch(FEATURE, name) and isinstance(on, bool) for name, on in value.items()):
        raise ValidationError(FEATURES_SENTENCE, "not_switches")


def are_limits(value: Any) -> None:
    """Raise ValidationError unless every item of a JSON object is `<feature>_per_month` with a whole number, 0 or more."""
    for name, limit in value.items() if isinstance(value, dict) else ():
        is_count = isinstance(limit, int) and not isinstance(limit, bool) and 0 <= limit <= MAX_USAGE_LIMIT
        if not (re.fullmatch(LIMIT, name) and is_count):
            raise ValidationError(LIMITS_SENTENCE, "not_limits")


def each_item(field: str, name: str, value: str, sentence: str) -> models.CheckConstraint:
    """Return a CHECK that every item in a JSON object's text matches `name: value`, both regular expressions."""
    text = Cast(field, models.TextField())
    return rule(f"{TABLE}_{field}_values", Q(Regex(text, rf'^\{{("{name}": {value}(, )?)*\}}$')), sentence)


class OfferedPlan(NamedTuple):
    """The key and the name of a plan."""

    pk: UUID
    name: str


class PlanQuerySet(models.QuerySet["SubscriptionPlan"]):
    def offered(self) -> "PlanQuerySet":
        """Return the plans that are not retired."""
        return self.filter(is_active=True)

    def opening(self, feature: str, known: Mapping[str, bool] | None = None) -> list[OfferedPlan]:
        """Return the plans that include a feature, cheapest first. Pass `known_features()` if it was read already."""
        known = known_features() if known is None else known
        rows = self.order_by("price", "id").values_list("pk", "name", "features", "limits")
        opened = (
            (OfferedPlan(pk, name), entitlements(features, limits, known).get(feature)) for pk, name, features, limits in rows
        )
        return [plan for plan, entitlement in opened if entitlement is not None and entitlement.is_enabled]


class SubscriptionPlan(BaseModel):
    """A plan that customers can subscribe to, with its price, features and monthly limits."""

    name = NonBlankCharField(max_length=100, help_text="Name for customers. Unique together with the billing cycle.")
    description = models.TextField(blank=True, help_text="What the plan offers, as plain text for customers. May be empty.")
    price = MoneyField(is_above_zero=True, help_text="Price per billing cycle, above 0.")
    currency = CurrencyField(help_text="ISO 4217 code of the price's currency, such as USD.")
    billing_cycle = ChoiceField(BillingCycle, max_length=20, help_text="How often the price is charged.")
    features = JSONObjectField(
        validators=[are_switches], help_text='Feature names with true if the plan includes them, such as {"data_export": true}.'
    )
    limits = JSONObjectField(
        validators=[are_limits],
        help_text='Uses per month, such as {"data_export_per_month": 4}. Unlimited if absent, none if 0.',
    )
    is_active = models.BooleanField(default=True, help_text="False if retired: it can't be bought, but subscriptions continue.")
    stripe_product_id = models.CharField(
        max_length=255, blank=True, help_text="Stripe's id of the product. Set when the plans are synced."
    )
    stripe_price_id = models.CharField(
        max_length=255, blank=True, help_text="Stripe's id of the price. Set when the plans are synced."
    )

    class Meta(BaseModel.Meta):
        verbose_name = "plan"
        constraints = [
            models.UniqueConstraint(
                fields=["name", "billing_cycle"],
                name=f"{TABLE}_name_unique",
                violation_error_message="A plan with this name and billing cycle already exists.",
            ),
            each_item("features", FEATURE, "(true|false)", FEATURES_SENTENCE),
            each_item("limits", LIMIT, "[0-9]{1,9}", LIMITS_SENTENCE),
            models.UniqueConstraint(
                fields=["stripe_price_id"],
                condition=~Q(stripe_price_id=""),
                name=f"{TABLE}_stripe_price_id_unique",
                violation_error_message="Another plan already has this Stripe price.",
            ),
        ]
        indexes = [gin("billing_plan", "features"), gin("billing_plan", "limits")]

    objects = PlanQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.name}, {self.billing_cycle}"

    @property
    def monthly_price(self) -> Decimal:
        """The price per month, not rounded; for a yearly plan a twelfth of its price."""
        return self.price if self.billing_cycle == BillingCycle.MONTHLY else self.price / 12

    def entitlements(self, known: Mapping[str, bool] | None = None) -> dict[str, Entitlement]:
        """Return the plan's entitlements to the features of all plans. For several plans, pass `known_features()`."""
        return entitlements(self.features, self.limits, known_features() if known is None else known)


def known_features() -> dict[str, bool]:
    """Return the features of all plans, each with its switch in a plan that has none for it."""
    return feature_defaults(SubscriptionPlan.objects.values_list("features", "limits"))

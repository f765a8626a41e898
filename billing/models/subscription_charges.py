"""The fields of subscriptions that hold what Stripe charges: the customer's own price, discount, tax and next charge."""

from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from core.models.constraints import rule
from core.models.fields import BoundedIntegerField, ChoiceField
from core.models.money import CurrencyField, MoneyField

TABLE = "billing_subscription"
PRICE_WITHOUT_INTERVAL = "A price needs the interval for which it is charged."
CHARGE_WITHOUT_DAY = "The next charge needs both its day and its amount."
CHARGED_AMOUNTS = ("unit_price", "discount", "recurring_amount", "tax", "next_charge_amount")


class BillingInterval(models.TextChoices):
    """Stripe's intervals of recurring prices."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


CHARGE_RULES = (
    rule(f"{TABLE}_interval_with_price", Q(unit_price__isnull=True) | ~Q(interval=""), PRICE_WITHOUT_INTERVAL),
    rule(
        f"{TABLE}_next_charge_amount_with_day",
        Q(next_charge_at__isnull=True, next_charge_amount__isnull=True)
        | Q(next_charge_at__isnull=False, next_charge_amount__isnull=False),
        CHARGE_WITHOUT_DAY,
    ),
)


class SubscriptionCharges(models.Model):
    """The charges of a subscription, as the sync reads them from Stripe. A subscription that staff granted charges nothing."""

    currency = CurrencyField(help_text="ISO 4217 code of all amounts of the subscription, such as USD.")
    unit_price = MoneyField(
        min=0,
        null=True,
        blank=True,
        help_text="The customer's own price of one unit for each interval, before discount and tax. Empty (null) if staff "
        "granted it, for free.",
    )
    quantity = BoundedIntegerField(min=0, default=1, help_text="Units of the plan that are charged.")
    interval = ChoiceField(
        BillingInterval, max_length=10, blank=True, help_text="With interval_count, how often it is charged."
    )
    interval_count = BoundedIntegerField(min=1, default=1, help_text="Number of intervals between two charges.")
    discount = MoneyField(
        min=0, default=Decimal(0), help_text="Taken off each interval's price by coupons, as long as they last."
    )
    recurring_amount = MoneyField(
        min=0, default=Decimal(0), help_text="Charged for each interval after discounts, without tax. Add-ons are included."
    )
    tax = MoneyField(min=0, default=Decimal(0), help_text="Part of the next charge that is tax.")
    next_charge_at = models.DateTimeField(null=True, blank=True, help_text="When it is charged next; null if it is not.")
    next_charge_amount = MoneyField(
        min=0, null=True, blank=True, help_text="Charged next, after discounts, tax and credit, as Stripe computes it."
    )
    is_collection_paused = models.BooleanField(default=False, help_text="True if staff have paused its charges.")

    class Meta:
        abstract = True

    def clean(self) -> None:
        super().clean()
        if self.unit_price is not None and not self.interval:
            raise ValidationError({"interval": PRICE_WITHOUT_INTERVAL}, "not_set")
        if (self.next_charge_at is None) != (self.next_charge_amount is None):
            raise ValidationError({"next_charge_amount": CHARGE_WITHOUT_DAY}, "not_set")

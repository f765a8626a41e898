"""Stripe customers. Only the brand, the last four digits and the expiry of their card are stored."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from core.models.base import OwnedModel, OwnedQuerySet
from core.models.constraints import rule
from core.models.fields import BoundedIntegerField
from core.models.money import CurrencyField, MoneyField
from core.privacy.declarations import Erase, Privacy, Restore
from core.privacy.masks import personal

TABLE = "billing_stripecustomer"
BRANDS = {"amex": "American Express", "diners": "Diners Club", "eftpos_au": "Eftpos", "jcb": "JCB", "unionpay": "UnionPay"}


class StripeCustomerQuerySet(OwnedQuerySet):
    def with_problems(self) -> "StripeCustomerQuerySet":
        """Return the customers of whom the last sync left something out."""
        return self.exclude(problems="")


class StripeCustomer(OwnedModel):
    """A customer at Stripe, created at the first checkout. Stripe stores `credit` as a negative balance."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="stripe_customer", editable=False
    )
    stripe_id = models.CharField(max_length=255, blank=True, help_text="Empty until Stripe has created the customer.")
    card_brand = models.CharField(max_length=30, blank=True)
    card_last4 = models.CharField(max_length=4, blank=True)
    card_exp_month = BoundedIntegerField(min=1, max=12, null=True, blank=True)
    card_exp_year = BoundedIntegerField(min=2000, max=2200, null=True, blank=True)
    credit = MoneyField(default=0, help_text="Applied to the next invoices; a negative amount is owed.")
    currency = CurrencyField()
    charge_basis = models.CharField(
        max_length=64,
        blank=True,
        help_text="Digest of what determines the next charges. If it is empty or differs, they are read again.",
    )
    synced_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(
        null=True, blank=True, help_text="When a sync found that the customer is deleted at Stripe. A checkout creates another."
    )
    problems = models.TextField(blank=True, help_text="What the last sync left out, one sentence a line. Empty if nothing.")

    privacy = Privacy(
        export=True,
        erase=Erase.DELETE,
        restore=Restore.NEVER,
        reason="the customer's ID at Stripe, which takes the payments, and the card that pays",
        withheld=("problems",),
    )
    personal_fields = personal("stripe_id", "card_brand", "card_last4", "credit", "problems")

    class Meta(OwnedModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["stripe_id"], condition=~Q(stripe_id=""), name=f"{TABLE}_stripe_id_unique"),
            rule(f"{TABLE}_card_last4_digits", Q(card_last4__regex=r"^([0-9]{4})?$"), "Must be four digits or empty."),
        ]

    objects = StripeCustomerQuerySet.as_manager()  # type: ignore[misc]  # narrower than its base's

    def __str__(self) -> str:
        return self.card or "no card"

    @property
    def card(self) -> str:
        """The card's brand and last digits, such as `Visa •••• 4242`; "" without a card."""
        brand = BRANDS.get(self.card_brand, self.card_brand.capitalize())
        return f"{brand} •••• {self.card_last4}" if self.card_last4 else ""

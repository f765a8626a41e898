"""Transactions as they count, divided among categories: the one source of totals, correlations, reports and forecasts."""

from typing import Self

from django.conf import settings
from django.db import models

from core.models.base import OwnedQuerySet
from core.models.references import NameReferenceField, NameReferencesField
from finance.models.categories import MAX_CATEGORY_LENGTH
from finance.models.payees import MAX_PAYEE_LENGTH
from finance.models.tags import MAX_TAG_LENGTH
from finance.models.transactions import NEVER_COUNTED, FinancialTransaction


class Effect(models.TextChoices):
    INCOME = "income"
    SPENDING = "spending"
    TRANSFER = "transfer"


class PartQuerySet(OwnedQuerySet):
    def counted(self) -> Self:
        """Return the parts that count, without those of failed and canceled transactions."""
        return self.exclude(status__in=NEVER_COUNTED)

    def spending(self) -> Self:
        """Return what was spent, and with a positive amount what was given back."""
        return self.counted().filter(effect=Effect.SPENDING)


class Part(models.Model):
    """A transaction, or a part of one, as it counts: a row of the view `finance_part`, see `migrations/sql/parts.sql`.

    `effect` is `income`, `spending` or `transfer`. A refund of an expense is spending with a positive amount, on its own day
    and in the expense's category. The amounts of a transaction's parts add up to its amount.
    """

    owner_path = "user"

    pk = models.CompositePrimaryKey("transaction_id", "number")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.DO_NOTHING, related_name="+")
    transaction = models.ForeignKey(FinancialTransaction, models.DO_NOTHING, related_name="+")
    number = models.IntegerField()
    financial_profile = models.ForeignKey("finance.EncryptedFinancialProfile", models.DO_NOTHING, related_name="+", null=True)
    transaction_date = models.DateField()
    posted_date = models.DateField(null=True)
    status = models.CharField(max_length=50)
    payee = NameReferenceField("finance.Payee", max_length=MAX_PAYEE_LENGTH)
    currency = models.CharField(max_length=3)
    amount = models.DecimalField(max_digits=16, decimal_places=3)
    category = NameReferenceField("finance.Category", max_length=MAX_CATEGORY_LENGTH)
    tags = NameReferencesField("finance.Tag", base_field=models.CharField(max_length=MAX_TAG_LENGTH))
    effect = models.CharField(max_length=20, choices=Effect)

    class Meta:
        managed = False
        db_table = "finance_part"

    objects = PartQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.transaction_date} {self.amount} {self.currency} {self.effect}"

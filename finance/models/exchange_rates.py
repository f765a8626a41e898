"""Exchange rates that the user has entered, or that statements contain."""

from decimal import Decimal

from django.db import models
from django.db.models import F, Q

from core.models.base import OwnedModel, same_owner_foreign_key
from core.models.constraints import rule
from core.models.fields import BoundedDecimalField, ChoiceField, PlausibleDateField
from core.models.money import CurrencyField
from core.privacy.declarations import own
from finance.models.imports import StatementImport

TABLE = "finance_exchangerate"
RATE_DIGITS, RATE_DECIMALS = 18, 10
MIN_RATE = Decimal(1).scaleb(-RATE_DECIMALS)
MAX_RATE = Decimal(10) ** (RATE_DIGITS - RATE_DECIMALS) - MIN_RATE
SAME_CURRENCY = "Choose two different currencies."


class RateSource(models.TextChoices):
    USER = "user"
    IMPORT = "import"


class ExchangeRate(OwnedModel):
    """The price of one unit of `base` in `quote` on a day. A pair also serves as its inverse."""

    base = CurrencyField(default=models.NOT_PROVIDED, help_text="ISO 4217 code of the currency whose unit has the price.")
    quote = CurrencyField(default=models.NOT_PROVIDED, help_text="ISO 4217 code of the currency of the price.")
    day = PlausibleDateField(help_text="Day of the rate. It is used from this day until the day of the next one.")
    rate = BoundedDecimalField(
        max_digits=RATE_DIGITS,
        decimal_places=RATE_DECIMALS,
        min=MIN_RATE,
        max=MAX_RATE,
        help_text="Units of `quote` for one unit of `base`, above 0, with at most 10 decimals.",
    )
    source = ChoiceField(RateSource, max_length=10, default=RateSource.USER, editable=False, help_text="Who stated the rate.")
    statement_import = same_owner_foreign_key(
        StatementImport,
        on_delete=models.DO_NOTHING,
        null=True,
        blank=True,
        editable=False,
        related_name="exchange_rates",
        help_text="The import whose file contains the rate. Null: entered by the user.",
    )

    privacy = own("exchange rates that the customer has entered or imported")

    class Meta(OwnedModel.Meta):
        verbose_name = "exchange rate"
        constraints = [
            rule(f"{TABLE}_quote_other", ~Q(base=F("quote")), SAME_CURRENCY),
            rule(
                f"{TABLE}_source_known",
                Q(source=RateSource.USER, statement_import=None) | Q(source=RateSource.IMPORT, statement_import__isnull=False),
                "An imported rate has its import, and another one has none.",
            ),
            models.UniqueConstraint(
                fields=["user", "base", "quote", "day", "source"],
                name=f"{TABLE}_day_unique",
                violation_error_message="You already have a rate of these currencies for this day. Change that one.",
            ),
        ]
        indexes = [models.Index(fields=["user", "-day", "-id"], name="finance_rate_newest")]

    def __str__(self) -> str:
        return f"{self.day} 1 {self.base} = {self.rate.normalize():f} {self.quote}"

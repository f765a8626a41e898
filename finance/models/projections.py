"""What a customer's income may become."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db import models
from django.db.models import F, Func
from django.db.models.functions import Cast, Coalesce, Round

from core.models.base import OwnedModel, gin
from core.models.fields import BoundedDecimalField, JSONObjectField, PlausibleDateField, ShareField
from core.models.money import MoneyField
from core.privacy.declarations import own
from core.privacy.masks import personal

CENT = Decimal("0.01")
ROOT_PLACES = 8  # a root is rounded to these first, so that Python and SQL agree on it before they round to two
PERCENT = models.DecimalField(max_digits=20, decimal_places=2)
EXACT = models.DecimalField(max_digits=40, decimal_places=20)


class IncomeProjection(OwnedModel):
    """A yearly income and what it may be in one, three and five years: the medians; `factors` says how they came about."""

    projection_date = PlausibleDateField()
    current_income = MoneyField(min=CENT)
    projected_income_1_year = MoneyField(min=0, null=True, blank=True)
    projected_income_3_years = MoneyField(min=0, null=True, blank=True)
    projected_income_5_years = MoneyField(min=0, null=True, blank=True)
    growth_rate = BoundedDecimalField(max_digits=6, decimal_places=2, min=-100, max=1000, null=True, blank=True)
    factors = JSONObjectField()
    confidence_level = ShareField(null=True, blank=True)

    privacy = own("an estimate of his income, made from what he told us")
    personal_fields = personal(
        "current_income",
        "projected_income_1_year",
        "projected_income_3_years",
        "projected_income_5_years",
        "growth_rate",
        "factors",
        "confidence_level",
    )
    derived = ("annual_growth_rate", "projected_growth_3_years", "projected_growth_5_years")

    class Meta(OwnedModel.Meta):
        indexes = [
            models.Index(fields=["user", "-projection_date", "-id"], name="finance_projection_newest"),
            gin("finance_projection", "factors"),
        ]

    def __str__(self) -> str:
        return f"{self.projection_date} {self.current_income}"

    @classmethod
    def sql_derived(cls) -> dict[str, Any]:
        fifth_root = Func(
            _times_more("projected_income_5_years"), template="power(%(expressions)s, 0.2::numeric)", output_field=EXACT
        )
        rounded = Round(100 * fifth_root - 100, precision=ROOT_PLACES)
        return {
            "annual_growth_rate": Coalesce(Round(rounded, precision=2), F("growth_rate"), output_field=PERCENT),
            "projected_growth_3_years": _percent_more("projected_income_3_years"),
            "projected_growth_5_years": _percent_more("projected_income_5_years"),
        }

    @property
    def annual_growth_rate(self) -> Decimal | None:
        """Percent a year that lead to the five years' projection; `growth_rate` when there is none."""
        if self.projected_income_5_years is None:
            return self.growth_rate
        root = (self.projected_income_5_years / self.current_income) ** Decimal("0.2")
        return _rounded((100 * root - 100).quantize(Decimal(1).scaleb(-ROOT_PLACES), ROUND_HALF_UP))

    @property
    def projected_growth_3_years(self) -> Decimal | None:
        """Percent more than now, in all; None when there is no projection."""
        return self._growth_to(self.projected_income_3_years)

    @property
    def projected_growth_5_years(self) -> Decimal | None:
        """Percent more than now, in all; None when there is no projection."""
        return self._growth_to(self.projected_income_5_years)

    def _growth_to(self, income: Decimal | None) -> Decimal | None:
        return None if income is None else _rounded(100 * income / self.current_income - 100)


def _rounded(percent: Decimal) -> Decimal:
    return percent.quantize(CENT, ROUND_HALF_UP) + 0  # there is no -0.00


def _times_more(name: str) -> Any:
    """How many times `current_income` the column `name` is, to twenty decimals."""
    return Cast(F(name), EXACT) / Cast(F("current_income"), EXACT)


def _percent_more(name: str) -> Any:
    return Round(100 * _times_more(name) - 100, precision=2, output_field=PERCENT)

"""What a customer's income may become."""

from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Cast, Round

from core.models.base import OwnedModel, gin
from core.models.derived import Derived
from core.models.fields import (
    BoundedDecimalField,
    JSONObjectField,
    PlausibleDateField,
    ShareField,
)
from core.models.money import MoneyField
from core.postgres.expressions import PythonFunc, first_of
from core.privacy.declarations import own
from core.privacy.masks import personal

CENT = Decimal("0.01")
ROOT_PLACES = 8  # a root is rounded to these first, so that Python and SQL agree on it before they round to two
PERCENT = models.DecimalField(max_digits=20, decimal_places=2, null=True)
EXACT = models.DecimalField(max_digits=40, decimal_places=20)
IN_ALL = "Percent more than now, in all; None when there is no projection."


def _times_more(name: str) -> CombinedExpression:
    """Return how many times `current_income` the column `name` is, to twenty decimals."""
    return Cast(F(name), EXACT) / Cast(F("current_income"), EXACT)


def _percent_more(name: str) -> Round:
    return Round(100 * _times_more(name) - 100, precision=2)


_fifth_root = PythonFunc(
    _times_more("projected_income_5_years"),
    in_python=lambda times: times ** Decimal("0.2"),
    template="power(%(expressions)s, 0.2::numeric)",
    output_field=EXACT,
)


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

    class Meta(OwnedModel.Meta):
        indexes = [
            models.Index(fields=["user", "-projection_date", "-id"], name="finance_projection_newest"),
            gin("finance_projection", "factors"),
        ]

    def __str__(self) -> str:
        return f"{self.projection_date} {self.current_income}"

    annual_growth_rate = Derived(
        first_of(
            (Q(projected_income_5_years__isnull=True), F("growth_rate")),
            default=Round(Round(100 * _fifth_root - 100, precision=ROOT_PLACES), precision=2),
        ),
        PERCENT,
        help_text="Percent a year that lead to the five years' projection; `growth_rate` when there is none.",
    )
    projected_growth_3_years = Derived(_percent_more("projected_income_3_years"), PERCENT, help_text=IN_ALL)
    projected_growth_5_years = Derived(_percent_more("projected_income_5_years"), PERCENT, help_text=IN_ALL)

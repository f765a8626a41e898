"""Income projections."""

from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Cast, Round

from core.models.base import OwnedModel, gin
from core.models.derived import Derived
from core.models.fields import BoundedDecimalField, JSONObjectField, PlausibleDateField, ShareField
from core.models.money import MoneyField
from core.postgres.expressions import PythonFunc, first_of
from core.privacy.declarations import own
from core.privacy.masks import personal

ROOT_PLACES = 8  # round the root to 8 places before 2, so that Python and SQL return the same result
PERCENT = models.DecimalField(max_digits=20, decimal_places=2, null=True)
EXACT = models.DecimalField(max_digits=40, decimal_places=20)
TOTAL_GROWTH = "Total growth over the current income, in percent with two decimals. Null without a projection."


def _times_more(name: str) -> CombinedExpression:
    """Return the column `name` divided by `current_income`, to twenty decimals."""
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
    """A yearly income and its projected median after one, three and five years. `factors` documents the calculation."""

    projection_date = PlausibleDateField(help_text="Day from which the years are counted.")
    current_income = MoneyField(currency=None, is_above_zero=True, help_text="Yearly income on the projection date, above 0.")
    projected_income_1_year = MoneyField(
        currency=None, min=0, null=True, blank=True, help_text="Median yearly income after one year."
    )
    projected_income_3_years = MoneyField(
        currency=None, min=0, null=True, blank=True, help_text="Median yearly income after three years."
    )
    projected_income_5_years = MoneyField(
        currency=None, min=0, null=True, blank=True, help_text="Median yearly income after five years."
    )
    growth_rate = BoundedDecimalField(
        max_digits=6, decimal_places=2, min=-100, max=1000, null=True, blank=True, help_text="Percent a year: 4.30 is 4.3%."
    )
    factors = JSONObjectField(help_text="Inputs and sources of the calculation, as a JSON object.")
    confidence_level = ShareField(null=True, blank=True, help_text="Share of modeled outcomes from p10 to p90, 0.00 to 1.00.")

    privacy = own("an estimate of the customer's income, based on their own data")
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
        help_text="Percent a year that results in the five-year projection; `growth_rate` if there is no such projection.",
    )
    projected_growth_3_years = Derived(_percent_more("projected_income_3_years"), PERCENT, help_text=TOTAL_GROWTH)
    projected_growth_5_years = Derived(_percent_more("projected_income_5_years"), PERCENT, help_text=TOTAL_GROWTH)

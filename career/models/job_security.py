"""How safe a customer's work looked, against the labour tables."""

from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from django.db import models
from django.db.models import F, IntegerField, Q
from django.db.models.functions import Cast

from career.models.choices import RiskLevel, SecurityLevel
from core.models.base import OwnedModel, gin
from core.models.fields import JSONListField, JSONObjectField, PlausibleDateField, ShareField
from core.postgres.expressions import first_of
from core.privacy.declarations import own
from core.privacy.masks import personal

# up to this overall risk, these names; above the last of them the worst
LEVELS = (
    (Decimal("0.2"), SecurityLevel.VERY_SECURE, RiskLevel.LOW),
    (Decimal("0.4"), SecurityLevel.SECURE, RiskLevel.MODERATE),
    (Decimal("0.6"), SecurityLevel.MODERATE, RiskLevel.ELEVATED),
    (Decimal("0.8"), SecurityLevel.AT_RISK, RiskLevel.HIGH),
)
WORST = (SecurityLevel.HIGH_RISK, RiskLevel.CRITICAL)


class JobSecurityAnalysis(OwnedModel):
    """How risky a job looked on a day, as an index against the labour tables: 0 is safest, 0.5 the average, 1 the riskiest."""

    analysis_date = PlausibleDateField()
    industry_risk_score = ShareField(null=True, blank=True)
    company_risk_score = ShareField(null=True, blank=True)
    personal_risk_score = ShareField(null=True, blank=True)
    overall_risk_score = ShareField(null=True, blank=True)
    risk_factors = JSONListField()
    mitigation_strategies = JSONListField()
    market_conditions = JSONObjectField()
    salary_comparison = JSONObjectField()
    career_opportunities = JSONListField()
    recommendations = JSONListField()

    privacy = own("an estimate about his work, made from what he told us")
    personal_fields = personal(
        "industry_risk_score",
        "company_risk_score",
        "personal_risk_score",
        "overall_risk_score",
        "risk_factors",
        "mitigation_strategies",
        "market_conditions",
        "salary_comparison",
        "career_opportunities",
        "recommendations",
    )
    derived = ("security_level", "risk_level", "risk_percentage", "security_percentage")

    class Meta(OwnedModel.Meta):
        verbose_name = "job security analysis"
        verbose_name_plural = "job security analyses"
        indexes = [
            models.Index(fields=["user", "-analysis_date", "-id"], name="career_analysis_by_day"),
            gin("career_job", "risk_factors"),
            gin("career_job", "mitigation_strategies"),
            gin("career_job", "market_conditions"),
            gin("career_job", "salary_comparison"),
            gin("career_job", "career_opportunities"),
            gin("career_job", "recommendations"),
        ]

    def __str__(self) -> str:
        return f"{self.analysis_date} {self.risk_level or 'unknown'}"

    @classmethod
    def sql_derived(cls) -> dict[str, Any]:
        percent = Cast(F("overall_risk_score") * 100, IntegerField())
        return {
            "security_level": _level_in_sql(SecurityLevel, 1, WORST[0]),
            "risk_level": _level_in_sql(RiskLevel, 2, WORST[1]),
            "risk_percentage": percent,
            "security_percentage": Cast(100 - F("overall_risk_score") * 100, IntegerField()),
        }

    @property
    def security_level(self) -> str | None:
        """very_secure up to 0.2, secure 0.4, moderate 0.6, at_risk 0.8, else high_risk; null while the risk is unknown."""
        return self._level(1, WORST[0])

    @property
    def risk_level(self) -> str | None:
        """The same steps in words, Low Risk to Critical Risk."""
        return self._level(2, WORST[1])

    def _level(self, place: int, worst: str) -> str | None:
        score = self.overall_risk_score
        if score is None:
            return None
        return str(next((row[place] for row in LEVELS if score <= row[0]), worst))

    @property
    def risk_percentage(self) -> int | None:
        """The overall risk index in percent of its scale: no probability."""
        score = self.overall_risk_score
        return None if score is None else int((100 * score).to_integral_value(ROUND_HALF_EVEN))

    @property
    def security_percentage(self) -> int | None:
        """What is left to 100 percent."""
        return None if self.risk_percentage is None else 100 - self.risk_percentage


def _level_in_sql(choices: type[models.TextChoices], place: int, worst: str) -> Any:
    steps = [(Q(overall_risk_score__lte=row[0]), str(row[place])) for row in LEVELS]
    unknown = (Q(overall_risk_score__isnull=True), None)
    return first_of(unknown, *steps, default=str(worst), output_field=models.CharField(choices=choices.choices))

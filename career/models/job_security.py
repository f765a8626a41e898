"""How safe a customer's work looked, against the labour tables."""

from decimal import Decimal

from django.db import models
from django.db.models import F
from django.db.models.functions import Cast

from career.models.choices import RiskLevel, SecurityLevel
from core.models.base import OwnedModel, gin
from core.models.derived import Derived
from core.models.fields import JSONListField, JSONObjectField, PlausibleDateField, ShareField
from core.postgres.expressions import graded
from core.privacy.declarations import own
from core.privacy.masks import personal

SECURITY = 1 - F("overall_risk_score")
STEPS = [Decimal(least) for least in ("0.8", "0.6", "0.4", "0.2")]


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

    security_level = Derived(
        graded(SECURITY, STEPS, SecurityLevel),
        models.CharField(choices=SecurityLevel, null=True),
        help_text=(
            "very_secure up to 0.2, secure 0.4, moderate 0.6, at_risk 0.8, else high_risk; null while the risk is unknown."
        ),
    )
    risk_level = Derived(
        graded(SECURITY, STEPS, RiskLevel),
        models.CharField(choices=RiskLevel, null=True),
        help_text="The same steps in words, Low Risk to Critical Risk.",
    )
    risk_percentage = Derived(
        Cast(100 * F("overall_risk_score"), models.IntegerField()),
        models.IntegerField(null=True),
        help_text="The overall risk index in percent of its scale: no probability.",
    )
    security_percentage = Derived(
        Cast(100 * SECURITY, models.IntegerField()),
        models.IntegerField(null=True),
        help_text="What is left to 100 percent.",
    )

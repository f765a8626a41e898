"""Job security analyses."""

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
SCALE = "0 is safest, 0.5 average, 1 riskiest. Empty (null) if unknown."
DETAILS = (
    *("risk_factors", "mitigation_strategies", "market_conditions"),
    *("salary_comparison", "career_opportunities", "recommendations"),
)
STEPS = [Decimal(least) for least in ("0.8", "0.6", "0.4", "0.2")]


class JobSecurityAnalysis(OwnedModel):
    """The risk of a job on a day, as an index against US labor statistics: 0 is safest, 0.5 average, 1 riskiest."""

    analysis_date = PlausibleDateField(help_text="Day of the analysis in the user's time zone.")
    industry_risk_score = ShareField(null=True, blank=True, help_text=f"Index of the sector. {SCALE}")
    company_risk_score = ShareField(null=True, blank=True, help_text=f"Index of the facts about the employer. {SCALE}")
    personal_risk_score = ShareField(null=True, blank=True, help_text=f"Index of the user's own facts. {SCALE}")
    overall_risk_score = ShareField(null=True, blank=True, help_text=f"Index of all factors. {SCALE}")
    risk_factors = JSONListField(
        help_text="The known factors, the heaviest first. 0.50 plus the sum of their contributions is the overall index."
    )
    mitigation_strategies = JSONListField(help_text="Advice on each factor that raises the risk, the heaviest first.")
    market_conditions = JSONObjectField(help_text="The figures behind the index, with method, evidence, limits and sources.")
    salary_comparison = JSONObjectField(
        help_text="US median pay at the user's level of education, compared with the income of US residents. Empty if the "
        "level is unknown."
    )
    career_opportunities = JSONListField(
        help_text="Sectors and levels of education with better averages. They are statistics, not job openings."
    )
    recommendations = JSONListField(help_text="General advice, and the unknown facts that would improve the analysis.")

    privacy = own("an estimate of the customer's job security from their own input")
    personal_fields = personal(*(f"{part}_risk_score" for part in ("industry", "company", "personal", "overall")), *DETAILS)

    class Meta(OwnedModel.Meta):
        verbose_name = "job security analysis"
        verbose_name_plural = "job security analyses"
        indexes = [
            models.Index(fields=["user", "-analysis_date", "-id"], name="career_analysis_by_day"),
            *(gin("career_job", name) for name in DETAILS),
        ]

    def __str__(self) -> str:
        return f"{self.analysis_date} {self.risk_level or 'unknown'}"

    security_level = Derived(
        graded(SECURITY, STEPS, SecurityLevel),
        models.CharField(choices=SecurityLevel, null=True),
        help_text=(
            "`very_secure` up to a risk of 0.2, `secure` 0.4, `moderate` 0.6, `at_risk` 0.8, else `high_risk`; null if unknown."
        ),
    )
    risk_level = Derived(
        graded(SECURITY, STEPS, RiskLevel),
        models.CharField(choices=RiskLevel, null=True),
        help_text="The same levels as text, from `Low Risk` to `Critical Risk`; null if the risk is unknown.",
    )
    risk_percentage = Derived(
        Cast(100 * F("overall_risk_score"), models.IntegerField()),
        models.IntegerField(null=True),
        help_text="The overall risk index times 100. It is not a probability. Null if the risk is unknown.",
    )
    security_percentage = Derived(
        Cast(100 * SECURITY, models.IntegerField()),
        models.IntegerField(null=True),
        help_text="100 minus `risk_percentage`; null if the risk is unknown.",
    )

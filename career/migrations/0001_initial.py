"""Tables of milestones and job security analyses."""

from datetime import date
from decimal import Decimal

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import migrations, models
from django.db.models.deletion import CASCADE
from django.db.models.functions.datetime import Now
from django.db.models.lookups import Exact
from uuid_utils.compat import uuid7

from core.models.base import UpdatedAtField
from core.models.money import NumericField
from core.models.validators import validate_json_list, validate_json_object, validate_plausible_date
from core.postgres.operations import add_triggers, enable_row_level_security


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("core", "0001_initial"),
        ("system", "0001_initial"),
    ]

    operations = [
        # Tables
        migrations.CreateModel(
            name="CareerMilestone",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                ("milestone_name", models.CharField(help_text="The user's name for the milestone.", max_length=255)),
                (
                    "milestone_type",
                    models.CharField(
                        choices=[
                            ("promotion", "Promotion"),
                            ("raise", "Raise"),
                            ("certification", "Certification"),
                            ("education", "Education"),
                            ("skill_development", "Skill Development"),
                            ("job_change", "Job Change"),
                        ],
                        help_text="What the milestone is about, for the user only: no calculation depends on it.",
                        max_length=50,
                    ),
                ),
                (
                    "target_salary",
                    NumericField(
                        blank=True,
                        decimal_places=3,
                        help_text="Annual salary to reach, in the currency of the current salary.",
                        max_digits=16,
                        null=True,
                        validators=[MinValueValidator(0)],
                    ),
                ),
                (
                    "current_salary",
                    NumericField(
                        blank=True,
                        decimal_places=3,
                        help_text="Present annual salary. With a target salary it sets the progress.",
                        max_digits=16,
                        null=True,
                        validators=[MinValueValidator(0)],
                    ),
                ),
                (
                    "target_date",
                    models.DateField(
                        blank=True,
                        help_text="Day by which to reach the milestone, in the user's time zone. Null: no deadline.",
                        null=True,
                        validators=[validate_plausible_date],
                    ),
                ),
                (
                    "is_completed",
                    models.BooleanField(default=False, help_text="True if completed by hand or by reaching the target salary."),
                ),
                (
                    "completion_date",
                    models.DateField(
                        blank=True,
                        help_text="Day of the completion in the user's time zone.",
                        null=True,
                        validators=[validate_plausible_date],
                    ),
                ),
                (
                    "progress_percentage",
                    models.IntegerField(
                        default=0,
                        help_text="0 to 100. Set by the salaries if both are known.",
                        validators=[MinValueValidator(0), MaxValueValidator(100)],
                    ),
                ),
                ("notes", models.TextField(blank=True, help_text="The user's own text. May be empty.")),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        editable=False,
                        on_delete=CASCADE,
                        related_name="%(class)s_set",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "career milestone",
                "abstract": False,
                "indexes": [
                    models.Index(fields=["user", "-created_at", "-id"], name="career_milestone_newest"),
                    models.Index(fields=["user", "target_date", "id"], name="career_milestone_by_date"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("completion_date__isnull", False), ("is_completed", True)),
                            models.Q(("completion_date__isnull", True), ("is_completed", False)),
                            _connector="OR",
                        ),
                        name="career_careermilestone_completion_date_matches_is_completed",
                        violation_error_message="Must be set exactly when is_completed is true.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("milestone_name__regex", "^\\S(.*\\S)?$")),
                        name="career_careermilestone_milestone_name_not_blank",
                        violation_error_message="Must not be empty or padded.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "milestone_type__in",
                                ["promotion", "raise", "certification", "education", "skill_development", "job_change"],
                            )
                        ),
                        name="career_careermilestone_milestone_type_choice",
                        violation_error_message=(
                            "Choose one of: promotion, raise, certification, education, skill_development, job_change."
                        ),
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("target_salary"), function="scale", output_field=models.IntegerField()),
                            models.Value(2),
                        ),
                        name="career_careermilestone_target_salary_decimals",
                        violation_error_message="Must have 2 decimals.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("target_salary__gt", Decimal("-10000000000000")), ("target_salary__lt", Decimal("10000000000000"))
                        ),
                        name="career_careermilestone_target_salary_size",
                        violation_error_message="Must have at most 13 digits before the decimal point.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("target_salary__gte", 0)),
                        name="career_careermilestone_target_salary_bounds",
                        violation_error_message="Must be 0 or more.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("current_salary"), function="scale", output_field=models.IntegerField()),
                            models.Value(2),
                        ),
                        name="career_careermilestone_current_salary_decimals",
                        violation_error_message="Must have 2 decimals.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("current_salary__gt", Decimal("-10000000000000")),
                            ("current_salary__lt", Decimal("10000000000000")),
                        ),
                        name="career_careermilestone_current_salary_size",
                        violation_error_message="Must have at most 13 digits before the decimal point.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("current_salary__gte", 0)),
                        name="career_careermilestone_current_salary_bounds",
                        violation_error_message="Must be 0 or more.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("target_date__gte", date(1900, 1, 1)), ("target_date__lte", date(2200, 12, 31))),
                        name="career_careermilestone_target_date_bounds",
                        violation_error_message="Must be between 1900-01-01 and 2200-12-31.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("completion_date__gte", date(1900, 1, 1)), ("completion_date__lte", date(2200, 12, 31))
                        ),
                        name="career_careermilestone_completion_date_bounds",
                        violation_error_message="Must be between 1900-01-01 and 2200-12-31.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("progress_percentage__gte", 0), ("progress_percentage__lte", 100)),
                        name="career_careermilestone_progress_percentage_bounds",
                        violation_error_message="Must be between 0 and 100.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="JobSecurityAnalysis",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                (
                    "analysis_date",
                    models.DateField(
                        help_text="Day of the analysis in the user's time zone.", validators=[validate_plausible_date]
                    ),
                ),
                (
                    "industry_risk_score",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        help_text="Index of the sector. 0 is safest, 0.5 average, 1 riskiest. Empty (null) if unknown.",
                        max_digits=3,
                        null=True,
                        validators=[MinValueValidator(0), MaxValueValidator(1)],
                    ),
                ),
                (
                    "company_risk_score",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        help_text=(
                            "Index of the facts about the employer. 0 is safest, 0.5 average, 1 riskiest. Empty (null) if "
                            "unknown."
                        ),
                        max_digits=3,
                        null=True,
                        validators=[MinValueValidator(0), MaxValueValidator(1)],
                    ),
                ),
                (
                    "personal_risk_score",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        help_text=(
                            "Index of the user's own facts. 0 is safest, 0.5 average, 1 riskiest. Empty (null) if unknown."
                        ),
                        max_digits=3,
                        null=True,
                        validators=[MinValueValidator(0), MaxValueValidator(1)],
                    ),
                ),
                (
                    "overall_risk_score",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        help_text="Index of all factors. 0 is safest, 0.5 average, 1 riskiest. Empty (null) if unknown.",
                        max_digits=3,
                        null=True,
                        validators=[MinValueValidator(0), MaxValueValidator(1)],
                    ),
                ),
                (
                    "risk_factors",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text=(
                            "The known factors, the heaviest first. 0.50 plus the sum of their contributions is the overall "
                            "index."
                        ),
                        validators=[validate_json_list],
                    ),
                ),
                (
                    "mitigation_strategies",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text="Advice on each factor that raises the risk, the heaviest first.",
                        validators=[validate_json_list],
                    ),
                ),
                (
                    "market_conditions",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="The figures behind the index, with method, evidence, limits and sources.",
                        validators=[validate_json_object],
                    ),
                ),
                (
                    "salary_comparison",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text=(
                            "US median pay at the user's level of education, compared with the income of US residents. Empty "
                            "if the level is unknown."
                        ),
                        validators=[validate_json_object],
                    ),
                ),
                (
                    "career_opportunities",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text=(
                            "Sectors and levels of education with better averages. They are statistics, not job openings."
                        ),
                        validators=[validate_json_list],
                    ),
                ),
                (
                    "recommendations",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text="General advice, and the unknown facts that would improve the analysis.",
                        validators=[validate_json_list],
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        editable=False,
                        on_delete=CASCADE,
                        related_name="%(class)s_set",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "job security analysis",
                "verbose_name_plural": "job security analyses",
                "abstract": False,
                "indexes": [
                    models.Index(fields=["user", "-analysis_date", "-id"], name="career_analysis_by_day"),
                    GinIndex(fields=["risk_factors"], name="career_job_risk_factors_gin", opclasses=["jsonb_path_ops"]),
                    GinIndex(
                        fields=["mitigation_strategies"], name="career_job_mitigation_strategi", opclasses=["jsonb_path_ops"]
                    ),
                    GinIndex(fields=["market_conditions"], name="career_job_market_conditions_g", opclasses=["jsonb_path_ops"]),
                    GinIndex(fields=["salary_comparison"], name="career_job_salary_comparison_g", opclasses=["jsonb_path_ops"]),
                    GinIndex(
                        fields=["career_opportunities"], name="career_job_career_opportunitie", opclasses=["jsonb_path_ops"]
                    ),
                    GinIndex(fields=["recommendations"], name="career_job_recommendations_gin", opclasses=["jsonb_path_ops"]),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("analysis_date__gte", date(1900, 1, 1)), ("analysis_date__lte", date(2200, 12, 31))
                        ),
                        name="career_jobsecurityanalysis_analysis_date_bounds",
                        violation_error_message="Must be between 1900-01-01 and 2200-12-31.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("industry_risk_score__gte", 0), ("industry_risk_score__lte", 1)),
                        name="career_jobsecurityanalysis_industry_risk_score_bounds",
                        violation_error_message="Must be between 0 and 1.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("company_risk_score__gte", 0), ("company_risk_score__lte", 1)),
                        name="career_jobsecurityanalysis_company_risk_score_bounds",
                        violation_error_message="Must be between 0 and 1.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("personal_risk_score__gte", 0), ("personal_risk_score__lte", 1)),
                        name="career_jobsecurityanalysis_personal_risk_score_bounds",
                        violation_error_message="Must be between 0 and 1.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("overall_risk_score__gte", 0), ("overall_risk_score__lte", 1)),
                        name="career_jobsecurityanalysis_overall_risk_score_bounds",
                        violation_error_message="Must be between 0 and 1.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("risk_factors"), function="jsonb_typeof", output_field=models.TextField()),
                            models.Value("array"),
                        ),
                        name="career_jobsecurityanalysis_risk_factors_shape",
                        violation_error_message="Must be a JSON list.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(
                                models.F("mitigation_strategies"), function="jsonb_typeof", output_field=models.TextField()
                            ),
                            models.Value("array"),
                        ),
                        name="career_jobsecurityanalysis_mitigation_strategies_shape",
                        violation_error_message="Must be a JSON list.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(
                                models.F("market_conditions"), function="jsonb_typeof", output_field=models.TextField()
                            ),
                            models.Value("object"),
                        ),
                        name="career_jobsecurityanalysis_market_conditions_shape",
                        violation_error_message="Must be a JSON object.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(
                                models.F("salary_comparison"), function="jsonb_typeof", output_field=models.TextField()
                            ),
                            models.Value("object"),
                        ),
                        name="career_jobsecurityanalysis_salary_comparison_shape",
                        violation_error_message="Must be a JSON object.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(
                                models.F("career_opportunities"), function="jsonb_typeof", output_field=models.TextField()
                            ),
                            models.Value("array"),
                        ),
                        name="career_jobsecurityanalysis_career_opportunities_shape",
                        violation_error_message="Must be a JSON list.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("recommendations"), function="jsonb_typeof", output_field=models.TextField()),
                            models.Value("array"),
                        ),
                        name="career_jobsecurityanalysis_recommendations_shape",
                        violation_error_message="Must be a JSON list.",
                    ),
                ],
            },
        ),
        # Triggers
        *add_triggers("career", "CareerMilestone", "JobSecurityAnalysis"),
        # Row-level security
        enable_row_level_security("career_careermilestone"),
        enable_row_level_security("career_jobsecurityanalysis"),
    ]

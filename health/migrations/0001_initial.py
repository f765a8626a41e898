"""Tables of check-ins, goals and correlations."""

from datetime import date, timedelta
from decimal import Decimal

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import migrations, models
from django.db.models.deletion import CASCADE
from django.db.models.expressions import CombinedExpression
from django.db.models.functions.datetime import Now, TruncDate
from django.db.models.lookups import Exact
from uuid_utils.compat import uuid7

from core.models.base import UpdatedAtField
from core.models.validators import validate_json_list
from core.postgres.operations import add_triggers, enable_row_level_security, named_foreign_key
from health.models.checkins import is_list_of_texts


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("core", "0001_initial"),
        ("system", "0001_initial"),
        ("finance", "0001_initial"),
    ]

    operations = [
        # Tables
        migrations.CreateModel(
            name="HealthGoal",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                ("goal_name", models.CharField(help_text="The user's name for the goal.", max_length=255)),
                (
                    "goal_type",
                    models.CharField(
                        choices=[
                            ("mood", "Mood"),
                            ("stress", "Stress"),
                            ("sleep", "Sleep"),
                            ("exercise", "Exercise"),
                            ("nutrition", "Nutrition"),
                            ("wellness", "Wellness"),
                        ],
                        help_text="What the goal is about, for the user only: no calculation depends on it.",
                        max_length=50,
                    ),
                ),
                (
                    "start_value",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        help_text="Value at the beginning, in the goal's unit. Null: unknown.",
                        max_digits=10,
                        null=True,
                        validators=[MinValueValidator(Decimal("-99999999.99")), MaxValueValidator(Decimal("99999999.99"))],
                    ),
                ),
                (
                    "target_value",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        help_text="Value to reach, in the goal's unit. Null: unknown.",
                        max_digits=10,
                        null=True,
                        validators=[MinValueValidator(Decimal("-99999999.99")), MaxValueValidator(Decimal("99999999.99"))],
                    ),
                ),
                (
                    "current_value",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        help_text="Present value, in the goal's unit. Null: unknown.",
                        max_digits=10,
                        null=True,
                        validators=[MinValueValidator(Decimal("-99999999.99")), MaxValueValidator(Decimal("99999999.99"))],
                    ),
                ),
                ("unit", models.CharField(blank=True, help_text="Unit of the three values, such as points.", max_length=50)),
                (
                    "target_date",
                    models.DateField(blank=True, help_text="Day by which to reach the target. Null: no deadline.", null=True),
                ),
                (
                    "is_completed",
                    models.BooleanField(
                        default=False,
                        help_text="True once the user has completed the goal. A progress of 100 does not complete it.",
                    ),
                ),
                (
                    "completion_date",
                    models.DateField(
                        blank=True, help_text="Day of the completion in the user's time zone. Null: not completed.", null=True
                    ),
                ),
                (
                    "progress_percentage",
                    models.IntegerField(
                        default=0,
                        help_text="Percent of the way from start to target, 0 to 100. Once completed 100.",
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
                "verbose_name": "health goal",
                "abstract": False,
                "indexes": [models.Index(fields=["user", "-created_at", "-id"], name="health_goal_newest")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("completion_date__isnull", False), ("is_completed", True)),
                            models.Q(("completion_date__isnull", True), ("is_completed", False)),
                            _connector="OR",
                        ),
                        name="health_healthgoal_completion_date_matches_is_completed",
                        violation_error_message="Must be set exactly when is_completed is true.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("goal_name__regex", "^\\S(.*\\S)?$")),
                        name="health_healthgoal_goal_name_not_blank",
                        violation_error_message="Must not be empty or padded.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("goal_type__in", ["mood", "stress", "sleep", "exercise", "nutrition", "wellness"])),
                        name="health_healthgoal_goal_type_choice",
                        violation_error_message="Choose one of: mood, stress, sleep, exercise, nutrition, wellness.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("start_value__gte", Decimal("-99999999.99")), ("start_value__lte", Decimal("99999999.99"))
                        ),
                        name="health_healthgoal_start_value_bounds",
                        violation_error_message="Must be between -99999999.99 and 99999999.99.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("target_value__gte", Decimal("-99999999.99")), ("target_value__lte", Decimal("99999999.99"))
                        ),
                        name="health_healthgoal_target_value_bounds",
                        violation_error_message="Must be between -99999999.99 and 99999999.99.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("current_value__gte", Decimal("-99999999.99")), ("current_value__lte", Decimal("99999999.99"))
                        ),
                        name="health_healthgoal_current_value_bounds",
                        violation_error_message="Must be between -99999999.99 and 99999999.99.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("progress_percentage__gte", 0), ("progress_percentage__lte", 100)),
                        name="health_healthgoal_progress_percentage_bounds",
                        violation_error_message="Must be between 0 and 100.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="HealthSpendingCorrelation",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                ("correlation_date", models.DateField(help_text="Day of the analysis, which covers the year before it.")),
                (
                    "health_metric",
                    models.CharField(
                        choices=[
                            ("mood", "Mood"),
                            ("stress", "Stress"),
                            ("sleep", "Sleep"),
                            ("exercise", "Exercise"),
                            ("wellness", "Wellness"),
                        ],
                        help_text="The value of the check-ins that is compared with spending.",
                        max_length=100,
                    ),
                ),
                (
                    "health_score",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        help_text="Mean of the metric. Null: unknown.",
                        max_digits=5,
                        null=True,
                        validators=[MinValueValidator(Decimal("-999.99")), MaxValueValidator(Decimal("999.99"))],
                    ),
                ),
                (
                    "spending_amount",
                    models.DecimalField(
                        blank=True,
                        decimal_places=3,
                        help_text="Mean spending per day. Null: unknown.",
                        max_digits=16,
                        null=True,
                        validators=[
                            MinValueValidator(Decimal("-9999999999999.999")),
                            MaxValueValidator(Decimal("9999999999999.999")),
                        ],
                    ),
                ),
                (
                    "spending_category",
                    models.CharField(
                        blank=True,
                        default="",
                        help_text="The slug of a category. Empty: all spending.",
                        max_length=100,
                        null=True,
                    ),
                ),
                (
                    "correlation_strength",
                    models.DecimalField(
                        blank=True,
                        decimal_places=3,
                        help_text="-1 to 1. Null: too little data.",
                        max_digits=4,
                        null=True,
                        validators=[MinValueValidator(-1), MaxValueValidator(1)],
                    ),
                ),
                (
                    "confidence_interval_lower",
                    models.DecimalField(
                        blank=True,
                        decimal_places=3,
                        help_text="Lower bound at 95% confidence.",
                        max_digits=4,
                        null=True,
                        validators=[MinValueValidator(-1), MaxValueValidator(1)],
                    ),
                ),
                (
                    "confidence_interval_upper",
                    models.DecimalField(
                        blank=True,
                        decimal_places=3,
                        help_text="Upper bound at 95% confidence.",
                        max_digits=4,
                        null=True,
                        validators=[MinValueValidator(-1), MaxValueValidator(1)],
                    ),
                ),
                (
                    "p_value",
                    models.DecimalField(
                        blank=True,
                        decimal_places=8,
                        help_text="Not adjusted for multiple tests.",
                        max_digits=10,
                        null=True,
                        validators=[MinValueValidator(0), MaxValueValidator(1)],
                    ),
                ),
                (
                    "adjusted_p_value",
                    models.DecimalField(
                        blank=True,
                        decimal_places=8,
                        help_text="Adjusted by Benjamini-Hochberg.",
                        max_digits=10,
                        null=True,
                        validators=[MinValueValidator(0), MaxValueValidator(1)],
                    ),
                ),
                ("is_significant", models.BooleanField(default=False, help_text="True if the adjusted p-value is below 0.05.")),
                (
                    "method",
                    models.CharField(
                        choices=[("pearson", "Pearson"), ("spearman", "Spearman")],
                        help_text="`pearson` measures a linear relation, `spearman` a monotonic one, by ranks.",
                        max_length=20,
                    ),
                ),
                (
                    "lag_days",
                    models.IntegerField(
                        default=0,
                        help_text="Days from the health value to the spending.",
                        validators=[MinValueValidator(0), MaxValueValidator(14)],
                    ),
                ),
                (
                    "analysis_period",
                    models.CharField(
                        choices=[("daily", "Daily"), ("weekly", "Weekly"), ("monthly", "Monthly")],
                        help_text="Length of time of one data point.",
                        max_length=20,
                    ),
                ),
                (
                    "data_points_count",
                    models.IntegerField(help_text="Number of days with both values.", validators=[MinValueValidator(0)]),
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
                "verbose_name": "correlation",
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(
                        fields=(
                            "user",
                            "correlation_date",
                            "health_metric",
                            "spending_category",
                            "method",
                            "lag_days",
                            "analysis_period",
                        ),
                        name="health_healthspendingcorrelation_correlation_date_unique",
                        nulls_distinct=False,
                        violation_error_message="The analysis of this day already has this result.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("correlation_strength__gte", models.F("confidence_interval_lower")),
                            ("correlation_strength__lte", models.F("confidence_interval_upper")),
                        ),
                        name="health_healthspendingcorrelation_correlation_strength_inside",
                        violation_error_message="The strength must be within its confidence interval.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("adjusted_p_value__isnull", False),
                                ("adjusted_p_value__lt", Decimal("0.05")),
                                ("is_significant", True),
                            ),
                            models.Q(("adjusted_p_value__isnull", True), ("is_significant", False)),
                            models.Q(("adjusted_p_value__gte", Decimal("0.05")), ("is_significant", False)),
                            _connector="OR",
                        ),
                        name="health_healthspendingcorrelation_is_significant_adjusted",
                        violation_error_message="Must be true exactly when the adjusted p-value is below 0.05.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("health_metric__in", ["mood", "stress", "sleep", "exercise", "wellness"])),
                        name="health_healthspendingcorrelation_health_metric_choice",
                        violation_error_message="Choose one of: mood, stress, sleep, exercise, wellness.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("health_score__gte", Decimal("-999.99")), ("health_score__lte", Decimal("999.99"))),
                        name="health_healthspendingcorrelation_health_score_bounds",
                        violation_error_message="Must be between -999.99 and 999.99.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("spending_amount__gte", Decimal("-9999999999999.999")),
                            ("spending_amount__lte", Decimal("9999999999999.999")),
                        ),
                        name="health_healthspendingcorrelation_spending_amount_bounds",
                        violation_error_message="Must be between -9999999999999.999 and 9999999999999.999.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("correlation_strength__gte", -1), ("correlation_strength__lte", 1)),
                        name="health_healthspendingcorrelation_correlation_strength_bounds",
                        violation_error_message="Must be between -1 and 1.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("confidence_interval_lower__range", (-1, 1))),
                        name="health_healthspendingcorrelation_confidence_interval_lower_unit",
                        violation_error_message="Must be between -1 and 1.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("confidence_interval_upper__range", (-1, 1))),
                        name="health_healthspendingcorrelation_confidence_interval_upper_unit",
                        violation_error_message="Must be between -1 and 1.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("p_value__gte", 0), ("p_value__lte", 1)),
                        name="health_healthspendingcorrelation_p_value_bounds",
                        violation_error_message="Must be between 0 and 1.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("adjusted_p_value__gte", 0), ("adjusted_p_value__lte", 1)),
                        name="health_healthspendingcorrelation_adjusted_p_value_bounds",
                        violation_error_message="Must be between 0 and 1.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("method__in", ["pearson", "spearman"])),
                        name="health_healthspendingcorrelation_method_choice",
                        violation_error_message="Choose one of: pearson, spearman.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("lag_days__gte", 0), ("lag_days__lte", 14)),
                        name="health_healthspendingcorrelation_lag_days_bounds",
                        violation_error_message="Must be between 0 and 14.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("analysis_period__in", ["daily", "weekly", "monthly"])),
                        name="health_healthspendingcorrelation_analysis_period_choice",
                        violation_error_message="Choose one of: daily, weekly, monthly.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("data_points_count__gte", 0)),
                        name="health_healthspendingcorrelation_data_points_count_bounds",
                        violation_error_message="Must be 0 or more.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="UserHealthCheckin",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                (
                    "checkin_date",
                    models.DateField(help_text="Day in the user's time zone, not in the future. One check-in per day."),
                ),
                (
                    "mood_score",
                    models.IntegerField(
                        blank=True,
                        help_text="1 (worst) to 10 (best).",
                        null=True,
                        validators=[MinValueValidator(1), MaxValueValidator(10)],
                    ),
                ),
                (
                    "stress_level",
                    models.IntegerField(
                        blank=True,
                        help_text="1 (lowest) to 10 (highest).",
                        null=True,
                        validators=[MinValueValidator(1), MaxValueValidator(10)],
                    ),
                ),
                (
                    "sleep_hours",
                    models.DecimalField(
                        blank=True,
                        decimal_places=1,
                        help_text="Hours of sleep, 0 to 24 with one decimal. Null: not entered.",
                        max_digits=3,
                        null=True,
                        validators=[MinValueValidator(0), MaxValueValidator(24)],
                    ),
                ),
                (
                    "exercise_minutes",
                    models.IntegerField(
                        blank=True,
                        help_text="Minutes of exercise on the day, 0 to 1440. Null: not entered.",
                        null=True,
                        validators=[MinValueValidator(0), MaxValueValidator(1440)],
                    ),
                ),
                (
                    "water_intake_oz",
                    models.IntegerField(
                        blank=True,
                        help_text="Water that the user drank, in fluid ounces. Null: not entered.",
                        null=True,
                        validators=[MinValueValidator(0)],
                    ),
                ),
                (
                    "medication_taken",
                    models.BooleanField(
                        blank=True, help_text="True if the user has taken their medication. Null: not entered.", null=True
                    ),
                ),
                (
                    "symptoms",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text='List of texts, such as ["headache"].',
                        validators=[validate_json_list, is_list_of_texts],
                    ),
                ),
                (
                    "wellness_activities",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text='List of texts, such as ["walk"].',
                        validators=[validate_json_list, is_list_of_texts],
                    ),
                ),
                ("notes", models.TextField(blank=True, help_text="The user's own text. May be empty.")),
                (
                    "over_limit",
                    models.BooleanField(
                        default=False,
                        editable=False,
                        help_text="True if the plan does not cover the check-in. Analyses leave it out until a plan covers it.",
                    ),
                ),
                (
                    "number_in_month",
                    models.IntegerField(
                        blank=True,
                        editable=False,
                        help_text=(
                            "1 for the first check-in that was stored in a month of the billing period. Null if it was not "
                            "counted."
                        ),
                        null=True,
                        validators=[MinValueValidator(1)],
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
                "verbose_name": "check-in",
                "abstract": False,
                "indexes": [
                    GinIndex(fields=["symptoms"], name="health_checkin_symptoms_gin", opclasses=["jsonb_path_ops"]),
                    GinIndex(
                        fields=["wellness_activities"], name="health_checkin_wellness_activi", opclasses=["jsonb_path_ops"]
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("user", "checkin_date"),
                        name="health_userhealthcheckin_checkin_date_unique",
                        violation_error_message="You have already checked in on this day. Change that check-in instead.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("checkin_date__gte", date(1900, 1, 1)),
                            ("checkin_date__lte", CombinedExpression(TruncDate(Now()), "+", models.Value(timedelta(days=1)))),
                        ),
                        name="health_userhealthcheckin_checkin_date_past",
                        violation_error_message="Must not be in the future, nor before 1900.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("over_limit", False), ("number_in_month__isnull", False), _connector="OR"),
                        name="health_userhealthcheckin_over_limit_is_counted",
                        violation_error_message="Only a counted check-in can be over the limit.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("mood_score__gte", 1), ("mood_score__lte", 10)),
                        name="health_userhealthcheckin_mood_score_bounds",
                        violation_error_message="Must be between 1 and 10.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("stress_level__gte", 1), ("stress_level__lte", 10)),
                        name="health_userhealthcheckin_stress_level_bounds",
                        violation_error_message="Must be between 1 and 10.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("sleep_hours__gte", 0), ("sleep_hours__lte", 24)),
                        name="health_userhealthcheckin_sleep_hours_bounds",
                        violation_error_message="Must be between 0 and 24.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("exercise_minutes__gte", 0), ("exercise_minutes__lte", 1440)),
                        name="health_userhealthcheckin_exercise_minutes_bounds",
                        violation_error_message="Must be between 0 and 1440.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("water_intake_oz__gte", 0)),
                        name="health_userhealthcheckin_water_intake_oz_bounds",
                        violation_error_message="Must be 0 or more.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("symptoms"), function="jsonb_typeof", output_field=models.TextField()),
                            models.Value("array"),
                        ),
                        name="health_userhealthcheckin_symptoms_shape",
                        violation_error_message="Must be a JSON list.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Func(
                                models.F("symptoms"),
                                models.Value(
                                    'strict $[*] ? (@.type() != "string" || @ like_regex '
                                    '"^[\\u0009-\\u000d\\u001c-\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u300'
                                    '0]*$")'
                                ),
                                output_field=models.BooleanField(),
                                template="jsonb_path_exists(%(expressions)s::jsonpath, '{}', true)",
                            ),
                            _negated=True,
                        ),
                        name="health_userhealthcheckin_symptoms_texts",
                        violation_error_message="Every item must be a non-empty string.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(
                                models.F("wellness_activities"), function="jsonb_typeof", output_field=models.TextField()
                            ),
                            models.Value("array"),
                        ),
                        name="health_userhealthcheckin_wellness_activities_shape",
                        violation_error_message="Must be a JSON list.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Func(
                                models.F("wellness_activities"),
                                models.Value(
                                    'strict $[*] ? (@.type() != "string" || @ like_regex '
                                    '"^[\\u0009-\\u000d\\u001c-\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u300'
                                    '0]*$")'
                                ),
                                output_field=models.BooleanField(),
                                template="jsonb_path_exists(%(expressions)s::jsonpath, '{}', true)",
                            ),
                            _negated=True,
                        ),
                        name="health_userhealthcheckin_wellness_activities_texts",
                        violation_error_message="Every item must be a non-empty string.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("number_in_month__gte", 1)),
                        name="health_userhealthcheckin_number_in_month_bounds",
                        violation_error_message="Must be 1 or more.",
                    ),
                ],
            },
        ),
        # A foreign key that includes the owner, so that a row refers to a category of the same owner only
        named_foreign_key(
            *("health_healthspendingcorrelation", "spending_category", "finance_category", "slug"),
            name="health_healthspendingcorrelation_spending_category_owner",
            actions="ON DELETE CASCADE",
        ),
        # Triggers
        *add_triggers("health", "HealthGoal", "HealthSpendingCorrelation", "UserHealthCheckin"),
        # Row-level security
        enable_row_level_security("health_healthgoal"),
        enable_row_level_security("health_healthspendingcorrelation"),
        enable_row_level_security("health_userhealthcheckin"),
    ]

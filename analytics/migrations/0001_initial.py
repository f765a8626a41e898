"""Tables of events, metrics, feature usage and feedback. Events and metrics have a partition per month.

Feature usage is not partitioned, because its unique constraint (user, feature, day) would have to contain the partition key.
"""

from datetime import date
from decimal import Decimal

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import migrations, models
from django.db.models.deletion import CASCADE, SET_NULL
from django.db.models.functions.datetime import Now
from django.db.models.lookups import Exact
from uuid_utils.compat import uuid7

from core.models.base import UpdatedAtField
from core.models.validators import validate_json_list, validate_json_object, validate_plausible_date
from core.postgres.operations import ALL, CreatePartitionedModel, add_triggers, enable_row_level_security, grant, run_sql_file
from core.postgres.partitions import MinUuid7


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("core", "0001_initial"),
        ("system", "0001_initial"),
    ]

    operations = [
        # Tables
        CreatePartitionedModel(
            name="PerformanceMetric",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                ("metric_date", models.DateField(help_text="Day of the measurement.", validators=[validate_plausible_date])),
                (
                    "metric_name",
                    models.CharField(help_text="What was measured, such as response time, 95th percentile.", max_length=100),
                ),
                (
                    "metric_value",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        help_text="In the metric unit, with two decimals.",
                        max_digits=15,
                        null=True,
                        validators=[
                            MinValueValidator(Decimal("-9999999999999.99")),
                            MaxValueValidator(Decimal("9999999999999.99")),
                        ],
                    ),
                ),
                (
                    "metric_unit",
                    models.CharField(
                        blank=True, help_text="Unit of the value, such as ms. Empty for a plain number.", max_length=50
                    ),
                ),
                (
                    "category",
                    models.CharField(blank=True, help_text="Measured part of the product, such as api.", max_length=100),
                ),
                (
                    "subcategory",
                    models.CharField(
                        blank=True, help_text="Part of the category, such as an endpoint. May be empty.", max_length=100
                    ),
                ),
                (
                    "metadata",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text='Details of the measurement, a JSON object such as {"requests": 120400}.',
                        validators=[validate_json_object],
                    ),
                ),
            ],
            options={
                "verbose_name": "performance metric",
                "abstract": False,
                "indexes": [
                    models.Index(fields=["-metric_date", "-id"], name="analytics_metric_by_day"),
                    models.Index(fields=["metric_name", "-metric_date", "-id"], name="analytics_metric_by_name"),
                    models.Index(fields=["category", "-metric_date", "-id"], name="analytics_metric_by_category"),
                    GinIndex(fields=["metadata"], name="analytics_metric_metadata_gin", opclasses=["jsonb_path_ops"]),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("id__gte", MinUuid7(models.F("created_at"), -1))),
                        name="analytics_performancemetric_created_at_near_id",
                        violation_error_message="Must be at most a day after the time in the id.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("metric_date__gte", date(1900, 1, 1)), ("metric_date__lte", date(2200, 12, 31))),
                        name="analytics_performancemetric_metric_date_bounds",
                        violation_error_message="Must be between 1900-01-01 and 2200-12-31.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("metric_name__regex", "^\\S(.*\\S)?$")),
                        name="analytics_performancemetric_metric_name_not_blank",
                        violation_error_message="Must not be empty or padded.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("metric_value__gte", Decimal("-9999999999999.99")),
                            ("metric_value__lte", Decimal("9999999999999.99")),
                        ),
                        name="analytics_performancemetric_metric_value_bounds",
                        violation_error_message="Must be between -9999999999999.99 and 9999999999999.99.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("metadata"), function="jsonb_typeof", output_field=models.TextField()),
                            models.Value("object"),
                        ),
                        name="analytics_performancemetric_metadata_shape",
                        violation_error_message="Must be a JSON object.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="FeatureUsage",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                ("feature_name", models.CharField(help_text="Name of the feature, such as statement import.", max_length=100)),
                (
                    "usage_date",
                    models.DateField(help_text="Day of use in the user's time zone.", validators=[validate_plausible_date]),
                ),
                (
                    "usage_count",
                    models.IntegerField(
                        default=1, help_text="Number of uses on this day. The default is 1.", validators=[MinValueValidator(0)]
                    ),
                ),
                (
                    "usage_duration",
                    models.IntegerField(
                        blank=True, help_text="Total duration of use in seconds.", null=True, validators=[MinValueValidator(0)]
                    ),
                ),
                (
                    "success_rate",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        help_text="Share of successful uses, 0 to 1 with two decimals.",
                        max_digits=3,
                        null=True,
                        validators=[MinValueValidator(0), MaxValueValidator(1)],
                    ),
                ),
                (
                    "error_count",
                    models.IntegerField(
                        default=0, help_text="Number of errors on this day.", validators=[MinValueValidator(0)]
                    ),
                ),
                (
                    "performance_metrics",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text='Measurements, a JSON object such as {"slowest_ms": 840}.',
                        validators=[validate_json_object],
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
                "verbose_name": "feature usage record",
                "verbose_name_plural": "feature usage",
                "abstract": False,
                "indexes": [
                    models.Index(fields=["user", "-usage_date", "-id"], name="analytics_usage_by_day"),
                    GinIndex(
                        fields=["performance_metrics"], name="analytics_usage_performance_me", opclasses=["jsonb_path_ops"]
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("user", "feature_name", "usage_date"),
                        name="analytics_featureusage_feature_name_unique",
                        violation_error_message="You already have a row for this feature on this day. Change that one.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("feature_name__regex", "^\\S(.*\\S)?$")),
                        name="analytics_featureusage_feature_name_not_blank",
                        violation_error_message="Must not be empty or padded.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("usage_date__gte", date(1900, 1, 1)), ("usage_date__lte", date(2200, 12, 31))),
                        name="analytics_featureusage_usage_date_bounds",
                        violation_error_message="Must be between 1900-01-01 and 2200-12-31.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("usage_count__gte", 0)),
                        name="analytics_featureusage_usage_count_bounds",
                        violation_error_message="Must be 0 or more.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("usage_duration__gte", 0)),
                        name="analytics_featureusage_usage_duration_bounds",
                        violation_error_message="Must be 0 or more.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("success_rate__gte", 0), ("success_rate__lte", 1)),
                        name="analytics_featureusage_success_rate_bounds",
                        violation_error_message="Must be between 0 and 1.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("error_count__gte", 0)),
                        name="analytics_featureusage_error_count_bounds",
                        violation_error_message="Must be 0 or more.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(
                                models.F("performance_metrics"), function="jsonb_typeof", output_field=models.TextField()
                            ),
                            models.Value("object"),
                        ),
                        name="analytics_featureusage_performance_metrics_shape",
                        violation_error_message="Must be a JSON object.",
                    ),
                ],
            },
        ),
        CreatePartitionedModel(
            name="UserAnalytics",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                (
                    "event_date",
                    models.DateField(
                        help_text="Day of the event in the user's time zone.", validators=[validate_plausible_date]
                    ),
                ),
                ("event_type", models.CharField(help_text="Kind of event, such as session or click.", max_length=100)),
                (
                    "event_data",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="Details of the event, a JSON object of any content.",
                        validators=[validate_json_object],
                    ),
                ),
                (
                    "session_duration",
                    models.IntegerField(
                        blank=True, help_text="Length of the session in seconds.", null=True, validators=[MinValueValidator(0)]
                    ),
                ),
                (
                    "page_views",
                    models.IntegerField(
                        blank=True, help_text="Number of pages that were viewed.", null=True, validators=[MinValueValidator(0)]
                    ),
                ),
                (
                    "features_used",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text="Names of the features that were used, a JSON list.",
                        validators=[validate_json_list],
                    ),
                ),
                (
                    "engagement_score",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        help_text="0 (lowest) to 1, two decimals. Empty (null) if unknown.",
                        max_digits=3,
                        null=True,
                        validators=[MinValueValidator(0), MaxValueValidator(1)],
                    ),
                ),
                (
                    "retention_score",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        help_text="0 (lowest) to 1, two decimals. Empty (null) if unknown.",
                        max_digits=3,
                        null=True,
                        validators=[MinValueValidator(0), MaxValueValidator(1)],
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
                "verbose_name": "event",
                "abstract": False,
                "indexes": [
                    models.Index(fields=["user", "-event_date", "-id"], name="analytics_event_by_day"),
                    models.Index(fields=["user", "event_type", "-event_date", "-id"], name="analytics_event_by_type"),
                    GinIndex(fields=["event_data"], name="analytics_event_event_data_gin", opclasses=["jsonb_path_ops"]),
                    GinIndex(fields=["features_used"], name="analytics_event_features_used_", opclasses=["jsonb_path_ops"]),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("id__gte", MinUuid7(models.F("created_at"), -1))),
                        name="analytics_useranalytics_created_at_near_id",
                        violation_error_message="Must be at most a day after the time in the id.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("event_date__gte", date(1900, 1, 1)), ("event_date__lte", date(2200, 12, 31))),
                        name="analytics_useranalytics_event_date_bounds",
                        violation_error_message="Must be between 1900-01-01 and 2200-12-31.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("event_type__regex", "^\\S(.*\\S)?$")),
                        name="analytics_useranalytics_event_type_not_blank",
                        violation_error_message="Must not be empty or padded.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("event_data"), function="jsonb_typeof", output_field=models.TextField()),
                            models.Value("object"),
                        ),
                        name="analytics_useranalytics_event_data_shape",
                        violation_error_message="Must be a JSON object.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("session_duration__gte", 0)),
                        name="analytics_useranalytics_session_duration_bounds",
                        violation_error_message="Must be 0 or more.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("page_views__gte", 0)),
                        name="analytics_useranalytics_page_views_bounds",
                        violation_error_message="Must be 0 or more.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("features_used"), function="jsonb_typeof", output_field=models.TextField()),
                            models.Value("array"),
                        ),
                        name="analytics_useranalytics_features_used_shape",
                        violation_error_message="Must be a JSON list.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("engagement_score__gte", 0), ("engagement_score__lte", 1)),
                        name="analytics_useranalytics_engagement_score_bounds",
                        violation_error_message="Must be between 0 and 1.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("retention_score__gte", 0), ("retention_score__lte", 1)),
                        name="analytics_useranalytics_retention_score_bounds",
                        violation_error_message="Must be between 0 and 1.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="UserFeedback",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                (
                    "feedback_date",
                    models.DateField(
                        help_text="Day of the feedback in the user's time zone.", validators=[validate_plausible_date]
                    ),
                ),
                (
                    "feedback_type",
                    models.CharField(
                        choices=[
                            ("feature", "Feature"),
                            ("support", "Support"),
                            ("general", "General"),
                            ("bug", "Bug"),
                            ("enhancement", "Enhancement"),
                        ],
                        help_text="What the feedback is. `support` uses one of the `support_requests` of the plan.",
                        max_length=50,
                    ),
                ),
                (
                    "rating",
                    models.IntegerField(
                        blank=True,
                        help_text="1 (worst) to 5 (best).",
                        null=True,
                        validators=[MinValueValidator(1), MaxValueValidator(5)],
                    ),
                ),
                ("feedback_text", models.TextField(blank=True, help_text="The user's own text. May be empty.")),
                ("category", models.CharField(blank=True, help_text="Part of the product, such as imports.", max_length=100)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("pending", "Pending"),
                            ("in_progress", "In Progress"),
                            ("resolved", "Resolved"),
                            ("closed", "Closed"),
                        ],
                        default="open",
                        help_text="State, set by staff.",
                        max_length=50,
                    ),
                ),
                (
                    "priority",
                    models.CharField(
                        choices=[("low", "Low"), ("medium", "Medium"), ("high", "High"), ("critical", "Critical")],
                        default="medium",
                        help_text="Urgency, set by staff.",
                        max_length=20,
                    ),
                ),
                ("resolution_notes", models.TextField(blank=True, help_text="The reply of staff. The user can read it.")),
                (
                    "resolved_at",
                    models.DateTimeField(
                        blank=True, help_text="When it was resolved. Null unless the status is resolved or closed.", null=True
                    ),
                ),
                (
                    "assigned_to",
                    models.ForeignKey(
                        blank=True,
                        help_text="The id of the staff member who handles it. Null: it is not assigned.",
                        null=True,
                        on_delete=SET_NULL,
                        related_name="assigned_feedback",
                        to=settings.AUTH_USER_MODEL,
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
                "verbose_name": "piece of feedback",
                "verbose_name_plural": "feedback",
                "abstract": False,
                "indexes": [
                    models.Index(fields=["user", "-feedback_date", "-id"], name="analytics_feedback_by_day"),
                    models.Index(fields=["user", "-created_at", "-id"], name="analytics_feedback_newest"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status__in", ["resolved", "closed"]), ("resolved_at__isnull", False)),
                            models.Q(
                                models.Q(("status__in", ["resolved", "closed"]), _negated=True), ("resolved_at__isnull", True)
                            ),
                            _connector="OR",
                        ),
                        name="analytics_userfeedback_resolved_at_matches_status",
                        violation_error_message="Must be set exactly when the status is resolved or closed.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("feedback_date__gte", date(1900, 1, 1)), ("feedback_date__lte", date(2200, 12, 31))
                        ),
                        name="analytics_userfeedback_feedback_date_bounds",
                        violation_error_message="Must be between 1900-01-01 and 2200-12-31.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("feedback_type__in", ["feature", "support", "general", "bug", "enhancement"])),
                        name="analytics_userfeedback_feedback_type_choice",
                        violation_error_message="Choose one of: feature, support, general, bug, enhancement.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("rating__gte", 1), ("rating__lte", 5)),
                        name="analytics_userfeedback_rating_bounds",
                        violation_error_message="Must be between 1 and 5.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["open", "pending", "in_progress", "resolved", "closed"])),
                        name="analytics_userfeedback_status_choice",
                        violation_error_message="Choose one of: open, pending, in_progress, resolved, closed.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("priority__in", ["low", "medium", "high", "critical"])),
                        name="analytics_userfeedback_priority_choice",
                        violation_error_message="Choose one of: low, medium, high, critical.",
                    ),
                ],
            },
        ),
        # Triggers
        *add_triggers("analytics", "FeatureUsage", "PerformanceMetric", "UserAnalytics", "UserFeedback"),
        # Row-level security and privileges
        enable_row_level_security("analytics_featureusage"),
        enable_row_level_security("analytics_useranalytics"),
        enable_row_level_security("analytics_userfeedback"),
        grant("analytics_performancemetric", staff=ALL),
        # SQL functions
        run_sql_file("analytics/migrations/sql/keep_months.sql"),
    ]

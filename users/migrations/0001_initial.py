"""The tables of accounts, profiles, sessions, tokens, exports and erasures.

Their triggers are in `0002_initial`: they call a function of `system`, whose tables refer to `users_user`.
"""

from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import migrations, models
from django.db.models.deletion import CASCADE, DO_NOTHING
from django.db.models.expressions import CombinedExpression
from django.db.models.functions.datetime import Now, TruncDate
from django.db.models.functions.text import Lower
from django.db.models.lookups import Exact
from uuid_utils.compat import uuid7

from core.encryption.fields import encrypt
from core.models.base import UpdatedAtField
from core.models.money import NumericField, validate_currency
from core.models.validators import validate_json_list, validate_json_object
from core.postgres.operations import ALL, composite_foreign_key, enable_row_level_security, grant, run_sql_file
from users.models.account_settings import ProfileSettings
from users.models.reference import is_country, is_locale, is_naics_code, is_timezone

# Only the roles of accounts and staff change accounts and sessions. A customer locks rows, for which PostgreSQL requires the
# privilege to update a column.
LOCK = "SELECT, UPDATE (updated_at)"


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("core", "0001_initial"),
    ]

    operations = [
        # SQL functions that the tables need
        run_sql_file("users/migrations/sql/is_timezone.sql"),
        # Tables
        migrations.CreateModel(
            name="User",
            fields=[
                ("password", models.CharField(max_length=128, verbose_name="password")),
                (
                    "is_superuser",
                    models.BooleanField(
                        default=False,
                        help_text="Designates that this user has all permissions without explicitly assigning them.",
                        verbose_name="superuser status",
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                ("id", models.UUIDField(default=uuid4, editable=False, primary_key=True, serialize=False)),
                ("email", models.EmailField(help_text="In lower case.", max_length=254, unique=True)),
                ("is_active", models.BooleanField(default=True, help_text="False: the user can't log in.")),
                ("is_verified", models.BooleanField(default=False, help_text="True once the email address is confirmed.")),
                ("is_staff", models.BooleanField(default=False, help_text="True for staff, who may use the back office.")),
                (
                    "last_login_at",
                    models.DateTimeField(
                        blank=True,
                        editable=False,
                        help_text="When the user last logged in. Null before the first login.",
                        null=True,
                    ),
                ),
                (
                    "login_attempts",
                    models.IntegerField(
                        default=0,
                        editable=False,
                        help_text="Failed logins in a row on devices that have not logged in before.",
                        validators=[MinValueValidator(0)],
                    ),
                ),
                (
                    "locked_until",
                    models.DateTimeField(
                        blank=True,
                        editable=False,
                        help_text="Until then logins on devices that have not logged in before are refused.",
                        null=True,
                    ),
                ),
                (
                    "last_totp_step",
                    models.IntegerField(
                        blank=True,
                        editable=False,
                        help_text="Time step (30 s since 1970) of the last used code of an authenticator app.",
                        null=True,
                        validators=[MinValueValidator(0)],
                    ),
                ),
                (
                    "new_email",
                    models.EmailField(
                        blank=True,
                        editable=False,
                        help_text="The address that the user asked to change to. Empty: none.",
                        max_length=254,
                    ),
                ),
                (
                    "new_email_expires_at",
                    models.DateTimeField(
                        blank=True, editable=False, help_text="Until then the new address can be confirmed.", null=True
                    ),
                ),
                (
                    "groups",
                    models.ManyToManyField(
                        blank=True,
                        help_text=(
                            "The groups this user belongs to. A user will get all permissions granted to each of their groups."
                        ),
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.group",
                        verbose_name="groups",
                    ),
                ),
                (
                    "user_permissions",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Specific permissions for this user.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.permission",
                        verbose_name="user permissions",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "indexes": [models.Index(fields=["-created_at", "id"], name="users_user_newest")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(Exact(models.F("email"), Lower("email"))),
                        name="users_user_email_lower",
                        violation_error_message="Must be in lower case.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("new_email", ""), ("new_email_expires_at", None)),
                            models.Q(models.Q(("new_email", ""), _negated=True), ("new_email_expires_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="users_user_new_email_expires",
                        violation_error_message="Set the new address and its expiry together.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("login_attempts__gte", 0)),
                        name="users_user_login_attempts_bounds",
                        violation_error_message="Must be 0 or more.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("last_totp_step__gte", 0)),
                        name="users_user_last_totp_step_bounds",
                        violation_error_message="Must be 0 or more.",
                    ),
                ],
            },
            bases=(ProfileSettings, models.Model),
        ),
        migrations.CreateModel(
            name="AccountErasure",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                (
                    "requested_by",
                    models.CharField(
                        choices=[("customer", "Customer"), ("staff", "Staff"), ("command", "Command")],
                        editable=False,
                        max_length=20,
                    ),
                ),
                ("rows_deleted", models.BigIntegerField(default=0, editable=False)),
                ("anonymized_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("finished_at", models.DateTimeField(blank=True, editable=False, null=True)),
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
                "verbose_name": "erasure",
                "abstract": False,
                "indexes": [models.Index(fields=["user"], name="users_erasure_of_user")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("finished_at__isnull", True)),
                        fields=("user",),
                        name="users_accounterasure_finished_at_one_under_way",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("rows_deleted__gte", 0)),
                        name="users_accounterasure_rows_deleted_bounds",
                        violation_error_message="Must be 0 or more.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("requested_by__in", ["customer", "staff", "command"])),
                        name="users_accounterasure_requested_by_choice",
                        violation_error_message="Choose one of: customer, staff, command.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Approval",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("erase", "erase the account"),
                            ("remove_factors", "remove the second factors"),
                            ("refund", "refund"),
                        ],
                        editable=False,
                        max_length=20,
                    ),
                ),
                ("subject_id", models.UUIDField(editable=False)),
                ("reason", models.CharField(max_length=500)),
                ("expires_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("approved", "Approved"),
                            ("declined", "Declined"),
                            ("expired", "Expired"),
                        ],
                        default="waiting",
                        max_length=20,
                    ),
                ),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "requested_by",
                    models.ForeignKey(
                        db_constraint=False, db_index=False, on_delete=DO_NOTHING, related_name="+", to=settings.AUTH_USER_MODEL
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
                "abstract": False,
                "indexes": [models.Index(fields=["user", "-created_at", "-id"], name="users_approval_newest")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "waiting")),
                        fields=("user", "action", "subject_id"),
                        name="users_approval_action_one_waiting",
                        violation_error_message="This was already requested and waits for a decision.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("decided_by", models.F("requested_by")), _negated=True),
                        name="users_approval_decided_by_a_second_person",
                        violation_error_message="The staff member who requested this can't decide it.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_at__isnull", False), ("state__in", ["approved", "declined"])),
                            models.Q(
                                models.Q(("state__in", ["approved", "declined"]), _negated=True),
                                ("decided_at__isnull", True),
                                ("decided_by__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="users_approval_decided_at_matches_state",
                        violation_error_message="Only an approved or declined request has a decision.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("action__in", ["erase", "remove_factors", "refund"])),
                        name="users_approval_action_choice",
                        violation_error_message="Choose one of: erase, remove_factors, refund.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason__regex", "^\\S(.*\\S)?$")),
                        name="users_approval_reason_not_blank",
                        violation_error_message="Must not be empty or padded.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["waiting", "approved", "declined", "expired"])),
                        name="users_approval_state_choice",
                        violation_error_message="Choose one of: waiting, approved, declined, expired.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DataExport",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "waiting for a worker"),
                            ("running", "in progress"),
                            ("ready", "ready for download"),
                            ("failed", "failed"),
                        ],
                        default="waiting",
                        editable=False,
                        help_text="State of the job that writes the file.",
                        max_length=20,
                    ),
                ),
                (
                    "progress",
                    models.IntegerField(
                        default=0,
                        editable=False,
                        help_text="Progress in percent, 0 to 100.",
                        validators=[MinValueValidator(0), MaxValueValidator(100)],
                    ),
                ),
                (
                    "size",
                    models.BigIntegerField(
                        blank=True, editable=False, help_text="Bytes of the ZIP file; null until ready.", null=True
                    ),
                ),
                (
                    "sha256",
                    models.CharField(
                        blank=True,
                        editable=False,
                        help_text="SHA-256 of the ZIP file, in hexadecimal digits. Empty until ready.",
                        max_length=64,
                    ),
                ),
                (
                    "ready_at",
                    models.DateTimeField(
                        blank=True,
                        editable=False,
                        help_text="When the file became ready for download. Null until then.",
                        null=True,
                    ),
                ),
                (
                    "expires_at",
                    models.DateTimeField(
                        blank=True, editable=False, help_text="When the file is deleted. Null until it is ready.", null=True
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
                "verbose_name": "data export",
                "abstract": False,
                "indexes": [models.Index(fields=["user", "-created_at", "-id"], name="users_export_newest")],
                "constraints": [
                    models.UniqueConstraint(fields=("user", "id"), name="users_dataexport_owner"),
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ("waiting", "running"))),
                        fields=("user",),
                        name="users_dataexport_state_one_under_way",
                        violation_error_message="An export is already in progress.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["waiting", "running", "ready", "failed"])),
                        name="users_dataexport_state_choice",
                        violation_error_message="Choose one of: waiting, running, ready, failed.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("progress__gte", 0), ("progress__lte", 100)),
                        name="users_dataexport_progress_bounds",
                        violation_error_message="Must be between 0 and 100.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DataExportChunk",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                ("number", models.IntegerField(validators=[MinValueValidator(0)])),
                ("content", encrypt(models.TextField(), label="users.data_export_chunk.content")),
                (
                    "export",
                    models.ForeignKey(
                        db_constraint=False, db_index=False, on_delete=CASCADE, related_name="chunks", to="users.dataexport"
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
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("user", "export", "number"), name="users_dataexportchunk_number_unique"),
                    models.CheckConstraint(
                        condition=models.Q(("number__gte", 0)),
                        name="users_dataexportchunk_number_bounds",
                        violation_error_message="Must be 0 or more.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="EmailChange",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                ("former_email", models.EmailField(editable=False, max_length=254)),
                ("new_email", models.EmailField(editable=False, max_length=254)),
                (
                    "undone_at",
                    models.DateTimeField(editable=False, help_text="When it or a change before it was undone.", null=True),
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
                "verbose_name": "change of email address",
                "verbose_name_plural": "changes of email addresses",
                "abstract": False,
                "indexes": [models.Index(fields=["user", "-created_at", "-id"], name="users_emailchange_newest")],
            },
        ),
        migrations.CreateModel(
            name="EmailCode",
            fields=[
                ("id", models.UUIDField(default=uuid4, editable=False, primary_key=True, serialize=False)),
                ("digest", models.CharField(blank=True, editable=False, max_length=64)),
                ("attempts", models.PositiveSmallIntegerField(default=0, editable=False)),
                ("expires_at", models.DateTimeField(editable=False, null=True)),
                ("requests", models.PositiveSmallIntegerField(default=1, editable=False)),
                ("requested_at", models.DateTimeField(editable=False)),
                ("created_at", models.DateTimeField(editable=False)),
            ],
            options={
                "indexes": [models.Index(fields=["created_at"], name="users_emailcode_by_age")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("attempts__lte", 5)),
                        name="users_emailcode_attempts",
                        violation_error_message="A code is tried at most 5 times.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("requests__lte", 5)),
                        name="users_emailcode_requests",
                        violation_error_message="A session gets at most 5 codes a day.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Impersonation",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                ("reason", models.CharField(max_length=500)),
                ("ends_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("digest", models.CharField(editable=False, max_length=64, unique=True)),
                (
                    "staff",
                    models.ForeignKey(
                        editable=False, on_delete=CASCADE, related_name="impersonations_by_me", to=settings.AUTH_USER_MODEL
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
                "abstract": False,
                "indexes": [models.Index(fields=["user", "-created_at", "-id"], name="users_impersonation_newest")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ends_at__gt", models.F("created_at"))),
                        name="users_impersonation_ends_at_later",
                        violation_error_message="Must be after the start.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason__regex", "^\\S(.*\\S)?$")),
                        name="users_impersonation_reason_not_blank",
                        violation_error_message="Must not be empty or padded.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LoginCounter",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                ("account", models.CharField(editable=False, max_length=64)),
                ("source", models.CharField(editable=False, max_length=64)),
                ("attempts", models.IntegerField(default=1, editable=False, validators=[MinValueValidator(1)])),
                ("last_attempt_at", models.DateTimeField(editable=False)),
                ("locked_until", models.DateTimeField(editable=False, null=True)),
            ],
            options={
                "abstract": False,
                "indexes": [models.Index(fields=["last_attempt_at"], name="users_logincounter_by_age")],
                "constraints": [
                    models.UniqueConstraint(fields=("account", "source"), name="users_logincounter_source_unique"),
                    models.CheckConstraint(
                        condition=models.Q(("attempts__gte", 1)),
                        name="users_logincounter_attempts_bounds",
                        violation_error_message="Must be 1 or more.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OnboardingProgress",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                (
                    "step_name",
                    models.CharField(
                        help_text="Name of the step for the client, unique among the user's steps.", max_length=100
                    ),
                ),
                (
                    "step_order",
                    models.IntegerField(help_text="Position in the list, from 1.", validators=[MinValueValidator(1)]),
                ),
                ("is_completed", models.BooleanField(default=False, help_text="True once the user has completed the step.")),
                (
                    "completed_at",
                    models.DateTimeField(blank=True, help_text="When it was completed. Null if it is not.", null=True),
                ),
                (
                    "step_data",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="Data that the user entered, as a JSON object.",
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
                "verbose_name": "onboarding step",
                "ordering": ["step_order"],
                "abstract": False,
                "indexes": [
                    GinIndex(fields=["step_data"], name="users_onboarding_step_data_gin", opclasses=["jsonb_path_ops"])
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("user", "step_name"),
                        name="users_onboardingprogress_step_name_unique",
                        violation_error_message="You already have a step with this name.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("completed_at__isnull", False), ("is_completed", True)),
                            models.Q(("completed_at__isnull", True), ("is_completed", False)),
                            _connector="OR",
                        ),
                        name="users_onboardingprogress_completed_at_matches_is_completed",
                        violation_error_message="Must be set exactly when is_completed is true.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("step_name__regex", "^\\S(.*\\S)?$")),
                        name="users_onboardingprogress_step_name_not_blank",
                        violation_error_message="Must not be empty or padded.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("step_order__gte", 1)),
                        name="users_onboardingprogress_step_order_bounds",
                        violation_error_message="Must be 1 or more.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("step_data"), function="jsonb_typeof", output_field=models.TextField()),
                            models.Value("object"),
                        ),
                        name="users_onboardingprogress_step_data_shape",
                        violation_error_message="Must be a JSON object.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PersonalAccessToken",
            fields=[
                ("token_key", models.CharField(db_index=True, max_length=25)),
                ("expiry", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("digest", models.CharField(editable=False, max_length=128, unique=True)),
                ("name", models.CharField(help_text="The user's name for the token.", max_length=100)),
                (
                    "scope",
                    models.CharField(
                        choices=[("read", "read"), ("read-write", "read and write")],
                        default="read",
                        help_text="What the token permits. Default: read.",
                        max_length=20,
                    ),
                ),
                (
                    "last_used_at",
                    models.DateTimeField(
                        blank=True, editable=False, help_text="When it was last used, to the minute. Null: never.", null=True
                    ),
                ),
                ("created", models.DateTimeField(auto_now_add=True, db_default=Now())),
                (
                    "access_ends_at",
                    models.DateTimeField(
                        blank=True,
                        editable=False,
                        help_text="When the API access of the plan ends or ended. Null if no end is known.",
                        null=True,
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        editable=False,
                        on_delete=CASCADE,
                        related_name="auth_token_set",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "abstract": False,
                "indexes": [models.Index(fields=["user", "-created_at", "id"], name="users_token_newest")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("name__regex", "^\\S(.*\\S)?$")),
                        name="users_personalaccesstoken_name_not_blank",
                        violation_error_message="Must not be empty or padded.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("scope__in", ["read", "read-write"])),
                        name="users_personalaccesstoken_scope_choice",
                        violation_error_message="Choose one of: read, read-write.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SentMail",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.BinaryField(max_length=16)),
                ("kind", models.CharField(editable=False, max_length=40)),
                ("sent_at", models.DateTimeField(editable=False)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["digest", "sent_at"], name="users_sentmail_address"),
                    models.Index(fields=["sent_at"], name="users_sentmail_old"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Upload",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("import", "import of a bank statement"),
                            ("dry_run", "preview of an import"),
                            ("restore", "import of a data export"),
                            ("move", "import of all accounts of another app, or its preview"),
                            ("bulk", "change of many transactions"),
                            ("rules", "run of rules"),
                        ],
                        editable=False,
                        help_text="What the job does with the file.",
                        max_length=20,
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("queued", "waiting for a worker"),
                            ("running", "in progress"),
                            ("done", "finished"),
                            ("failed", "failed; nothing was changed"),
                            ("canceled", "canceled; nothing was changed"),
                        ],
                        default="queued",
                        editable=False,
                        help_text="State of the job.",
                        max_length=20,
                    ),
                ),
                (
                    "progress",
                    models.IntegerField(
                        default=0,
                        editable=False,
                        help_text="Progress in percent, 0 to 100.",
                        validators=[MinValueValidator(0), MaxValueValidator(100)],
                    ),
                ),
                (
                    "filename",
                    models.CharField(blank=True, editable=False, help_text="Name of the file as it was sent.", max_length=255),
                ),
                ("size", models.BigIntegerField(editable=False, help_text="Size of the file in bytes.")),
                (
                    "attempts",
                    models.IntegerField(
                        default=0,
                        editable=False,
                        help_text="Number of times that a worker has started it.",
                        validators=[MinValueValidator(0)],
                    ),
                ),
                ("options", encrypt(models.JSONField(default=dict, editable=False), label="users.upload.options")),
                ("result", encrypt(models.JSONField(editable=False, null=True), label="users.upload.result")),
                ("error", encrypt(models.JSONField(editable=False, null=True), label="users.upload.error")),
                (
                    "finished_at",
                    models.DateTimeField(
                        blank=True, editable=False, help_text="When the job ended. Null until then.", null=True
                    ),
                ),
                (
                    "expires_at",
                    models.DateTimeField(
                        blank=True,
                        editable=False,
                        help_text="The job and its result are deleted then. Null until it has ended.",
                        null=True,
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
                "verbose_name": "file upload",
                "abstract": False,
                "indexes": [models.Index(fields=["user", "-created_at", "-id"], name="users_upload_newest")],
                "constraints": [
                    models.UniqueConstraint(fields=("user", "id"), name="users_upload_owner"),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["import", "dry_run", "restore", "move", "bulk", "rules"])),
                        name="users_upload_kind_choice",
                        violation_error_message="Choose one of: import, dry_run, restore, move, bulk, rules.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["queued", "running", "done", "failed", "canceled"])),
                        name="users_upload_status_choice",
                        violation_error_message="Choose one of: queued, running, done, failed, canceled.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("progress__gte", 0), ("progress__lte", 100)),
                        name="users_upload_progress_bounds",
                        violation_error_message="Must be between 0 and 100.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("attempts__gte", 0)),
                        name="users_upload_attempts_bounds",
                        violation_error_message="Must be 0 or more.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="UploadChunk",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                ("number", models.IntegerField(validators=[MinValueValidator(0)])),
                ("content", encrypt(models.TextField(), label="users.upload_chunk.content")),
                (
                    "upload",
                    models.ForeignKey(
                        db_constraint=False, db_index=False, on_delete=CASCADE, related_name="chunks", to="users.upload"
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
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("user", "upload", "number"), name="users_uploadchunk_number_unique"),
                    models.CheckConstraint(
                        condition=models.Q(("number__gte", 0)),
                        name="users_uploadchunk_number_bounds",
                        violation_error_message="Must be 0 or more.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="UserProfile",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                (
                    "timezone",
                    models.CharField(
                        default="America/New_York",
                        help_text="IANA time zone. Default: America/New_York.",
                        max_length=50,
                        validators=[is_timezone],
                    ),
                ),
                (
                    "currency",
                    models.CharField(
                        default="USD",
                        help_text="ISO 4217 code of the currency that the user mostly uses. Default: USD.",
                        max_length=3,
                        validators=[validate_currency],
                    ),
                ),
                (
                    "locale",
                    models.CharField(
                        default="en",
                        help_text="BCP 47 tag of the user's language and region, such as en or de-AT. Default: en.",
                        max_length=35,
                        validators=[is_locale],
                    ),
                ),
                (
                    "first_day_of_week",
                    models.CharField(
                        choices=[("monday", "Monday"), ("sunday", "Sunday"), ("saturday", "Saturday")],
                        default="monday",
                        help_text="The day with which a week begins in calendars. Default: monday.",
                        max_length=10,
                    ),
                ),
                (
                    "first_name",
                    models.CharField(blank=True, help_text="Given name. Empty until the user enters it.", max_length=100),
                ),
                (
                    "last_name",
                    models.CharField(blank=True, help_text="Family name. Empty until the user enters it.", max_length=100),
                ),
                (
                    "date_of_birth",
                    models.DateField(blank=True, help_text="From 1880 to the user's present day. Null: unknown.", null=True),
                ),
                ("gender", models.CharField(blank=True, help_text="In the user's own words. May be empty.", max_length=20)),
                (
                    "phone_number",
                    models.CharField(blank=True, help_text="E.164, such as +12125550123, or a national number.", max_length=20),
                ),
                ("address_line_1", models.CharField(blank=True, help_text="Street and number. May be empty.", max_length=255)),
                (
                    "address_line_2",
                    models.CharField(blank=True, help_text="Such as an apartment or a floor. May be empty.", max_length=255),
                ),
                ("city", models.CharField(blank=True, help_text="City or town of the address. May be empty.", max_length=100)),
                (
                    "state",
                    models.CharField(
                        blank=True, help_text="State, province or region, as free text. May be empty.", max_length=50
                    ),
                ),
                (
                    "zip_code",
                    models.CharField(
                        blank=True,
                        help_text="Postal code, in the US 12345 or 12345-6789. Empty until the user enters it.",
                        max_length=10,
                    ),
                ),
                (
                    "country",
                    models.CharField(default="US", help_text="ISO 3166; default US.", max_length=2, validators=[is_country]),
                ),
                (
                    "dependents",
                    models.IntegerField(
                        blank=True,
                        help_text="Number of dependents, 0 if none. Null: unknown.",
                        null=True,
                        validators=[MinValueValidator(0)],
                    ),
                ),
                (
                    "marital_status",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("single", "Single"),
                            ("married", "Married"),
                            ("domestic_partnership", "Domestic Partnership"),
                            ("separated", "Separated"),
                            ("divorced", "Divorced"),
                            ("widowed", "Widowed"),
                        ],
                        help_text="Empty: not stated.",
                        max_length=20,
                    ),
                ),
                (
                    "household_size",
                    models.IntegerField(
                        default=1, help_text="Number of people in the household. Default: 1.", validators=[MinValueValidator(1)]
                    ),
                ),
                (
                    "annual_income",
                    NumericField(
                        blank=True,
                        decimal_places=3,
                        help_text="Yearly income. 0 if there is none. Null: unknown.",
                        max_digits=16,
                        null=True,
                        validators=[MinValueValidator(0)],
                    ),
                ),
                ("income_source", models.CharField(blank=True, help_text="Free text, such as salary.", max_length=100)),
                (
                    "employment_status",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("employed", "Employed"),
                            ("self_employed", "Self Employed"),
                            ("part_time", "Part Time"),
                            ("contract", "Contract"),
                            ("unemployed", "Unemployed"),
                            ("student", "Student"),
                            ("retired", "Retired"),
                        ],
                        help_text="Present situation at work. Empty: unknown.",
                        max_length=50,
                    ),
                ),
                (
                    "education_level",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("less_than_high_school", "Less Than High School"),
                            ("high_school", "High School"),
                            ("some_college", "Some College"),
                            ("associate", "Associate"),
                            ("bachelor", "Bachelor"),
                            ("master", "Master"),
                            ("professional", "Professional"),
                            ("doctorate", "Doctorate"),
                        ],
                        max_length=50,
                    ),
                ),
                (
                    "occupation",
                    models.CharField(blank=True, help_text="Free text, such as nurse. May be empty.", max_length=100),
                ),
                ("industry", models.CharField(blank=True, help_text="Free text, such as software.", max_length=100)),
                (
                    "years_of_experience",
                    models.IntegerField(
                        blank=True,
                        help_text="Whole years of work experience. Null: unknown.",
                        null=True,
                        validators=[MinValueValidator(0)],
                    ),
                ),
                ("company_name", models.CharField(blank=True, help_text="Name of the employer. May be empty.", max_length=255)),
                (
                    "company_size",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("1-9", "1-9"),
                            ("10-49", "10-49"),
                            ("50-249", "50-249"),
                            ("250-999", "250-999"),
                            ("1000+", "1000+"),
                        ],
                        help_text="Number of employees.",
                        max_length=50,
                    ),
                ),
                (
                    "job_title",
                    models.CharField(blank=True, help_text="Free text, such as team lead. May be empty.", max_length=100),
                ),
                (
                    "naics_code",
                    models.CharField(blank=True, help_text="2 to 6 digits.", max_length=6, validators=[is_naics_code]),
                ),
                (
                    "risk_tolerance",
                    models.CharField(
                        choices=[("conservative", "Conservative"), ("moderate", "Moderate"), ("aggressive", "Aggressive")],
                        default="moderate",
                        help_text="Readiness to take risks with money. Default: moderate.",
                        max_length=20,
                    ),
                ),
                (
                    "financial_goals",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text="Goals in any format, as a JSON list.",
                        validators=[validate_json_list],
                    ),
                ),
                (
                    "preferences",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="Settings of the client, as a JSON object.",
                        validators=[validate_json_object],
                    ),
                ),
                (
                    "user",
                    models.OneToOneField(
                        editable=False, on_delete=CASCADE, related_name="profile", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "abstract": False,
                "indexes": [
                    GinIndex(fields=["financial_goals"], name="users_profile_financial_goals_", opclasses=["jsonb_path_ops"]),
                    GinIndex(fields=["preferences"], name="users_profile_preferences_gin", opclasses=["jsonb_path_ops"]),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("date_of_birth__gte", date(1880, 1, 1)),
                            ("date_of_birth__lte", CombinedExpression(TruncDate(Now()), "+", models.Value(timedelta(days=1)))),
                        ),
                        name="users_userprofile_date_of_birth_past",
                        violation_error_message="Must not be in the future, nor before 1880.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("first_name__regex", "^(\\S(.*\\S)?)?$")),
                        name="users_userprofile_first_name_trimmed",
                        violation_error_message="Must not begin or end with white space.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("last_name__regex", "^(\\S(.*\\S)?)?$")),
                        name="users_userprofile_last_name_trimmed",
                        violation_error_message="Must not begin or end with white space.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("zip_code__regex", "^(\\S(.*\\S)?)?$")),
                        name="users_userprofile_zip_code_trimmed",
                        violation_error_message="Must not begin or end with white space.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("country", "US"), _negated=True),
                            ("zip_code", ""),
                            ("zip_code__regex", "^[0-9]{5}(-[0-9]{4})?$"),
                            _connector="OR",
                        ),
                        name="users_userprofile_zip_code_us",
                        violation_error_message="A US ZIP code has five digits, or five and four: 12345 or 12345-6789.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("phone_number", ""), ("phone_number__regex", "^\\+[1-9][0-9]{6,14}$"), _connector="OR"
                        ),
                        name="users_userprofile_phone_number_e164",
                        violation_error_message="Use E.164.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Func(models.F("timezone"), function="users_is_timezone", output_field=models.BooleanField())
                        ),
                        name="users_userprofile_timezone_iana",
                        violation_error_message="Use an IANA timezone such as America/New_York.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("locale__regex", "^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$")),
                        name="users_userprofile_locale_bcp_47",
                        violation_error_message=(
                            "Use a BCP 47 tag of a language, and optionally its script and region, such as en, de-AT or "
                            "zh-Hant-TW."
                        ),
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("country__regex", "^[A-Z]{2}$")),
                        name="users_userprofile_country_iso_3166",
                        violation_error_message="Use an ISO 3166-1 code such as US.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("naics_code", ""),
                            (
                                "naics_code__regex",
                                "^(11|21|22|23|31|32|33|42|44|45|48|49|51|52|53|54|55|56|61|62|71|72|81|92)[0-9]{0,4}$",
                            ),
                            _connector="OR",
                        ),
                        name="users_userprofile_naics_code_sector",
                        violation_error_message="Use 2 to 6 digits that begin with a NAICS sector.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("dependents__gte", 0)),
                        name="users_userprofile_dependents_bounds",
                        violation_error_message="Must be 0 or more.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "marital_status__in",
                                ["single", "married", "domestic_partnership", "separated", "divorced", "widowed", ""],
                            )
                        ),
                        name="users_userprofile_marital_status_choice",
                        violation_error_message=(
                            "Choose one of: single, married, domestic_partnership, separated, divorced, widowed."
                        ),
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("household_size__gte", 1)),
                        name="users_userprofile_household_size_bounds",
                        violation_error_message="Must be 1 or more.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("annual_income"), function="scale", output_field=models.IntegerField()),
                            models.Value(2),
                        ),
                        name="users_userprofile_annual_income_decimals",
                        violation_error_message="Must have 2 decimals.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("annual_income__gt", Decimal("-10000000000000")), ("annual_income__lt", Decimal("10000000000000"))
                        ),
                        name="users_userprofile_annual_income_size",
                        violation_error_message="Must have at most 13 digits before the decimal point.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("annual_income__gte", 0)),
                        name="users_userprofile_annual_income_bounds",
                        violation_error_message="Must be 0 or more.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "employment_status__in",
                                ["employed", "self_employed", "part_time", "contract", "unemployed", "student", "retired", ""],
                            )
                        ),
                        name="users_userprofile_employment_status_choice",
                        violation_error_message=(
                            "Choose one of: employed, self_employed, part_time, contract, unemployed, student, retired."
                        ),
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "education_level__in",
                                [
                                    "less_than_high_school",
                                    "high_school",
                                    "some_college",
                                    "associate",
                                    "bachelor",
                                    "master",
                                    "professional",
                                    "doctorate",
                                    "",
                                ],
                            )
                        ),
                        name="users_userprofile_education_level_choice",
                        violation_error_message=(
                            "Choose one of: less_than_high_school, high_school, some_college, associate, bachelor, master, "
                            "professional, doctorate."
                        ),
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("years_of_experience__gte", 0)),
                        name="users_userprofile_years_of_experience_bounds",
                        violation_error_message="Must be 0 or more.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("company_size__in", ["1-9", "10-49", "50-249", "250-999", "1000+", ""])),
                        name="users_userprofile_company_size_choice",
                        violation_error_message="Choose one of: 1-9, 10-49, 50-249, 250-999, 1000+.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("risk_tolerance__in", ["conservative", "moderate", "aggressive"])),
                        name="users_userprofile_risk_tolerance_choice",
                        violation_error_message="Choose one of: conservative, moderate, aggressive.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("financial_goals"), function="jsonb_typeof", output_field=models.TextField()),
                            models.Value("array"),
                        ),
                        name="users_userprofile_financial_goals_shape",
                        violation_error_message="Must be a JSON list.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("preferences"), function="jsonb_typeof", output_field=models.TextField()),
                            models.Value("object"),
                        ),
                        name="users_userprofile_preferences_shape",
                        violation_error_message="Must be a JSON object.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("currency__regex", "^[A-Z]{3}$")),
                        name="users_userprofile_currency_iso_4217",
                        violation_error_message="Use an ISO 4217 code such as USD.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("first_day_of_week__in", ["monday", "sunday", "saturday"])),
                        name="users_userprofile_first_day_of_week_choice",
                        violation_error_message="Choose one of: monday, sunday, saturday.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="UserSession",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                ("digest", models.CharField(editable=False, max_length=64, null=True, unique=True)),
                ("data", models.TextField(blank=True, editable=False)),
                ("expires_at", models.DateTimeField(editable=False, help_text="End of the session.")),
                (
                    "user_agent",
                    models.CharField(
                        blank=True,
                        editable=False,
                        help_text="Browser or app: the first 200 characters of its User-Agent header.",
                        max_length=200,
                    ),
                ),
                ("address", models.GenericIPAddressField(editable=False, help_text="IP address at login.", null=True)),
                (
                    "last_seen_at",
                    models.DateTimeField(editable=False, help_text="When it was last used, accurate to five minutes."),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False, editable=False, null=True, on_delete=CASCADE, to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name": "session",
                "abstract": False,
                "indexes": [
                    models.Index(fields=["user", "-created_at", "-id"], name="users_session_newest"),
                    models.Index(fields=["expires_at"], name="users_session_expires"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("digest__isnull", False), ("data", ""), _connector="OR"),
                        name="users_usersession_data_ended",
                        violation_error_message="An ended session has no data.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="WebhookEndpoint",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                ("name", models.CharField(help_text="The user's name for the endpoint.", max_length=100)),
                ("url", models.CharField(help_text="The https URL that messages are sent to.", max_length=1000)),
                (
                    "event_types",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text="The types of messages that are sent, such as `transaction.changed`. Empty: all.",
                        validators=[validate_json_list],
                    ),
                ),
                ("is_enabled", models.BooleanField(default=True, help_text="True if messages are sent.")),
                (
                    "disabled_reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("gone", "the receiver returned 410"),
                            ("failing", "no delivery succeeded for days"),
                            ("support", "disabled by support"),
                        ],
                        help_text="Why it was disabled. Empty unless MINGUS did it.",
                        max_length=20,
                    ),
                ),
                (
                    "failing_since",
                    models.DateTimeField(
                        blank=True,
                        editable=False,
                        help_text="The first failed attempt since the last delivery. Null: none failed.",
                        null=True,
                    ),
                ),
                (
                    "paused_until",
                    models.DateTimeField(
                        blank=True,
                        editable=False,
                        help_text="No attempt is made before this time. Null unless the last one failed.",
                        null=True,
                    ),
                ),
                ("position", models.BigIntegerField(default=0, editable=False)),
                ("secret", encrypt(models.CharField(editable=False, max_length=100), label="users.webhook_endpoint.secret")),
                (
                    "former_secret",
                    encrypt(
                        models.CharField(editable=False, max_length=100, null=True),
                        label="users.webhook_endpoint.former_secret",
                    ),
                ),
                (
                    "former_secret_expires_at",
                    models.DateTimeField(
                        blank=True,
                        editable=False,
                        help_text="Until then the former secret signs messages, too. Null: there is none.",
                        null=True,
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
                "verbose_name": "webhook",
                "abstract": False,
                "indexes": [
                    models.Index(fields=["user", "-created_at", "-id"], name="users_endpoint_newest"),
                    GinIndex(fields=["event_types"], name="users_webhookendpoint_event_ty", opclasses=["jsonb_path_ops"]),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("user", "id"), name="users_webhookendpoint_owner"),
                    models.CheckConstraint(
                        condition=models.Q(("url__startswith", "https://")),
                        name="users_webhookendpoint_url_https",
                        violation_error_message="Use a URL that begins with https://.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("is_enabled", False), ("disabled_reason", ""), _connector="OR"),
                        name="users_webhookendpoint_disabled_reason_disabled",
                        violation_error_message="An enabled endpoint has no reason for being disabled.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("name__regex", "^\\S(.*\\S)?$")),
                        name="users_webhookendpoint_name_not_blank",
                        violation_error_message="Must not be empty or padded.",
                    ),
                    models.CheckConstraint(
                        condition=Exact(
                            models.Func(models.F("event_types"), function="jsonb_typeof", output_field=models.TextField()),
                            models.Value("array"),
                        ),
                        name="users_webhookendpoint_event_types_shape",
                        violation_error_message="Must be a JSON list.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("disabled_reason__in", ["gone", "failing", "support", ""])),
                        name="users_webhookendpoint_disabled_reason_choice",
                        violation_error_message="Choose one of: gone, failing, support.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="WebhookMessage",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                ("event_type", models.CharField(editable=False, help_text="The type of the message.", max_length=60)),
                (
                    "position",
                    models.BigIntegerField(
                        blank=True,
                        editable=False,
                        help_text="The position of the changes among all of the user. Null for a test.",
                        null=True,
                    ),
                ),
                ("body", models.TextField(editable=False, help_text="The JSON that is sent.")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "waiting for its first or next attempt"),
                            ("delivered", "the receiver returned a status of 200 to 299"),
                            ("failed", "given up"),
                        ],
                        default="pending",
                        editable=False,
                        help_text="State of the delivery.",
                        max_length=20,
                    ),
                ),
                (
                    "attempt_count",
                    models.IntegerField(
                        default=0,
                        editable=False,
                        help_text="Attempts since the message was queued or replayed.",
                        validators=[MinValueValidator(0)],
                    ),
                ),
                ("queued_at", models.DateTimeField(editable=False, help_text="When the message was created or last replayed.")),
                (
                    "next_attempt_at",
                    models.DateTimeField(
                        blank=True,
                        editable=False,
                        help_text="When the next attempt is due. Null unless `status` is `pending`.",
                        null=True,
                    ),
                ),
                (
                    "endpoint",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        editable=False,
                        on_delete=CASCADE,
                        related_name="messages",
                        to="users.webhookendpoint",
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
                "verbose_name": "webhook message",
                "abstract": False,
                "indexes": [
                    models.Index(fields=["user", "-created_at", "-id"], name="users_message_newest"),
                    models.Index(
                        condition=models.Q(("status", "pending")),
                        fields=["user", "next_attempt_at", "id"],
                        name="users_message_due",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("user", "id"), name="users_webhookmessage_owner"),
                    models.UniqueConstraint(
                        fields=("user", "endpoint", "position", "event_type"), name="users_webhookmessage_position_unique"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("next_attempt_at__isnull", False), ("status", "pending")),
                            models.Q(models.Q(("status", "pending"), _negated=True), ("next_attempt_at__isnull", True)),
                            _connector="OR",
                        ),
                        name="users_webhookmessage_next_attempt_at_pending",
                        violation_error_message="Must be set exactly when the message is pending.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["pending", "delivered", "failed"])),
                        name="users_webhookmessage_status_choice",
                        violation_error_message="Choose one of: pending, delivered, failed.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("attempt_count__gte", 0)),
                        name="users_webhookmessage_attempt_count_bounds",
                        violation_error_message="Must be 0 or more.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="WebhookAttempt",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                (
                    "response_status",
                    models.IntegerField(
                        blank=True,
                        editable=False,
                        help_text="The status of the response. Null without a response.",
                        null=True,
                        validators=[MinValueValidator(100), MaxValueValidator(999)],
                    ),
                ),
                (
                    "error",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("status", "the status is not 200 to 299"),
                            ("redirect", "the status is 300 to 399; redirects are not followed"),
                            ("timeout", "no complete response in time"),
                            ("connection", "no connection, or it was lost"),
                            ("certificate", "the certificate is not valid for the host"),
                            ("address", "the host has no public address"),
                            ("response", "the response is not HTTP, or its headers are too long"),
                        ],
                        help_text="Why the attempt failed. Empty: it succeeded.",
                        max_length=20,
                    ),
                ),
                (
                    "duration_ms",
                    models.IntegerField(
                        editable=False, help_text="Duration of the attempt in milliseconds.", validators=[MinValueValidator(0)]
                    ),
                ),
                (
                    "response_excerpt",
                    models.CharField(
                        blank=True, editable=False, help_text="The first 200 characters of the response's body.", max_length=200
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
                (
                    "message",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        editable=False,
                        on_delete=CASCADE,
                        related_name="attempts",
                        to="users.webhookmessage",
                    ),
                ),
            ],
            options={
                "verbose_name": "webhook attempt",
                "abstract": False,
                "indexes": [models.Index(fields=["user", "message", "created_at", "id"], name="users_attempt_of_message")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("response_status__gte", 100), ("response_status__lte", 999)),
                        name="users_webhookattempt_response_status_bounds",
                        violation_error_message="Must be between 100 and 999.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "error__in",
                                ["status", "redirect", "timeout", "connection", "certificate", "address", "response", ""],
                            )
                        ),
                        name="users_webhookattempt_error_choice",
                        violation_error_message=(
                            "Choose one of: status, redirect, timeout, connection, certificate, address, response."
                        ),
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("duration_ms__gte", 0)),
                        name="users_webhookattempt_duration_ms_bounds",
                        violation_error_message="Must be 0 or more.",
                    ),
                ],
            },
        ),
        # Foreign keys that include the owner
        composite_foreign_key(
            "users_dataexportchunk", "export_id", "users_dataexport", name="users_dataexportchunk_export_owner"
        ),
        composite_foreign_key("users_uploadchunk", "upload_id", "users_upload", name="users_uploadchunk_upload_owner"),
        composite_foreign_key(
            "users_webhookmessage", "endpoint_id", "users_webhookendpoint", name="users_webhookmessage_endpoint_owner"
        ),
        composite_foreign_key(
            "users_webhookattempt", "message_id", "users_webhookmessage", name="users_webhookattempt_message_owner"
        ),
        # Row-level security
        enable_row_level_security("users_user", owner="id", customer=LOCK, accounts=ALL),
        enable_row_level_security("users_user_groups", customer="SELECT", accounts="SELECT"),
        enable_row_level_security("users_user_user_permissions", customer="SELECT", accounts="SELECT"),
        enable_row_level_security("users_personalaccesstoken", accounts=ALL),
        enable_row_level_security("users_userprofile", accounts="SELECT (user_id, timezone)"),
        enable_row_level_security("users_onboardingprogress"),
        enable_row_level_security("users_usersession", customer=LOCK, accounts=ALL),
        grant("users_sentmail", accounts="SELECT, INSERT, DELETE", staff="SELECT"),
        grant("users_emailcode", accounts=ALL, staff="SELECT"),
        enable_row_level_security("users_dataexport"),
        enable_row_level_security("users_dataexportchunk"),
        enable_row_level_security("users_upload"),
        enable_row_level_security("users_uploadchunk"),
        enable_row_level_security("users_accounterasure", customer="SELECT, INSERT"),
        # without an owner: the counters of addresses that have no account, too
        grant("users_logincounter", accounts=ALL, staff=ALL),
        enable_row_level_security("users_emailchange", customer="SELECT", accounts=ALL),
        # a credential is looked up before its user is known
        enable_row_level_security("users_impersonation", customer="SELECT", accounts="SELECT"),
        enable_row_level_security("users_approval", customer="SELECT"),  # for the customer's export
        enable_row_level_security("users_webhookendpoint"),
        enable_row_level_security("users_webhookmessage"),
        enable_row_level_security("users_webhookattempt"),
    ]

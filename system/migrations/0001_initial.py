"""Tables of the audit log, alerts, important dates, notification preferences and the access log."""

from datetime import date

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator
from django.db import migrations, models
from django.db.models.deletion import CASCADE, DO_NOTHING
from django.db.models.functions.datetime import Now
from django.db.models.functions.math import Mod
from django.db.models.lookups import Exact, LessThan
from uuid_utils.compat import uuid7

from core.encryption.fields import encrypt
from core.models.base import UpdatedAtField
from core.models.validators import validate_plausible_date
from core.postgres.operations import add_triggers, enable_row_level_security, run_sql_file
from system.models.audit import StoredTextField
from system.models.preferences import is_off, is_off_without_keys, is_whole_second

# Both constraints are checked immediately. Django's own are checked at the end of the transaction.
ALERT_OF_RECEIPT = """
ALTER TABLE system_alertreceipt ADD CONSTRAINT system_alertreceipt_alert_exists
    FOREIGN KEY (alert_id) REFERENCES system_systemalert (id)
"""
USER_OF_ACCESS = """
ALTER TABLE system_accessevent ADD CONSTRAINT system_accessevent_user_fk
    FOREIGN KEY (user_id) REFERENCES users_user (id) ON DELETE CASCADE
"""
BROADCASTS = "CREATE POLICY broadcasts ON system_systemalert FOR SELECT TO mingus_customer USING (user_id IS NULL)"


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("core", "0001_initial"),
    ]

    operations = [
        # The audit log: the triggers of all apps call its functions
        run_sql_file("system/migrations/sql/audit_tables.sql"),
        run_sql_file("system/migrations/sql/audit_events.sql"),
        run_sql_file("system/migrations/sql/audit_blocks.sql"),
        run_sql_file("system/migrations/sql/audit_retention.sql"),
        enable_row_level_security("system_auditevent", customer="", staff="SELECT"),
        enable_row_level_security("system_auditblock", customer="", staff="SELECT"),
        enable_row_level_security("system_auditsignature", customer="", staff="SELECT"),
        # Tables
        migrations.CreateModel(
            name="AuditBlock",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("sealed_at", models.DateTimeField()),
                ("oldest_running", models.BigIntegerField()),
                ("next_transaction", models.BigIntegerField()),
                ("event_ids", ArrayField(base_field=models.UUIDField(), size=None)),
                ("digests", models.BinaryField()),
                ("previous_hash", models.BinaryField()),
                ("hash", models.BinaryField()),
            ],
            options={
                "db_table": "system_auditblock",
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="AuditEvent",
            fields=[
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("source", models.TextField()),
                ("reason", models.TextField()),
                ("request_id", models.TextField()),
                ("database_user", models.TextField()),
                ("role", models.TextField()),
                ("transaction_id", models.BigIntegerField()),
                ("table_name", models.TextField()),
                ("row_key", models.TextField()),
                (
                    "action",
                    models.TextField(
                        choices=[
                            ("insert", "added"),
                            ("update", "changed"),
                            ("delete", "deleted"),
                            ("truncate", "emptied"),
                            ("forget", "forgotten"),
                        ]
                    ),
                ),
                ("changes", StoredTextField(null=True)),
                ("changes_digest", models.BinaryField()),
                ("digest", models.BinaryField()),
            ],
            options={
                "verbose_name": "change",
                "db_table": "system_auditevent",
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="AuditSignature",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("signed_at", models.DateTimeField()),
                ("key_id", models.BinaryField()),
                ("signature", models.BinaryField()),
            ],
            options={
                "db_table": "system_auditsignature",
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="SystemAlert",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                (
                    "alert_type",
                    models.CharField(
                        choices=[
                            ("security", "Security"),
                            ("performance", "Performance"),
                            ("maintenance", "Maintenance"),
                            ("user", "User"),
                            ("billing", "Billing"),
                            ("feature", "Feature"),
                        ],
                        help_text="What the alert is about.",
                        max_length=50,
                    ),
                ),
                (
                    "severity",
                    models.CharField(
                        choices=[("low", "Low"), ("medium", "Medium"), ("high", "High"), ("critical", "Critical")],
                        help_text="How urgent the alert is.",
                        max_length=20,
                    ),
                ),
                ("title", models.CharField(help_text="The alert in one line, as plain text.", max_length=255)),
                ("message", models.TextField(help_text="The whole alert, as plain text that may have several lines.")),
                ("is_read", models.BooleanField(default=False, help_text="True if the user has read it.")),
                (
                    "read_at",
                    models.DateTimeField(blank=True, help_text="When it was first read. Empty (null) if unread.", null=True),
                ),
                ("action_required", models.BooleanField(default=False, help_text="True if the user must act on the alert.")),
                (
                    "action_taken",
                    models.BooleanField(default=False, help_text="True if the user has taken the required action."),
                ),
                ("action_notes", models.TextField(blank=True, help_text="The action taken, in the user's words.")),
                ("expires_at", models.DateTimeField(blank=True, help_text="When the alert expires. Null: never.", null=True)),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        editable=False,
                        null=True,
                        on_delete=CASCADE,
                        related_name="systemalert_set",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "alert",
                "abstract": False,
                "indexes": [models.Index(fields=["user", "-created_at", "-id"], name="system_alert_newest")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("is_read", True), ("read_at__isnull", False)),
                            models.Q(("is_read", False), ("read_at__isnull", True)),
                            _connector="OR",
                        ),
                        name="system_systemalert_read_at_matches_is_read",
                        violation_error_message="Must be set exactly when is_read is true.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("action_taken", False), ("action_required", True), _connector="OR"),
                        name="system_systemalert_action_taken_required",
                        violation_error_message="There is no action to take on this alert.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("user__isnull", False),
                            models.Q(("action_notes", ""), ("action_taken", False), ("is_read", False)),
                            _connector="OR",
                        ),
                        name="system_systemalert_is_read_by_each",
                        violation_error_message=(
                            "A broadcast must stay unread and without action, because each user has a receipt for it."
                        ),
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("alert_type__in", ["security", "performance", "maintenance", "user", "billing", "feature"])
                        ),
                        name="system_systemalert_alert_type_choice",
                        violation_error_message="Choose one of: security, performance, maintenance, user, billing, feature.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("severity__in", ["low", "medium", "high", "critical"])),
                        name="system_systemalert_severity_choice",
                        violation_error_message="Choose one of: low, medium, high, critical.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("title__regex", "^\\S(.*\\S)?$")),
                        name="system_systemalert_title_not_blank",
                        violation_error_message="Must not be empty or padded.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("message__regex", "^\\S(.*\\S)?$")),
                        name="system_systemalert_message_not_blank",
                        violation_error_message="Must not be empty or padded.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AlertReceipt",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                ("read_at", models.DateTimeField()),
                ("action_taken", models.BooleanField(default=False)),
                ("action_notes", models.TextField(blank=True)),
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
                    "alert",
                    models.ForeignKey(db_constraint=False, on_delete=CASCADE, related_name="receipts", to="system.systemalert"),
                ),
            ],
            options={
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(
                        fields=("user", "alert"),
                        name="system_alertreceipt_alert_unique",
                        violation_error_message="This user has already read this broadcast.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="AccessEvent",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                ("who", models.CharField(help_text="First name, if known, and role of the staff member.", max_length=150)),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("view", "viewed"),
                            ("list", "listed"),
                            ("export", "exported"),
                            ("search", "searched"),
                            ("reveal", "revealed"),
                            ("impersonate", "acted as the customer"),
                            ("change", "changed"),
                        ],
                        help_text="What the staff member did with the data.",
                        max_length=20,
                    ),
                ),
                ("what", models.CharField(help_text="Kind of data, such as users.userprofile.", max_length=100)),
                (
                    "row_id",
                    models.CharField(blank=True, help_text="ID of the object. Empty if there were several.", max_length=40),
                ),
                ("reason", models.TextField(blank=True, help_text="Why, as the staff member stated it. May be empty.")),
                (
                    "request_id",
                    models.CharField(blank=True, help_text="ID of the request, as in the server's log.", max_length=64),
                ),
                ("period", models.DateTimeField(help_text="Start of the five minutes within which repetitions are one entry.")),
                (
                    "staff",
                    models.ForeignKey(
                        db_constraint=False, db_index=False, on_delete=DO_NOTHING, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        editable=False,
                        on_delete=DO_NOTHING,
                        related_name="accessevent_set",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "abstract": False,
                "indexes": [models.Index(fields=["user", "-created_at", "-id"], name="system_access_newest")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("user", "period", "staff", "action", "what", "row_id"), name="system_accessevent_period_unique"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("action__in", ["view", "list", "export", "search", "reveal", "impersonate", "change"])
                        ),
                        name="system_accessevent_action_choice",
                        violation_error_message="Choose one of: view, list, export, search, reveal, impersonate, change.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("what__regex", "^\\S(.*\\S)?$")),
                        name="system_accessevent_what_not_blank",
                        violation_error_message="Must not be empty or padded.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ImportantDate",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                (
                    "date_name",
                    models.CharField(help_text="The user's name for the date, such as Car insurance.", max_length=255),
                ),
                (
                    "date_type",
                    models.CharField(
                        choices=[
                            ("financial", "Financial"),
                            ("health", "Health"),
                            ("career", "Career"),
                            ("personal", "Personal"),
                            ("family", "Family"),
                            ("legal", "Legal"),
                        ],
                        help_text=(
                            "Selects the notification preference of its reminders: that of the same name, or else `system`."
                        ),
                        max_length=50,
                    ),
                ),
                (
                    "date_value",
                    models.DateField(
                        help_text="The day; for a recurring date its first occurrence.", validators=[validate_plausible_date]
                    ),
                ),
                (
                    "reminder_days",
                    models.IntegerField(
                        default=7,
                        help_text="Days from the reminder to the date, 0 for the day itself.",
                        validators=[MinValueValidator(0)],
                    ),
                ),
                (
                    "is_recurring",
                    models.BooleanField(
                        default=False, help_text="True if it recurs, by the recurrence pattern, which is then required."
                    ),
                ),
                (
                    "recurrence_pattern",
                    models.CharField(
                        blank=True,
                        choices=[("daily", "Daily"), ("weekly", "Weekly"), ("monthly", "Monthly"), ("yearly", "Yearly")],
                        help_text="Time between occurrences. Empty for a one-time date.",
                        max_length=20,
                    ),
                ),
                (
                    "description",
                    models.TextField(
                        blank=True, help_text="The user's own text, which is part of the reminders. May be empty."
                    ),
                ),
                ("is_active", models.BooleanField(default=True, help_text="No reminders are sent while this is false.")),
                (
                    "last_reminder_sent",
                    models.DateTimeField(
                        blank=True,
                        help_text="When the last reminder was sent. Null: none, or the day or recurrence was changed since.",
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
                "abstract": False,
                "indexes": [models.Index(fields=["user", "date_value", "id"], name="system_date_by_day")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("is_recurring", True), models.Q(("recurrence_pattern", ""), _negated=True)),
                            models.Q(("is_recurring", False), ("recurrence_pattern", "")),
                            _connector="OR",
                        ),
                        name="system_importantdate_recurrence_pattern_matches_is_recurring",
                        violation_error_message="Set a recurrence pattern for a recurring date, and for no other.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("date_name__regex", "^\\S(.*\\S)?$")),
                        name="system_importantdate_date_name_not_blank",
                        violation_error_message="Must not be empty or padded.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("date_type__in", ["financial", "health", "career", "personal", "family", "legal"])),
                        name="system_importantdate_date_type_choice",
                        violation_error_message="Choose one of: financial, health, career, personal, family, legal.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("date_value__gte", date(1900, 1, 1)), ("date_value__lte", date(2200, 12, 31))),
                        name="system_importantdate_date_value_bounds",
                        violation_error_message="Must be between 1900-01-01 and 2200-12-31.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reminder_days__gte", 0)),
                        name="system_importantdate_reminder_days_bounds",
                        violation_error_message="Must be 0 or more.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("recurrence_pattern__in", ["daily", "weekly", "monthly", "yearly", ""])),
                        name="system_importantdate_recurrence_pattern_choice",
                        violation_error_message="Choose one of: daily, weekly, monthly, yearly.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="NotificationPreference",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                (
                    "notification_type",
                    models.CharField(
                        choices=[
                            ("financial", "Financial"),
                            ("health", "Health"),
                            ("career", "Career"),
                            ("billing", "Billing"),
                            ("security", "Security"),
                            ("system", "System"),
                        ],
                        help_text=(
                            "The notifications that the settings apply to, one preference for each type. Emails about "
                            "`security`, such as a new password or a login from a new device, can't be turned off."
                        ),
                        max_length=50,
                    ),
                ),
                (
                    "email_enabled",
                    models.BooleanField(
                        default=True,
                        help_text=(
                            "Allows emails, which are sent to verified addresses only. Emails about `security` are sent even "
                            "if it is false, because they warn the user if someone else uses the account."
                        ),
                    ),
                ),
                (
                    "sms_enabled",
                    models.BooleanField(default=False, help_text="Text messages do not exist yet: false.", validators=[is_off]),
                ),
                (
                    "push_enabled",
                    models.BooleanField(
                        default=False,
                        help_text=(
                            "Allows push notifications on the devices in `push-devices`, of alerts of this type. The "
                            "registration of a device switches it on."
                        ),
                        validators=[is_off_without_keys],
                    ),
                ),
                (
                    "frequency",
                    models.CharField(
                        choices=[("immediate", "Immediate"), ("daily", "Daily"), ("weekly", "Weekly"), ("monthly", "Monthly")],
                        default="immediate",
                        help_text="Reminders are emailed only if it is immediate. It does not apply to emails about billing.",
                        max_length=20,
                    ),
                ),
                (
                    "quiet_hours_start",
                    models.TimeField(
                        blank=True,
                        help_text="Start of the hours without notifications, in the user's time zone. May be after the end.",
                        null=True,
                        validators=[is_whole_second],
                    ),
                ),
                (
                    "quiet_hours_end",
                    models.TimeField(
                        blank=True,
                        help_text="End of these hours, exclusive. Set both times or neither.",
                        null=True,
                        validators=[is_whole_second],
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
                    models.UniqueConstraint(
                        fields=("user", "notification_type"),
                        name="system_notificationpreference_notification_type_unique",
                        violation_error_message="There is already a preference for this type of notification. Change that one.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("sms_enabled", False)),
                        name="system_notificationpreference_sms_enabled_not_available",
                        violation_error_message=(
                            "This channel does not exist yet. Send false, and choose among the available_channels."
                        ),
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            Exact(
                                Mod(
                                    models.Func(
                                        models.F("quiet_hours_start"),
                                        output_field=models.DecimalField(),
                                        template="EXTRACT(EPOCH FROM %(expressions)s::time)",
                                    ),
                                    1,
                                ),
                                0,
                            ),
                            LessThan(
                                models.Func(
                                    models.F("quiet_hours_start"),
                                    output_field=models.DecimalField(),
                                    template="EXTRACT(EPOCH FROM %(expressions)s::time)",
                                ),
                                86400,
                            ),
                        ),
                        name="system_notificationpreference_quiet_hours_start_whole_seconds",
                        violation_error_message="Use hours, minutes and whole seconds.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            Exact(
                                Mod(
                                    models.Func(
                                        models.F("quiet_hours_end"),
                                        output_field=models.DecimalField(),
                                        template="EXTRACT(EPOCH FROM %(expressions)s::time)",
                                    ),
                                    1,
                                ),
                                0,
                            ),
                            LessThan(
                                models.Func(
                                    models.F("quiet_hours_end"),
                                    output_field=models.DecimalField(),
                                    template="EXTRACT(EPOCH FROM %(expressions)s::time)",
                                ),
                                86400,
                            ),
                        ),
                        name="system_notificationpreference_quiet_hours_end_whole_seconds",
                        violation_error_message="Use hours, minutes and whole seconds.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("quiet_hours_end__isnull", True), ("quiet_hours_start__isnull", True)),
                            models.Q(("quiet_hours_end__isnull", False), ("quiet_hours_start__isnull", False)),
                            _connector="OR",
                        ),
                        name="system_notificationpreference_quiet_hours_end_both_or_neither",
                        violation_error_message="Give both the start and the end of the quiet hours, or neither.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("notification_type__in", ["financial", "health", "career", "billing", "security", "system"])
                        ),
                        name="system_notificationpreference_notification_type_choice",
                        violation_error_message="Choose one of: financial, health, career, billing, security, system.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("frequency__in", ["immediate", "daily", "weekly", "monthly"])),
                        name="system_notificationpreference_frequency_choice",
                        violation_error_message="Choose one of: immediate, daily, weekly, monthly.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PushDevice",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                ("name", models.CharField(help_text="The name by which the user knows the device.", max_length=100)),
                ("endpoint_digest", models.CharField(editable=False, max_length=64)),
                ("subscription", encrypt(models.JSONField(editable=False), label="system.push_device.subscription")),
                (
                    "last_sent_at",
                    models.DateTimeField(
                        blank=True,
                        editable=False,
                        help_text="When a push service last accepted a notification. Null: never.",
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
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(
                        fields=("user", "endpoint_digest"),
                        name="system_pushdevice_endpoint_unique",
                        violation_error_message="This device is registered already.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("name__regex", "^\\S(.*\\S)?$")),
                        name="system_pushdevice_name_not_blank",
                        violation_error_message="Must not be empty or padded.",
                    ),
                ],
            },
        ),
        # Foreign keys
        migrations.RunSQL(ALERT_OF_RECEIPT),
        migrations.RunSQL(USER_OF_ACCESS),
        # Triggers
        *add_triggers(
            "system", "AccessEvent", "AlertReceipt", "ImportantDate", "NotificationPreference", "PushDevice", "SystemAlert"
        ),
        # Row-level security: all users see the broadcasts, which have no user
        enable_row_level_security("system_systemalert"),
        migrations.RunSQL(BROADCASTS),
        enable_row_level_security("system_alertreceipt"),
        enable_row_level_security("system_importantdate"),
        enable_row_level_security("system_notificationpreference"),
        enable_row_level_security("system_pushdevice"),
        enable_row_level_security("system_accessevent", customer="SELECT", staff="SELECT, INSERT"),
        # SQL functions
        run_sql_file("system/migrations/sql/next_occurrence.sql"),
    ]

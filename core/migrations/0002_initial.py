"""The tables of core, and the privileges on the tables of Django and of the job queue."""

from django.conf import settings
from django.db import migrations, models
from django.db.models.deletion import CASCADE
from django.db.models.functions.datetime import Now
from uuid_utils.compat import uuid7

from core.encryption.fields import encrypt
from core.models.base import UpdatedAtField
from core.postgres.operations import ALL, ROLES, SERVING, add_triggers, enable_row_level_security, grant

QUEUE = ("procrastinate_jobs", "procrastinate_events", "procrastinate_periodic_defers", "procrastinate_workers")
ENQUEUE = "INSERT, SELECT (id)"  # every role may add a job; only staff may read what others have added


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("core", "0001_initial"),
        ("system", "0001_initial"),
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("procrastinate", "0041_post_retry_failed_job"),
        ("sessions", "0001_initial"),
    ]

    operations = [
        # Tables
        migrations.CreateModel(
            name="DataKey",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                ("wrapped", models.BinaryField(max_length=128)),
                (
                    "user",
                    models.OneToOneField(
                        editable=False, on_delete=CASCADE, related_name="data_key", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="IdempotencyKey",
            fields=[
                ("id", models.UUIDField(default=uuid7, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_default=Now())),
                ("updated_at", UpdatedAtField()),
                ("key", models.CharField(max_length=255)),
                ("fingerprint", models.BinaryField(max_length=32)),
                ("status", models.PositiveSmallIntegerField(null=True)),
                ("response", encrypt(models.JSONField(null=True), label="core.idempotency_key.response")),
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
                "indexes": [models.Index(fields=["created_at"], name="core_idempotency_created")],
                "constraints": [models.UniqueConstraint(fields=("user", "key"), name="core_idempotencykey_key_unique")],
            },
        ),
        # Triggers
        *add_triggers("core", "DataKey", "IdempotencyKey"),
        # Row-level security and privileges
        enable_row_level_security("core_idempotencykey"),
        enable_row_level_security("core_datakey", accounts=ALL),  # sign-up and login may store a user's first encrypted value
        # Row-level security and privileges of Django's tables
        enable_row_level_security("django_admin_log", customer=""),
        grant("django_session", accounts=ALL, staff=ALL),
        grant("auth_group", "auth_group_permissions", "auth_permission", customer="SELECT", accounts="SELECT", staff=ALL),
        grant("django_content_type", customer="SELECT", accounts="SELECT", staff="SELECT"),
        # `serve` and commands such as createsuperuser look for migrations that are not applied
        grant("django_migrations", serving="SELECT", staff="SELECT"),
        # Privileges of the job queue: the worker fetches jobs without a role
        grant(*QUEUE, serving=ALL, staff=ALL),
        grant("procrastinate_jobs", "procrastinate_events", customer=ENQUEUE, accounts=ENQUEUE),
        migrations.RunSQL(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {', '.join([SERVING, *ROLES.values()])}"),
    ]

"""The database's wall around the floor's rows, and what the roles may do with Django's and the job queue's tables."""

from django.db import migrations

from core.postgres.operations import ALL, ROLES, enable_row_level_security, grant

QUEUE = ("procrastinate_jobs", "procrastinate_events", "procrastinate_periodic_defers", "procrastinate_workers")
# whoever has work for later puts it into the queue; only staff see what others have put there
ENQUEUE = "INSERT, SELECT (id)"


# the worker fetches its jobs, and a program that starts looks for migrations, without becoming anybody
MACHINERY = [
    f"GRANT {ALL} ON {', '.join(QUEUE)} TO mingus_serving",
    "GRANT SELECT ON django_migrations TO mingus_serving, mingus_staff",
    f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO mingus_serving, {', '.join(ROLES.values())}",
]


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0002_roles"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("sessions", "0001_initial"),
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("procrastinate", "0041_post_retry_failed_job"),
    ]

    operations = [
        enable_row_level_security("core_idempotencykey"),
        enable_row_level_security("django_admin_log", customer=""),
        grant("django_session", accounts=ALL, staff=ALL),
        grant("auth_group", "auth_group_permissions", "auth_permission", customer="SELECT", accounts="SELECT", staff=ALL),
        grant("django_content_type", customer="SELECT", accounts="SELECT", staff="SELECT"),
        grant(*QUEUE, staff=ALL),
        grant("procrastinate_jobs", "procrastinate_events", customer=ENQUEUE, accounts=ENQUEUE),
        migrations.RunSQL(MACHINERY, migrations.RunSQL.noop),
    ]

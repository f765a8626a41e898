"""The roles and the SQL functions that the migrations of all apps use.

The tables are in `0002_initial`: they refer to `users_user`, whose migration needs the roles.
"""

from django.db import migrations

from core.postgres.operations import run_sql_file


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        run_sql_file("core/migrations/sql/roles.sql"),
        run_sql_file("core/migrations/sql/uuid7.sql"),
        run_sql_file("core/migrations/sql/partitions.sql"),
    ]

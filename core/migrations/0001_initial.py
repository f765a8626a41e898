"""The roles, the change log, and the SQL functions that the migrations of all apps use.

The other tables are in `0002_initial`: they refer to `users_user`, whose migration needs the roles.
"""

from django.db import migrations

from core.postgres.operations import enable_row_level_security, run_sql_file


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        run_sql_file("core/migrations/sql/roles.sql"),
        run_sql_file("core/migrations/sql/uuid7.sql"),
        run_sql_file("core/migrations/sql/currencies.sql"),
        run_sql_file("core/migrations/sql/folding.sql"),
        run_sql_file("core/migrations/sql/folded_texts.sql"),
        run_sql_file("core/migrations/sql/partitions.sql"),
        run_sql_file("core/migrations/sql/changes.sql"),
        # a credential is looked up together with the position of its user
        enable_row_level_security("core_position", customer="SELECT", staff="SELECT", accounts="SELECT"),
        enable_row_level_security("core_changeset", customer="SELECT", staff="SELECT"),
        enable_row_level_security("core_change", customer="SELECT", staff="SELECT"),
        enable_row_level_security("core_pendingposition", customer="", staff="SELECT"),
    ]

"""What keeps a row with its owner's invoice refers to this pair; it is made beside the writers of a table in use.

It is not one transaction, so each step does nothing where an interrupted run has done it already.
"""

from django.db import migrations, models

TABLE = "billing_billinghistory"
NAME = f"{TABLE}_owner"
MADE = f"{NAME}_made"  # the constraint gives the index its own name

CLEAR = f"DROP INDEX CONCURRENTLY IF EXISTS {MADE}"  # what an interrupted run has left may be half an index
INDEX = f"CREATE UNIQUE INDEX CONCURRENTLY {MADE} ON {TABLE} (user_id, id)"
KEY = f"""
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_constraint WHERE conname = '{NAME}') THEN
        ALTER TABLE {TABLE} ADD CONSTRAINT {NAME} UNIQUE USING INDEX {MADE};
    END IF;
END $$
"""


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("billing", "0005_audit")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(CLEAR, migrations.RunSQL.noop),
                migrations.RunSQL(INDEX, migrations.RunSQL.noop),
                migrations.RunSQL(KEY, f"ALTER TABLE {TABLE} DROP CONSTRAINT IF EXISTS {NAME}"),
                migrations.RunSQL(CLEAR, migrations.RunSQL.noop),
            ],
            state_operations=[
                migrations.AddConstraint("billinghistory", models.UniqueConstraint(fields=("user", "id"), name=NAME))
            ],
        )
    ]

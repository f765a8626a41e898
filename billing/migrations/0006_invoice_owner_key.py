"""What keeps a row with its owner's invoice refers to this pair; it is made beside the writers of a table in use."""

from django.db import migrations, models

TABLE = "billing_billinghistory"
NAME = f"{TABLE}_owner"


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("billing", "0005_audit")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    f"CREATE UNIQUE INDEX CONCURRENTLY {NAME} ON {TABLE} (user_id, id)",
                    f"ALTER TABLE {TABLE} DROP CONSTRAINT {NAME}",
                ),
                migrations.RunSQL(f"ALTER TABLE {TABLE} ADD CONSTRAINT {NAME} UNIQUE USING INDEX {NAME}", migrations.RunSQL.noop),
            ],
            state_operations=[
                migrations.AddConstraint("billinghistory", models.UniqueConstraint(fields=("user", "id"), name=NAME))
            ],
        )
    ]

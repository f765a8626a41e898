"""The database's wall around what reaches the users. Everybody reads the broadcasts, which belong to nobody."""

from django.db import migrations

from core.postgres.operations import enable_row_level_security

BROADCASTS = "CREATE POLICY broadcasts ON system_systemalert FOR SELECT TO mingus_customer USING (user_id IS NULL)"


class Migration(migrations.Migration):
    dependencies = [("system", "0002_in_sql"), ("core", "0003_walls")]

    operations = [
        enable_row_level_security("system_systemalert"),
        migrations.RunSQL(BROADCASTS, "DROP POLICY broadcasts ON system_systemalert"),
        enable_row_level_security("system_alertreceipt"),
        enable_row_level_security("system_importantdate"),
        enable_row_level_security("system_notificationpreference"),
    ]

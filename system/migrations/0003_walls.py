"""The database's wall around what reaches the users. Everybody reads the broadcasts, which belong to nobody."""

from django.db import migrations

from core.postgres.operations import fence

BROADCASTS = "CREATE POLICY broadcasts ON system_systemalert FOR SELECT TO mingus_customer USING (user_id IS NULL)"


class Migration(migrations.Migration):
    dependencies = [("system", "0002_in_sql"), ("core", "0003_walls")]

    operations = [
        fence("system_systemalert"),
        migrations.RunSQL(BROADCASTS, "DROP POLICY broadcasts ON system_systemalert"),
        fence("system_alertreceipt"),
        fence("system_importantdate"),
        fence("system_notificationpreference"),
    ]

"""The database's wall around every customer's rows."""

from django.db import migrations

from core.postgres.operations import fence


class Migration(migrations.Migration):
    dependencies = [("health", "0001_initial"), ("core", "0003_walls")]

    operations = [
        fence("health_healthgoal"),
        fence("health_healthspendingcorrelation"),
        fence("health_userhealthcheckin"),
    ]

"""The database's wall around every customer's rows."""

from django.db import migrations

from mingus.kit.operations import fence


class Migration(migrations.Migration):
    dependencies = [("health", "0001_initial"), ("kit", "0003_walls")]

    operations = [
        fence("health_healthgoal"),
        fence("health_healthspendingcorrelation"),
        fence("health_userhealthcheckin"),
    ]

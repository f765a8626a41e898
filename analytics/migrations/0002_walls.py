"""The database's wall around every customer's rows."""

from django.db import migrations

from core.postgres.operations import ALL, fence, grant


class Migration(migrations.Migration):
    dependencies = [("analytics", "0001_initial"), ("core", "0003_walls")]

    operations = [
        fence("analytics_featureusage"),
        fence("analytics_useranalytics"),
        fence("analytics_userfeedback"),
        grant("analytics_performancemetric", staff=ALL),
    ]

"""The database's wall around every customer's rows."""

from django.db import migrations

from core.postgres.operations import ALL, enable_row_level_security, grant


class Migration(migrations.Migration):
    dependencies = [("analytics", "0001_initial"), ("core", "0003_walls")]

    operations = [
        enable_row_level_security("analytics_featureusage"),
        enable_row_level_security("analytics_useranalytics"),
        enable_row_level_security("analytics_userfeedback"),
        grant("analytics_performancemetric", staff=ALL),
    ]

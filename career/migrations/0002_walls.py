"""The database's wall around every customer's rows."""

from django.db import migrations

from core.postgres.operations import fence


class Migration(migrations.Migration):
    dependencies = [("career", "0001_initial"), ("core", "0003_walls")]

    operations = [
        fence("career_careermilestone"),
        fence("career_jobsecurityanalysis"),
    ]

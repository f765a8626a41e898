"""The database's wall around every customer's rows."""

from django.db import migrations

from core.postgres.operations import enable_row_level_security


class Migration(migrations.Migration):
    dependencies = [("career", "0001_initial"), ("core", "0003_walls")]

    operations = [
        enable_row_level_security("career_careermilestone"),
        enable_row_level_security("career_jobsecurityanalysis"),
    ]

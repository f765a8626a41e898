"""The database's wall around every customer's rows."""

from django.db import migrations

from mingus.kit.operations import fence


class Migration(migrations.Migration):
    dependencies = [("career", "0001_initial"), ("kit", "0003_walls")]

    operations = [
        fence("career_careermilestone"),
        fence("career_jobsecurityanalysis"),
    ]

"""That a check-in and a correlation is there once a day is an index in the order of days already; nothing used a second one."""

from django.contrib.postgres.operations import RemoveIndexConcurrently
from django.db import migrations


class Migration(migrations.Migration):
    atomic = False  # the table stays open to its writers

    dependencies = [("health", "0003_audit")]

    operations = [
        RemoveIndexConcurrently("userhealthcheckin", "health_checkin_by_day"),
        RemoveIndexConcurrently("healthspendingcorrelation", "health_correlation_by_day"),
    ]

"""A customer has six preferences at most, which his unique index finds; nothing used an index in their order."""

from django.contrib.postgres.operations import RemoveIndexConcurrently
from django.db import migrations


class Migration(migrations.Migration):
    atomic = False  # the table stays open to its writers

    dependencies = [("system", "0006_months")]

    operations = [RemoveIndexConcurrently("notificationpreference", "system_preference_newest")]

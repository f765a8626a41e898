"""The database's wall around every customer's rows."""

from django.db import migrations

from core.postgres.operations import ALL, enable_row_level_security, grant


class Migration(migrations.Migration):
    dependencies = [("billing", "0003_owner_keys"), ("core", "0003_walls")]

    operations = [
        enable_row_level_security("billing_subscription"),
        enable_row_level_security("billing_featureaccess"),
        enable_row_level_security("billing_billinghistory"),
        grant("billing_subscriptionplan", customer="SELECT", staff=ALL),
    ]

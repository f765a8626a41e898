"""The database's wall around every customer's rows."""

from django.db import migrations

from core.postgres.operations import ALL, fence, grant


class Migration(migrations.Migration):
    dependencies = [("billing", "0003_owner_keys"), ("core", "0003_walls")]

    operations = [
        fence("billing_subscription"),
        fence("billing_featureaccess"),
        fence("billing_billinghistory"),
        grant("billing_subscriptionplan", customer="SELECT", staff=ALL),
    ]

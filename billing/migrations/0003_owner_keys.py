"""Keeps every invoice with its owner's subscription, whatever the application forgets."""

from django.db import migrations

from core.postgres.operations import composite_foreign_key

INVOICE, SUBSCRIPTION = "billing_billinghistory", "billing_subscription"


class Migration(migrations.Migration):
    dependencies = [("billing", "0002_catalogue")]

    operations = [composite_foreign_key(INVOICE, "subscription_id", SUBSCRIPTION, name=f"{INVOICE}_subscription_owner")]

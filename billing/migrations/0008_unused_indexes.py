"""A dozen plans and a customer's few subscriptions are sorted faster than an index is read; nothing used these two."""

from django.contrib.postgres.operations import RemoveIndexConcurrently
from django.db import migrations


class Migration(migrations.Migration):
    atomic = False  # the table stays open to its writers

    dependencies = [("billing", "0007_stripe")]

    operations = [
        RemoveIndexConcurrently("subscriptionplan", "billing_plan_by_price"),
        RemoveIndexConcurrently("subscription", "billing_sub_newest"),
    ]

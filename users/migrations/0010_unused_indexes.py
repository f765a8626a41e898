"""A customer has a handful of steps, which his unique index finds; nothing used an index in their order."""

from django.contrib.postgres.operations import RemoveIndexConcurrently
from django.db import migrations


class Migration(migrations.Migration):
    atomic = False  # the table stays open to its writers

    dependencies = [("users", "0009_audit_new_tables")]

    operations = [RemoveIndexConcurrently("onboardingprogress", "users_onboarding_order")]

"""Ships the plans that the product is sold by; those that are there already stay as they are."""

from django.db import migrations

from billing import catalog


def load(apps, schema_editor):
    SubscriptionPlan = apps.get_model("billing", "SubscriptionPlan")
    plans = [SubscriptionPlan(**row) for row in catalog.rows()]
    SubscriptionPlan.objects.using(schema_editor.connection.alias).bulk_create(plans, ignore_conflicts=True)


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_initial")]

    operations = [migrations.RunPython(load, migrations.RunPython.noop)]

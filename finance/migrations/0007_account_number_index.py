"""Accounts are found by their number. Rows that are there already get theirs from `manage.py rotate_field_keys`."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('finance', '0006_statistics'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='encryptedfinancialprofile',
            name='account_number_index',
            field=models.BinaryField(blank=True, max_length=16, null=True),
        ),
    ]

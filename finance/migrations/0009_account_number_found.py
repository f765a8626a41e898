"""The index behind `?account_number=`, built beside writers, and so outside of a transaction."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False
    dependencies = [('finance', '0008_audit')]

    operations = [
        AddIndexConcurrently(
            model_name='encryptedfinancialprofile',
            index=models.Index(fields=['user', 'account_number_index'], name='finance_account_number'),
        ),
    ]

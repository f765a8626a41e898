"""The key under which one user's values are sealed."""

import django.db.models.deletion
import django.db.models.functions.datetime
import core.models.base
import pgtrigger.compiler
import pgtrigger.migrations
import uuid_utils.compat
from django.conf import settings
from django.db import migrations, models

from core.postgres.operations import ALL, enable_row_level_security


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0003_walls'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='DataKey',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, db_default=django.db.models.functions.datetime.Now())),
                ('updated_at', core.models.base.UpdatedAtField()),
                ('wrapped', models.BinaryField(max_length=128)),
                ('user', models.OneToOneField(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='data_key', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'abstract': False,
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='datakey',
            trigger=pgtrigger.compiler.Trigger(name='touch_updated_at', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.* AND OLD.updated_at IS NOT DISTINCT FROM NEW.updated_at)', func='NEW.updated_at = clock_timestamp(); RETURN NEW;', hash='8955275741bc65a613603f1db2928652392fa420', operation='UPDATE', pgid='pgtrigger_touch_updated_at_b5443', table='core_datakey', when='BEFORE')),
        ),
        # whoever stores a value makes its owner's key, sign-up and login too
        enable_row_level_security("core_datakey", accounts=ALL),
    ]

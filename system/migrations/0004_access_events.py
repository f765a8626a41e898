"""The access log."""

import django.db.models.deletion
import django.db.models.functions.datetime
import mingus.kit.models
import pgtrigger.compiler
import pgtrigger.migrations
import uuid_utils.compat
from django.conf import settings
from django.db import migrations, models

from mingus.kit.operations import fence


class Migration(migrations.Migration):

    dependencies = [
        ('system', '0003_walls'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='AccessEvent',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, db_default=django.db.models.functions.datetime.Now())),
                ('updated_at', mingus.kit.models.UpdatedAtField()),
                ('action', models.CharField(max_length=20)),
                ('what', models.CharField(max_length=100)),
                ('row_id', models.CharField(blank=True, max_length=40)),
                ('reason', models.CharField(blank=True, max_length=500)),
                ('request_id', models.CharField(blank=True, max_length=64)),
                ('staff', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('user', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='%(class)s_set', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'abstract': False,
                'indexes': [models.Index(fields=['user', '-created_at', '-id'], name='system_access_newest')],
                'constraints': [models.CheckConstraint(condition=models.Q(('what__regex', '^\\S(.*\\S)?$')), name='system_accessevent_what_not_blank', violation_error_message='Must not be empty or padded.')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='accessevent',
            trigger=pgtrigger.compiler.Trigger(name='touch_updated_at', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.* AND OLD.updated_at IS NOT DISTINCT FROM NEW.updated_at)', func='NEW.updated_at = clock_timestamp(); RETURN NEW;', hash='5d765e9d54b26057d271c620f168a895395f8024', operation='UPDATE', pgid='pgtrigger_touch_updated_at_0f892', table='system_accessevent', when='BEFORE')),
        ),
        fence("system_accessevent", customer="SELECT"),
    ]

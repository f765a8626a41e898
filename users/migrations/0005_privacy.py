"""Exports of a customer's data in sealed pieces, and the record of erasures; both behind the database's wall."""

import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
import core.encryption.fields
import core.models.base
import pgtrigger.compiler
import pgtrigger.migrations
import uuid_utils.compat
from django.conf import settings
from django.db import migrations, models

from core.postgres.operations import composite_foreign_key, enable_row_level_security


class Migration(migrations.Migration):

    dependencies = [
        ('users', '0004_walls'),
    ]

    operations = [
        migrations.CreateModel(
            name='DataExport',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, db_default=django.db.models.functions.datetime.Now())),
                ('updated_at', core.models.base.UpdatedAtField()),
                ('state', models.CharField(choices=[('waiting', 'waits for a worker'), ('running', 'is being made'), ('ready', 'can be downloaded'), ('failed', 'could not be made')], default='waiting', editable=False, max_length=20)),
                ('progress', models.IntegerField(default=0, editable=False, help_text='Percent.', validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(100)])),
                ('size', models.BigIntegerField(blank=True, editable=False, help_text='Bytes of the zip, once it is ready.', null=True)),
                ('sha256', models.CharField(blank=True, editable=False, max_length=64)),
                ('ready_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('expires_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('user', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='%(class)s_set', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'data export',
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='DataExportChunk',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, db_default=django.db.models.functions.datetime.Now())),
                ('updated_at', core.models.base.UpdatedAtField()),
                ('number', models.IntegerField(validators=[django.core.validators.MinValueValidator(0)])),
                ('content', core.encryption.fields.encrypt(models.TextField(), label='users.data_export_chunk.content')),
                ('export', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='chunks', to='users.dataexport')),
                ('user', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='%(class)s_set', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='AccountErasure',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, db_default=django.db.models.functions.datetime.Now())),
                ('updated_at', core.models.base.UpdatedAtField()),
                ('asked_by', models.CharField(choices=[('customer', 'Customer'), ('colleague', 'Colleague'), ('command', 'Command')], editable=False, max_length=20)),
                ('rows_deleted', models.BigIntegerField(default=0, editable=False)),
                ('anonymised_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('finished_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('user', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='%(class)s_set', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'erasure',
                'abstract': False,
                'indexes': [models.Index(fields=['user'], name='users_erasure_of_user')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('finished_at__isnull', True)), fields=('user',), name='users_accounterasure_finished_at_one_under_way'), models.CheckConstraint(condition=models.Q(('asked_by__in', ['customer', 'colleague', 'command'])), name='users_accounterasure_asked_by_choice', violation_error_message='Choose one of: customer, colleague, command.'), models.CheckConstraint(condition=models.Q(('rows_deleted__gte', 0)), name='users_accounterasure_rows_deleted_bounds', violation_error_message='Must be 0 or more.')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='accounterasure',
            trigger=pgtrigger.compiler.Trigger(name='touch_updated_at', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.* AND OLD.updated_at IS NOT DISTINCT FROM NEW.updated_at)', func='NEW.updated_at = clock_timestamp(); RETURN NEW;', hash='2dcf488e9d4844696a5fb47964c4d2d762522c4f', operation='UPDATE', pgid='pgtrigger_touch_updated_at_0d880', table='users_accounterasure', when='BEFORE')),
        ),
        migrations.AddIndex(
            model_name='dataexport',
            index=models.Index(fields=['user', '-created_at', '-id'], name='users_export_newest'),
        ),
        migrations.AddConstraint(
            model_name='dataexport',
            constraint=models.UniqueConstraint(fields=('user', 'id'), name='users_dataexport_owner'),
        ),
        migrations.AddConstraint(
            model_name='dataexport',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['waiting', 'running', 'ready', 'failed'])), name='users_dataexport_state_choice', violation_error_message='Choose one of: waiting, running, ready, failed.'),
        ),
        migrations.AddConstraint(
            model_name='dataexport',
            constraint=models.CheckConstraint(condition=models.Q(('progress__gte', 0), ('progress__lte', 100)), name='users_dataexport_progress_bounds', violation_error_message='Must be between 0 and 100.'),
        ),
        migrations.AddConstraint(
            model_name='dataexport',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ('waiting', 'running'))), fields=('user',), name='users_dataexport_state_one_under_way', violation_error_message='An export is under way already.'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='dataexport',
            trigger=pgtrigger.compiler.Trigger(name='touch_updated_at', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.* AND OLD.updated_at IS NOT DISTINCT FROM NEW.updated_at)', func='NEW.updated_at = clock_timestamp(); RETURN NEW;', hash='b87eb5b48f3d0e364dc5e710c09fe0d819c3df7c', operation='UPDATE', pgid='pgtrigger_touch_updated_at_3c0ff', table='users_dataexport', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='dataexportchunk',
            constraint=models.UniqueConstraint(fields=('user', 'export', 'number'), name='users_dataexportchunk_number_unique'),
        ),
        migrations.AddConstraint(
            model_name='dataexportchunk',
            constraint=models.CheckConstraint(condition=models.Q(('number__gte', 0)), name='users_dataexportchunk_number_bounds', violation_error_message='Must be 0 or more.'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='dataexportchunk',
            trigger=pgtrigger.compiler.Trigger(name='touch_updated_at', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.* AND OLD.updated_at IS NOT DISTINCT FROM NEW.updated_at)', func='NEW.updated_at = clock_timestamp(); RETURN NEW;', hash='2d7b2110f9b4c868a6434d241aacbaddb9408e0c', operation='UPDATE', pgid='pgtrigger_touch_updated_at_d7256', table='users_dataexportchunk', when='BEFORE')),
        ),
        composite_foreign_key(
            'users_dataexportchunk', 'export_id', 'users_dataexport', name='users_dataexportchunk_export_owner'
        ),
        enable_row_level_security('users_dataexport'),
        enable_row_level_security('users_dataexportchunk'),
        enable_row_level_security('users_accounterasure', customer='SELECT, INSERT'),
    ]

"""The changes of this app's own rows go into the audit log, and a customer can see when staff looked at his data."""

import django.db.models.deletion
import django.db.models.functions.datetime
import core.audit.triggers
import core.models.base
import pgtrigger.compiler
import pgtrigger.migrations
import uuid_utils.compat
from django.conf import settings
from django.db import migrations, models

from core.postgres.operations import enable_row_level_security

GOES_WITH_ITS_CUSTOMER = """
ALTER TABLE system_accessevent ADD CONSTRAINT system_accessevent_user_fk
    FOREIGN KEY (user_id) REFERENCES users_user (id) ON DELETE CASCADE
"""


class Migration(migrations.Migration):

    dependencies = [
        ('system', '0004_audit'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='AccessEvent',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, db_default=django.db.models.functions.datetime.Now())),
                ('updated_at', core.models.base.UpdatedAtField()),
                ('who', models.CharField(max_length=150)),
                ('action', models.CharField(choices=[('view', 'viewed'), ('list', 'listed'), ('export', 'exported'), ('search', 'searched'), ('reveal', 'revealed'), ('impersonate', 'acted as the customer')], max_length=20)),
                ('what', models.CharField(max_length=100)),
                ('row_id', models.CharField(blank=True, max_length=40)),
                ('reason', models.TextField(blank=True)),
                ('request_id', models.CharField(blank=True, max_length=64)),
                ('period', models.DateTimeField()),
            ],
            options={
                'abstract': False,
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='alertreceipt',
            trigger=pgtrigger.compiler.Trigger(name='audit', sql=core.audit.triggers.AuditTriggerSql(execute="public.system_record_change('user_id', '{}', '{updated_at}')", func='-', hash='ff19a093bcf8b3f0fccae17f158b3251c9373150', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_audit_05d0c', table='system_alertreceipt', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='alertreceipt',
            trigger=pgtrigger.compiler.Trigger(name='audit_truncate', sql=core.audit.triggers.AuditTriggerSql(execute="public.system_record_change('user_id', '{}', '{updated_at}')", func='-', hash='cd1296974638d634748ae1a495c2d065d7043944', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_audit_truncate_5bc1b', table='system_alertreceipt', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='importantdate',
            trigger=pgtrigger.compiler.Trigger(name='audit', sql=core.audit.triggers.AuditTriggerSql(execute="public.system_record_change('user_id', '{}', '{updated_at}')", func='-', hash='67b45f5cfa37d320307410679a4996bb49410a22', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_audit_c4061', table='system_importantdate', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='importantdate',
            trigger=pgtrigger.compiler.Trigger(name='audit_truncate', sql=core.audit.triggers.AuditTriggerSql(execute="public.system_record_change('user_id', '{}', '{updated_at}')", func='-', hash='76cef17dc97d1188dae3e246d20ce7520b95a359', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_audit_truncate_2b347', table='system_importantdate', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='notificationpreference',
            trigger=pgtrigger.compiler.Trigger(name='audit', sql=core.audit.triggers.AuditTriggerSql(execute="public.system_record_change('user_id', '{}', '{updated_at}')", func='-', hash='b3f56af8092dc12cfdd630dee3a56cbe4acb37c1', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_audit_e4c9e', table='system_notificationpreference', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='notificationpreference',
            trigger=pgtrigger.compiler.Trigger(name='audit_truncate', sql=core.audit.triggers.AuditTriggerSql(execute="public.system_record_change('user_id', '{}', '{updated_at}')", func='-', hash='ca1278d59cf904af347862974963e17ed7c2b1bb', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_audit_truncate_545b0', table='system_notificationpreference', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='systemalert',
            trigger=pgtrigger.compiler.Trigger(name='audit', sql=core.audit.triggers.AuditTriggerSql(execute="public.system_record_change('user_id', '{}', '{updated_at}')", func='-', hash='99e856bc4aa35e924afaa5a1c546c7d7de1e1e34', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_audit_79d8f', table='system_systemalert', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='systemalert',
            trigger=pgtrigger.compiler.Trigger(name='audit_truncate', sql=core.audit.triggers.AuditTriggerSql(execute="public.system_record_change('user_id', '{}', '{updated_at}')", func='-', hash='4ac7782923e5411054f236bb10edcbb3a070514c', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_audit_truncate_67f9a', table='system_systemalert', when='AFTER')),
        ),
        migrations.AddField(
            model_name='accessevent',
            name='staff',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='accessevent',
            name='user',
            field=models.ForeignKey(db_constraint=False, db_index=False, editable=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='accessevent_set', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddIndex(
            model_name='accessevent',
            index=models.Index(fields=['user', '-created_at', '-id'], name='system_access_newest'),
        ),
        migrations.AddConstraint(
            model_name='accessevent',
            constraint=models.CheckConstraint(condition=models.Q(('action__in', ['view', 'list', 'export', 'search', 'reveal', 'impersonate'])), name='system_accessevent_action_choice', violation_error_message='Choose one of: view, list, export, search, reveal, impersonate.'),
        ),
        migrations.AddConstraint(
            model_name='accessevent',
            constraint=models.CheckConstraint(condition=models.Q(('what__regex', '^\\S(.*\\S)?$')), name='system_accessevent_what_not_blank', violation_error_message='Must not be empty or padded.'),
        ),
        migrations.AddConstraint(
            model_name='accessevent',
            constraint=models.UniqueConstraint(fields=('user', 'period', 'staff', 'action', 'what', 'row_id'), name='system_accessevent_period_unique'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='accessevent',
            trigger=pgtrigger.compiler.Trigger(name='touch_updated_at', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.* AND OLD.updated_at IS NOT DISTINCT FROM NEW.updated_at)', func='NEW.updated_at = clock_timestamp(); RETURN NEW;', hash='5d765e9d54b26057d271c620f168a895395f8024', operation='UPDATE', pgid='pgtrigger_touch_updated_at_0f892', table='system_accessevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='accessevent',
            trigger=pgtrigger.compiler.Trigger(name='audit', sql=core.audit.triggers.AuditTriggerSql(execute="public.system_record_change('user_id', '{}', '{updated_at}')", func='-', hash='fcc35b8938de99c1d241ed549ed5bc8364f879a8', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_audit_84c8b', table='system_accessevent', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='accessevent',
            trigger=pgtrigger.compiler.Trigger(name='audit_truncate', sql=core.audit.triggers.AuditTriggerSql(execute="public.system_record_change('user_id', '{}', '{updated_at}')", func='-', hash='b353f5ba9202e4c83ea564ac5006b08b26f30148', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_audit_truncate_fbe59', table='system_accessevent', when='AFTER')),
        ),
        migrations.RunSQL(GOES_WITH_ITS_CUSTOMER, migrations.RunSQL.noop),
        enable_row_level_security("system_accessevent", customer="SELECT", staff="SELECT, INSERT"),
    ]

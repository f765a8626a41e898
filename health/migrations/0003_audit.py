"""Every change of this app's rows goes into the audit log."""

import core.audit.triggers
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('health', '0002_walls'),
        ('system', '0004_audit'),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name='healthgoal',
            trigger=pgtrigger.compiler.Trigger(name='audit', sql=core.audit.triggers.AuditTriggerSql(execute="public.system_record_change('user_id', '{}', '{updated_at}')", func='-', hash='0de7bca5c37c276591a22d26edb7462055758ab1', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_audit_a6e2a', table='health_healthgoal', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='healthgoal',
            trigger=pgtrigger.compiler.Trigger(name='audit_truncate', sql=core.audit.triggers.AuditTriggerSql(execute="public.system_record_change('user_id', '{}', '{updated_at}')", func='-', hash='2f71aee8c0aff70dafe243529436473f13dbf6ad', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_audit_truncate_299b2', table='health_healthgoal', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='healthspendingcorrelation',
            trigger=pgtrigger.compiler.Trigger(name='audit', sql=core.audit.triggers.AuditTriggerSql(execute="public.system_record_change('user_id', '{}', '{updated_at}')", func='-', hash='98751c25927376670837da19e289e459c10f33d4', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_audit_b105e', table='health_healthspendingcorrelation', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='healthspendingcorrelation',
            trigger=pgtrigger.compiler.Trigger(name='audit_truncate', sql=core.audit.triggers.AuditTriggerSql(execute="public.system_record_change('user_id', '{}', '{updated_at}')", func='-', hash='a49c68ec4501be66ef60ffbd1b34fba279d10f70', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_audit_truncate_20ab7', table='health_healthspendingcorrelation', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='userhealthcheckin',
            trigger=pgtrigger.compiler.Trigger(name='audit', sql=core.audit.triggers.AuditTriggerSql(execute="public.system_record_change('user_id', '{}', '{updated_at}')", func='-', hash='de9273f8045b353d58b2cd33f2402b1cb5f49c35', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_audit_7edda', table='health_userhealthcheckin', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='userhealthcheckin',
            trigger=pgtrigger.compiler.Trigger(name='audit_truncate', sql=core.audit.triggers.AuditTriggerSql(execute="public.system_record_change('user_id', '{}', '{updated_at}')", func='-', hash='86db8f589d3da5301b4c0170be705f088dbac039', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_audit_truncate_f3a08', table='health_userhealthcheckin', when='AFTER')),
        ),
    ]

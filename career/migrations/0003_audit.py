"""Every change of this app's rows goes into the audit log."""

import core.audit.triggers
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('career', '0002_walls'),
        ('system', '0004_audit'),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name='careermilestone',
            trigger=pgtrigger.compiler.Trigger(name='audit', sql=core.audit.triggers.AuditTriggerSql(execute="public.system_record_change('user_id', '{}', '{updated_at}')", func='-', hash='707384514823d91c9e472f4d9e831ffc75264d79', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_audit_a12ce', table='career_careermilestone', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='careermilestone',
            trigger=pgtrigger.compiler.Trigger(name='audit_truncate', sql=core.audit.triggers.AuditTriggerSql(execute="public.system_record_change('user_id', '{}', '{updated_at}')", func='-', hash='3f2d05b177094b245d4f6533f4bfee95bb444440', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_audit_truncate_d9b1e', table='career_careermilestone', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='jobsecurityanalysis',
            trigger=pgtrigger.compiler.Trigger(name='audit', sql=core.audit.triggers.AuditTriggerSql(execute="public.system_record_change('user_id', '{}', '{updated_at}')", func='-', hash='65be092202847a7414157dd5dfa34625436e180b', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_audit_b82f0', table='career_jobsecurityanalysis', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='jobsecurityanalysis',
            trigger=pgtrigger.compiler.Trigger(name='audit_truncate', sql=core.audit.triggers.AuditTriggerSql(execute="public.system_record_change('user_id', '{}', '{updated_at}')", func='-', hash='49fd717c6094aeb2285881cfad763d72e795f113', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_audit_truncate_72f5f', table='career_jobsecurityanalysis', when='AFTER')),
        ),
    ]

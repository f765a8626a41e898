"""Every change of this app's rows goes into the audit log."""

import core.audit.triggers
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('analytics', '0002_walls'),
        ('system', '0004_audit'),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name='featureusage',
            trigger=pgtrigger.compiler.Trigger(name='audit', sql=core.audit.triggers.AuditTriggerSql(execute="public.system_record_change('user_id', '{}', '{updated_at}')", func='-', hash='aa2cad8c28a2b7a3ef54d3c1c937fbbcc0a3ed5f', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_audit_af8ba', table='analytics_featureusage', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='featureusage',
            trigger=pgtrigger.compiler.Trigger(name='audit_truncate', sql=core.audit.triggers.AuditTriggerSql(execute="public.system_record_change('user_id', '{}', '{updated_at}')", func='-', hash='e0b45e06153f31ddf1d4b4264bb4cc4f3fd8e38b', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_audit_truncate_495c5', table='analytics_featureusage', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='performancemetric',
            trigger=pgtrigger.compiler.Trigger(name='audit', sql=core.audit.triggers.AuditTriggerSql(execute="public.system_record_change('', '{}', '{updated_at}')", func='-', hash='c7cff4f37343ea8306f563718844b5da3bda5ab8', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_audit_b8c42', table='analytics_performancemetric', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='performancemetric',
            trigger=pgtrigger.compiler.Trigger(name='audit_truncate', sql=core.audit.triggers.AuditTriggerSql(execute="public.system_record_change('', '{}', '{updated_at}')", func='-', hash='d95821695e1012aa8039b96981ddf0248e4bcd06', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_audit_truncate_35c0c', table='analytics_performancemetric', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='useranalytics',
            trigger=pgtrigger.compiler.Trigger(name='audit', sql=core.audit.triggers.AuditTriggerSql(execute="public.system_record_change('user_id', '{}', '{updated_at}')", func='-', hash='d462724af752509771e68a02ad4297bb6975146b', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_audit_ad708', table='analytics_useranalytics', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='useranalytics',
            trigger=pgtrigger.compiler.Trigger(name='audit_truncate', sql=core.audit.triggers.AuditTriggerSql(execute="public.system_record_change('user_id', '{}', '{updated_at}')", func='-', hash='b491e6faeaff47e0cdf28aae8cf2356b785950f2', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_audit_truncate_b0127', table='analytics_useranalytics', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='userfeedback',
            trigger=pgtrigger.compiler.Trigger(name='audit', sql=core.audit.triggers.AuditTriggerSql(execute="public.system_record_change('user_id', '{}', '{updated_at}')", func='-', hash='907e8d6276a2c9990088aeebae1daae3d7d9809d', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_audit_30529', table='analytics_userfeedback', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='userfeedback',
            trigger=pgtrigger.compiler.Trigger(name='audit_truncate', sql=core.audit.triggers.AuditTriggerSql(execute="public.system_record_change('user_id', '{}', '{updated_at}')", func='-', hash='9f478eee14b340089d80cb82c726ddf521a80f33', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_audit_truncate_0780b', table='analytics_userfeedback', when='AFTER')),
        ),
    ]

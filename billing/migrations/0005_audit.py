"""Every change of this app's rows goes into the audit log."""

import core.audit.triggers
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0004_walls'),
        ('system', '0004_audit'),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name='billinghistory',
            trigger=pgtrigger.compiler.Trigger(name='audit', sql=core.audit.triggers.AuditTriggerSql(execute="public.system_record_change('user_id', '{}', '{updated_at}')", func='-', hash='2695ba6299896b98802911ac3e103f4bef0597a1', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_audit_f6f6f', table='billing_billinghistory', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='billinghistory',
            trigger=pgtrigger.compiler.Trigger(name='audit_truncate', sql=core.audit.triggers.AuditTriggerSql(execute="public.system_record_change('user_id', '{}', '{updated_at}')", func='-', hash='5523604a7e2301a8a17798825d3c67d4503b2469', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_audit_truncate_7d242', table='billing_billinghistory', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='featureaccess',
            trigger=pgtrigger.compiler.Trigger(name='audit', sql=core.audit.triggers.AuditTriggerSql(execute="public.system_record_change('user_id', '{}', '{updated_at}')", func='-', hash='17502e1f66c1897eb05e612950c1dd5d171c713e', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_audit_21809', table='billing_featureaccess', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='featureaccess',
            trigger=pgtrigger.compiler.Trigger(name='audit_truncate', sql=core.audit.triggers.AuditTriggerSql(execute="public.system_record_change('user_id', '{}', '{updated_at}')", func='-', hash='865227964fff6053a2aab2ed27c769d6a87156fb', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_audit_truncate_c4eff', table='billing_featureaccess', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='subscription',
            trigger=pgtrigger.compiler.Trigger(name='audit', sql=core.audit.triggers.AuditTriggerSql(execute="public.system_record_change('user_id', '{}', '{updated_at}')", func='-', hash='82487a4c55c6f0d2b44786fb754e1257c85fbeb1', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_audit_984a4', table='billing_subscription', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='subscription',
            trigger=pgtrigger.compiler.Trigger(name='audit_truncate', sql=core.audit.triggers.AuditTriggerSql(execute="public.system_record_change('user_id', '{}', '{updated_at}')", func='-', hash='6ea839abc8a2b9a7d90b5d4c9f62a4beb98ae0d8', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_audit_truncate_7f7bb', table='billing_subscription', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='subscriptionplan',
            trigger=pgtrigger.compiler.Trigger(name='audit', sql=core.audit.triggers.AuditTriggerSql(execute="public.system_record_change('', '{}', '{updated_at}')", func='-', hash='50767552bf25bd5dafd828e468308fd74a9b1ac7', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_audit_5b13c', table='billing_subscriptionplan', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='subscriptionplan',
            trigger=pgtrigger.compiler.Trigger(name='audit_truncate', sql=core.audit.triggers.AuditTriggerSql(execute="public.system_record_change('', '{}', '{updated_at}')", func='-', hash='91f50918db83af6a772745b08080df3d79e5e904', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_audit_truncate_00d89', table='billing_subscriptionplan', when='AFTER')),
        ),
    ]

"""Every change of this app's rows goes into the audit log."""

import mingus.kit.audit
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('finance', '0006_statistics'),
        ('system', '0004_audit'),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name='duedatepayment',
            trigger=pgtrigger.compiler.Trigger(name='audit', sql=mingus.kit.audit.AuditTriggerSql(execute="public.system_record_change('user_id', '{}', '{updated_at}')", func='-', hash='127a69280e8ccf2f903f68b36bdb9a72d60ba90d', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_audit_c6851', table='finance_duedatepayment', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='duedatepayment',
            trigger=pgtrigger.compiler.Trigger(name='audit_truncate', sql=mingus.kit.audit.AuditTriggerSql(execute="public.system_record_change('user_id', '{}', '{updated_at}')", func='-', hash='b36d194e88a9f2b125654e12b06d737e7a9872ba', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_audit_truncate_f4d99', table='finance_duedatepayment', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='encryptedfinancialprofile',
            trigger=pgtrigger.compiler.Trigger(name='audit', sql=mingus.kit.audit.AuditTriggerSql(execute="public.system_record_change('user_id', '{}', '{updated_at}')", func='-', hash='9eb17ac39fce01e2486129fb6401d862a2114a2d', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_audit_99e1b', table='finance_encryptedfinancialprofile', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='encryptedfinancialprofile',
            trigger=pgtrigger.compiler.Trigger(name='audit_truncate', sql=mingus.kit.audit.AuditTriggerSql(execute="public.system_record_change('user_id', '{}', '{updated_at}')", func='-', hash='eeccba178f7b31cd799ae8361520f84cc7afb6fe', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_audit_truncate_5b180', table='finance_encryptedfinancialprofile', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='financialtransaction',
            trigger=pgtrigger.compiler.Trigger(name='audit', sql=mingus.kit.audit.AuditTriggerSql(execute="public.system_record_change('user_id', '{}', '{updated_at}')", func='-', hash='abf5ca27ce35672987d5815a3016643c820f00d1', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_audit_1103b', table='finance_financialtransaction', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='financialtransaction',
            trigger=pgtrigger.compiler.Trigger(name='audit_truncate', sql=mingus.kit.audit.AuditTriggerSql(execute="public.system_record_change('user_id', '{}', '{updated_at}')", func='-', hash='58e242288e00356693fde12f8b3ca3eae5b74cfb', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_audit_truncate_ff501', table='finance_financialtransaction', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='incomeprojection',
            trigger=pgtrigger.compiler.Trigger(name='audit', sql=mingus.kit.audit.AuditTriggerSql(execute="public.system_record_change('user_id', '{}', '{updated_at}')", func='-', hash='ba8276cda9eea3e1976739ef55aba77085e51225', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_audit_f7c4a', table='finance_incomeprojection', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='incomeprojection',
            trigger=pgtrigger.compiler.Trigger(name='audit_truncate', sql=mingus.kit.audit.AuditTriggerSql(execute="public.system_record_change('user_id', '{}', '{updated_at}')", func='-', hash='8af6c706500e57d46dbb4f7792c45642cfbfe90b', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_audit_truncate_6992c', table='finance_incomeprojection', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='statementimport',
            trigger=pgtrigger.compiler.Trigger(name='audit', sql=mingus.kit.audit.AuditTriggerSql(execute="public.system_record_change('user_id', '{}', '{updated_at}')", func='-', hash='817868f0062efc019170dbe9896cf19294ca0873', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_audit_b4fc7', table='finance_statementimport', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='statementimport',
            trigger=pgtrigger.compiler.Trigger(name='audit_truncate', sql=mingus.kit.audit.AuditTriggerSql(execute="public.system_record_change('user_id', '{}', '{updated_at}')", func='-', hash='bf4a2ba15d5870c01f01a85cf85427162112e5a4', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_audit_truncate_124c4', table='finance_statementimport', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='statementimportrow',
            trigger=pgtrigger.compiler.Trigger(name='audit', sql=mingus.kit.audit.AuditTriggerSql(execute="public.system_record_change('user_id', '{}', '{updated_at}')", func='-', hash='bc61266244761c9b15b928a4ddf1e9fb8a5956f0', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_audit_f94d0', table='finance_statementimportrow', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='statementimportrow',
            trigger=pgtrigger.compiler.Trigger(name='audit_truncate', sql=mingus.kit.audit.AuditTriggerSql(execute="public.system_record_change('user_id', '{}', '{updated_at}')", func='-', hash='3c9a2a9ef9cfca48cacf13731e4000ced4c3a1bf', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_audit_truncate_1eb26', table='finance_statementimportrow', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='userexpenseduedate',
            trigger=pgtrigger.compiler.Trigger(name='audit', sql=mingus.kit.audit.AuditTriggerSql(execute="public.system_record_change('user_id', '{}', '{updated_at}')", func='-', hash='85e00a56cffb00554fd6f3861bd55f94872a2a17', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_audit_3d365', table='finance_userexpenseduedate', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='userexpenseduedate',
            trigger=pgtrigger.compiler.Trigger(name='audit_truncate', sql=mingus.kit.audit.AuditTriggerSql(execute="public.system_record_change('user_id', '{}', '{updated_at}')", func='-', hash='61c9959bc23a21c51386f384c1935c99e17626a1', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_audit_truncate_37d7f', table='finance_userexpenseduedate', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='userincomeduedate',
            trigger=pgtrigger.compiler.Trigger(name='audit', sql=mingus.kit.audit.AuditTriggerSql(execute="public.system_record_change('user_id', '{}', '{updated_at}')", func='-', hash='6299e1530fa2075bece031e67023b576f5f2cc13', operation='INSERT OR UPDATE OR DELETE', pgid='pgtrigger_audit_4c307', table='finance_userincomeduedate', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='userincomeduedate',
            trigger=pgtrigger.compiler.Trigger(name='audit_truncate', sql=mingus.kit.audit.AuditTriggerSql(execute="public.system_record_change('user_id', '{}', '{updated_at}')", func='-', hash='aa2608f7fb5cafb5ef15fe87fc2a795982d8c224', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_audit_truncate_51c6a', table='finance_userincomeduedate', when='AFTER')),
        ),
    ]

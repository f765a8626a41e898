"""Every change of this app's rows goes into the audit log, and of the accounts' tables that other packages own."""

import core.audit.triggers
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations

from core.postgres.operations import audit


class Migration(migrations.Migration):
    dependencies = [
        ("users", "0007_staff_roles"),
        ("system", "0004_audit"),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name="onboardingprogress",
            trigger=pgtrigger.compiler.Trigger(
                name="audit",
                sql=core.audit.triggers.AuditTriggerSql(
                    execute="public.system_record_change('user_id', '{}', '{updated_at}')",
                    func="-",
                    hash="3664aa778260afe2078ade7be23bad2001faed5d",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_audit_cf0ee",
                    table="users_onboardingprogress",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="onboardingprogress",
            trigger=pgtrigger.compiler.Trigger(
                name="audit_truncate",
                sql=core.audit.triggers.AuditTriggerSql(
                    execute="public.system_record_change('user_id', '{}', '{updated_at}')",
                    func="-",
                    hash="4c97b2ad4964097ae27d7d40a250d7dedd1bf04e",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_audit_truncate_4108e",
                    table="users_onboardingprogress",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="personalaccesstoken",
            trigger=pgtrigger.compiler.Trigger(
                name="audit",
                sql=core.audit.triggers.AuditTriggerSql(
                    execute="public.system_record_change('user_id', '{digest,token_key}', '{updated_at,last_used_at}')",
                    func="-",
                    hash="b88d28cf4841be18129de596bc1a358332938e06",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_audit_63cc7",
                    table="users_personalaccesstoken",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="personalaccesstoken",
            trigger=pgtrigger.compiler.Trigger(
                name="audit_truncate",
                sql=core.audit.triggers.AuditTriggerSql(
                    execute="public.system_record_change('user_id', '{digest,token_key}', '{updated_at,last_used_at}')",
                    func="-",
                    hash="7bf663d1c576e33b21aa157a7adc682adf22b55b",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_audit_truncate_4f93c",
                    table="users_personalaccesstoken",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="user",
            trigger=pgtrigger.compiler.Trigger(
                name="audit",
                sql=core.audit.triggers.AuditTriggerSql(
                    execute="public.system_record_change('id', '{password}', '{updated_at}')",
                    func="-",
                    hash="1247589b1b1e1acd2af245386fa58bfde55510b9",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_audit_fbb1d",
                    table="users_user",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="user",
            trigger=pgtrigger.compiler.Trigger(
                name="audit_truncate",
                sql=core.audit.triggers.AuditTriggerSql(
                    execute="public.system_record_change('id', '{password}', '{updated_at}')",
                    func="-",
                    hash="e5ff3baf22fa5cf16561d53bebad3a6c75066269",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_audit_truncate_b7458",
                    table="users_user",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="userprofile",
            trigger=pgtrigger.compiler.Trigger(
                name="audit",
                sql=core.audit.triggers.AuditTriggerSql(
                    execute="public.system_record_change('user_id', '{}', '{updated_at}')",
                    func="-",
                    hash="6c4d272d34363eb3d1f60efcc0a3b369b7f1fcf0",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_audit_e1a91",
                    table="users_userprofile",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="userprofile",
            trigger=pgtrigger.compiler.Trigger(
                name="audit_truncate",
                sql=core.audit.triggers.AuditTriggerSql(
                    execute="public.system_record_change('user_id', '{}', '{updated_at}')",
                    func="-",
                    hash="f35520a818e9b368d042e69411eabaabb933a8b8",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_audit_truncate_d81bb",
                    table="users_userprofile",
                    when="AFTER",
                ),
            ),
        ),
        # the tables of other packages; of a new one say it here or in its own migration
        audit("users_user_groups"),
        audit("users_user_user_permissions"),
        audit("account_emailaddress"),
        audit("auth_group", owner=""),
        audit("auth_group_permissions", owner=""),
    ]

"""Triggers of the tables of `0001_initial`, and security of allauth's and Django's tables of accounts."""

from django.db import migrations

from core.postgres.operations import ALL, add_triggers, audit, enable_row_level_security, grant, run_sql_file


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("users", "0001_initial"),
        ("system", "0001_initial"),
        ("account", "0009_emailaddress_unique_primary_email"),
        ("mfa", "0003_authenticator_type_uniq"),
        ("procrastinate", "0041_post_retry_failed_job"),
    ]

    operations = [
        # Triggers
        *add_triggers(
            "users",
            "AccountErasure",
            "Approval",
            "DataExport",
            "DataExportChunk",
            "EmailChange",
            "Upload",
            "UploadChunk",
            "Impersonation",
            "LoginCounter",
            "OnboardingProgress",
            "PersonalAccessToken",
            "User",
            "UserProfile",
            "UserSession",
            "WebhookAttempt",
            "WebhookEndpoint",
            "WebhookMessage",
        ),
        # A job for the webhooks of each user whose data has changed
        run_sql_file("users/migrations/sql/webhooks.sql"),
        # Row-level security and privileges of allauth's tables
        enable_row_level_security("account_emailaddress", customer="SELECT", accounts=ALL),
        grant("account_emailconfirmation", accounts=ALL, staff=ALL),
        # a user's export contains their second factors
        enable_row_level_security("mfa_authenticator", customer="SELECT", staff="SELECT, DELETE", accounts=ALL),
        # a factor's secret is encrypted for its key, so the key must be known before the row is inserted
        migrations.RunSQL(
            "GRANT USAGE ON SEQUENCE mfa_authenticator_id_seq TO mingus_accounts",
            "REVOKE USAGE ON SEQUENCE mfa_authenticator_id_seq FROM mingus_accounts",
        ),
        # Audit triggers of tables that are not models of this project
        audit("users_user_groups"),
        audit("users_user_user_permissions"),
        audit("account_emailaddress"),
        audit("mfa_authenticator", secrets=("data",)),
        audit("auth_group", owner=""),
        audit("auth_group_permissions", owner=""),
    ]

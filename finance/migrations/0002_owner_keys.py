"""Keeps every child with its owner's parent, whatever the application forgets."""

from django.db import migrations

from core.postgres.operations import composite_foreign_key

ACCOUNT = "finance_encryptedfinancialprofile"
TRANSACTION = "finance_financialtransaction"
IMPORT = "finance_statementimport"
ROW = "finance_statementimportrow"


class Migration(migrations.Migration):
    dependencies = [("finance", "0001_initial")]

    operations = [
        composite_foreign_key(TRANSACTION, "financial_profile_id", ACCOUNT, name=f"{TRANSACTION}_financial_profile_owner"),
        composite_foreign_key(IMPORT, "account_id", ACCOUNT, name=f"{IMPORT}_account_owner"),
        composite_foreign_key(ROW, "account_id", ACCOUNT, name=f"{ROW}_account_owner"),
        composite_foreign_key(ROW, "statement_import_id", IMPORT, name=f"{ROW}_statement_import_owner"),
    ]

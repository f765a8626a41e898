"""The database's wall around every customer's rows."""

from django.db import migrations

from core.postgres.operations import enable_row_level_security


class Migration(migrations.Migration):
    dependencies = [("finance", "0004_due_dates_and_projections"), ("core", "0003_walls")]

    operations = [
        enable_row_level_security("finance_encryptedfinancialprofile"),
        enable_row_level_security("finance_financialtransaction"),
        enable_row_level_security("finance_statementimport"),
        enable_row_level_security("finance_statementimportrow"),
        enable_row_level_security("finance_userincomeduedate"),
        enable_row_level_security("finance_userexpenseduedate"),
        enable_row_level_security("finance_duedatepayment"),
        enable_row_level_security("finance_incomeprojection"),
    ]

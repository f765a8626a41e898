"""The database's wall around every customer's rows."""

from django.db import migrations

from core.postgres.operations import fence


class Migration(migrations.Migration):
    dependencies = [("finance", "0004_due_dates_and_projections"), ("core", "0003_walls")]

    operations = [
        fence("finance_encryptedfinancialprofile"),
        fence("finance_financialtransaction"),
        fence("finance_statementimport"),
        fence("finance_statementimportrow"),
        fence("finance_userincomeduedate"),
        fence("finance_userexpenseduedate"),
        fence("finance_duedatepayment"),
        fence("finance_incomeprojection"),
    ]

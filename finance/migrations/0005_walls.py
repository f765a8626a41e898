"""The database's wall around every customer's rows."""

from django.db import migrations

from mingus.kit.operations import fence


class Migration(migrations.Migration):
    dependencies = [("finance", "0004_due_dates_and_projections"), ("kit", "0003_walls")]

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

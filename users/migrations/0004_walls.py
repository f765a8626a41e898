"""The database's wall around accounts: sign-up and login meet everybody's, a customer his own."""

from django.db import migrations

from core.postgres.operations import ALL, enable_row_level_security, grant

# An account is changed under the reach of accounts or staff. Customers lock their own, and a lock needs a column to update.
LOCKED = "SELECT, UPDATE (updated_at)"


class Migration(migrations.Migration):
    dependencies = [
        ("users", "0003_timezones_of_the_database"),
        ("core", "0003_walls"),
        ("account", "0009_emailaddress_unique_primary_email"),
    ]

    operations = [
        enable_row_level_security("users_user", owner="id", customer=LOCKED, accounts=ALL),
        enable_row_level_security("users_user_groups", customer="SELECT", accounts="SELECT"),
        enable_row_level_security("users_user_user_permissions", customer="SELECT", accounts="SELECT"),
        enable_row_level_security("users_personalaccesstoken", accounts=ALL),
        enable_row_level_security("users_userprofile"),
        enable_row_level_security("users_onboardingprogress"),
        enable_row_level_security("account_emailaddress", customer="SELECT", accounts=ALL),
        grant("account_emailconfirmation", accounts=ALL, staff=ALL),
    ]

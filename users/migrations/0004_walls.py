"""The database's wall around accounts: sign-up and login meet everybody's, a customer his own."""

from django.db import migrations

from core.postgres.operations import ALL, fence, grant

# An account is changed under the reach of accounts or staff. Customers lock their own, and a lock needs a column to update.
LOCKED = "SELECT, UPDATE (updated_at)"


class Migration(migrations.Migration):
    dependencies = [
        ("users", "0003_timezones_of_the_database"),
        ("core", "0003_walls"),
        ("account", "0009_emailaddress_unique_primary_email"),
    ]

    operations = [
        fence("users_user", owner="id", customer=LOCKED, accounts=ALL),
        fence("users_user_groups", customer="SELECT", accounts="SELECT"),
        fence("users_user_user_permissions", customer="SELECT", accounts="SELECT"),
        fence("users_personalaccesstoken", accounts=ALL),
        fence("users_userprofile"),
        fence("users_onboardingprogress"),
        fence("account_emailaddress", customer="SELECT", accounts=ALL),
        grant("account_emailconfirmation", accounts=ALL, staff=ALL),
    ]

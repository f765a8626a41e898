"""`manage.py demo`: load demo customers and serve the product."""

from argparse import ArgumentParser
from io import StringIO
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from dev.demo import analytics as analytics_demo
from dev.demo import billing as billing_demo
from dev.demo import career as career_demo
from dev.demo import finance as finance_demo
from dev.demo import health as health_demo
from dev.demo import system as system_demo
from dev.demo import users as users_demo
from dev.stripe import launcher as stripe_emulator

LOADERS_AFTER_FINANCE = (billing_demo, health_demo, career_demo, system_demo, analytics_demo)

WELCOME = """
Loaded {accounts} accounts and {transactions:,} transactions. The password of every user is: {password}

  Back office   {site}/admin/       admin@mingus.example (all permissions), support@mingus.example (masked values),
                                    billing@mingus.example (invoices), analyst@mingus.example (totals)
                It requires a code from an authenticator app. Print one in another terminal: make manage ARGS=demo_code
  API           {site}/api/docs/    {customers}
  Log in        curl -s {site}/_allauth/app/v1/auth/login -H 'Content-Type: application/json' \\
                     -d '{{"email": "{first}", "password": "{password}"}}'
"""

PAYMENTS = """  Payments      A Stripe emulator accepts payments: no real card, no money. To buy a plan, send
                POST /api/v1/billing/subscriptions/checkout/ in {site}/api/docs/ and open the URL in the response ({emulator}/…)
"""


class Command(BaseCommand):
    help = "Load demo customers with a year of transactions, then serve the product and run the job worker. Safe to repeat."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--no-serve", action="store_true", help="load the data and exit")

    def handle(self, *args: Any, no_serve: bool, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("The demo's passwords are published. Run it only on a development machine, with DEBUG=1.")
        call_command("migrate", verbosity=0)
        self._load()
        if not no_serve:
            with stripe_emulator.demo_emulator() as url:
                call_command("sync_plans", stdout=StringIO())
                if url:
                    self.stdout.write(PAYMENTS.format(site=settings.SITE_URL, emulator=url))
                call_command("serve", with_worker=True)

    def _load(self) -> None:
        users_demo.load_staff()
        loaded = [
            self._load_customer(customer)
            for customer in tqdm(users_demo.CUSTOMERS, "Loading", unit="customer", leave=False, disable=None)
        ]
        text = WELCOME.format(
            accounts=sum(item.accounts for item in loaded),
            transactions=sum(item.transactions for item in loaded),
            password=users_demo.PASSWORD,
            site=settings.SITE_URL,
            customers=", ".join(customer.email for customer in users_demo.CUSTOMERS),
            first=users_demo.CUSTOMERS[0].email,
        )
        self.stdout.write(text)

    def _load_customer(self, customer: users_demo.DemoCustomer) -> finance_demo.Loaded:
        user = users_demo.load_customer(customer)
        today = user.profile.today()
        loaded = finance_demo.load(user, today=today)
        for app in LOADERS_AFTER_FINANCE:
            app.load(user, today=today)
        return loaded

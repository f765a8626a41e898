"""`manage.py demo`: load demo customers and serve the product."""

from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
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
from dev.demo import webhooks as webhooks_demo
from dev.demo.crowd import loading
from dev.demo.crowd.workers import workers
from dev.stripe import launcher as stripe_emulator
from dev.stripe.emulator import EmulatorClient, EmulatorError
from finance.models import EncryptedFinancialProfile, FinancialTransaction
from users.models import User

LOADERS = (finance_demo, billing_demo, health_demo, career_demo, system_demo, analytics_demo, webhooks_demo)

WELCOME = """
{customers} customers with {accounts} accounts and {transactions:,} transactions are loaded. Every password is: {password}

  Back office   {site}/admin/       admin@mingus.example (all permissions), support@mingus.example (masked values),
                                    billing@mingus.example (invoices), analyst@mingus.example (totals)
                It requires a code from an authenticator app. Print one in another terminal: make manage ARGS=demo_code
  API           {site}/api/docs/    {names}
  Log in        curl -s {site}/_allauth/app/v1/auth/login -H 'Content-Type: application/json' \\
                     -d '{{"email": "{first}", "password": "{password}"}}'
"""

PAYMENTS = """  Payments      A Stripe emulator accepts payments: no real card, no money. To buy a plan, send
                POST /api/v1/billing/subscriptions/checkout/ in {site}/api/docs/ and open the URL in the response ({emulator}/…)
"""


class Command(BaseCommand):
    help = (
        "Load a hundred demo customers with two years of data, then serve the product and run the job worker. Safe to repeat."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--no-serve", action="store_true", help="load the data and exit")
        parser.add_argument("--few", action="store_true", help="load only the three customers with names, without the others")

    def handle(self, *args: Any, no_serve: bool, few: bool, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("The demo's passwords are published. Run it only on a development machine, with DEBUG=1.")
        call_command("migrate", verbosity=0)
        if few and no_serve:
            self._load()
            return
        with self._emulator() as url:
            self._load() if few else self._load_all(url)
            if not no_serve:
                call_command("sync_plans", stdout=StringIO())
                if url:
                    EmulatorClient(url).endpoint(f"{settings.SITE_URL}/webhooks/stripe/", *settings.STRIPE_WEBHOOK_SECRETS)
                    self.stdout.write(PAYMENTS.format(site=settings.SITE_URL, emulator=url))
                call_command("serve", with_worker=True)

    @contextmanager
    def _emulator(self) -> Iterator[str]:
        try:
            with stripe_emulator.demo_emulator() as url:
                yield url
        except EmulatorError as error:
            raise CommandError(str(error)) from error

    def _load_all(self, url: str) -> None:
        """Load the customers with names beside the generated ones."""
        with workers() as pool, tqdm(desc="Loading", unit="step", leave=False, disable=None, total=loading.TASKS + 1) as bar:
            users_demo.load_staff()
            pool.submit(load_named)
            loading.load(url, pool, bar.update)
        self._welcome()

    def _load(self) -> None:
        users_demo.load_staff()
        load_named()
        self._welcome()

    def _welcome(self) -> None:
        text = WELCOME.format(
            customers=User.objects.filter(is_staff=False).count(),
            accounts=EncryptedFinancialProfile.objects.count(),
            transactions=FinancialTransaction.objects.count(),
            password=users_demo.PASSWORD,
            site=settings.SITE_URL,
            names=", ".join(customer.email for customer in users_demo.CUSTOMERS),
            first=users_demo.CUSTOMERS[0].email,
        )
        self.stdout.write(text)


def load_named() -> None:
    """Load alice, bob and chiara."""
    for customer in users_demo.CUSTOMERS:
        user = users_demo.load_customer(customer)
        today = user.profile.today()
        for app in LOADERS:
            app.load(user, today=today)

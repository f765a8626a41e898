"""`manage.py reconcile_stripe` says what is not here as it is at Stripe, and mends it when asked to."""

from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from billing.stripe import reconciliation
from billing.stripe.reconciliation import Difference
from core import clock
from core.errors import DomainError
from users.models import User


class Command(BaseCommand):
    help = "Compare subscriptions, invoices, cards and events with Stripe. Exit status 1 when something differs and stays so."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--fix", action="store_true", help="bring what differs in line with Stripe")
        parser.add_argument("--user", metavar="E-MAIL", help="only this customer")

    def handle(self, *args: Any, fix: bool, user: str | None, **options: Any) -> None:
        whom = User.objects.filter(email__iexact=user).first() if user else None
        if user and whom is None:
            raise CommandError(f"Nobody here has the address {user}.")
        number = 0
        try:
            for difference in self._differences(whom, fix=fix):
                number += 1
                self.stdout.write(f"- {difference}")
        except DomainError as error:
            raise CommandError(error.message) from error
        if number and not fix:
            raise CommandError(f"{number} differences. Mend them with --fix.")
        self.stdout.write(f"{number} differences were mended." if number else "Everything is here as it is at Stripe.")

    def _differences(self, whom: User | None, *, fix: bool) -> Iterator[Difference]:
        now = clock.now()
        if whom is None:
            yield from reconciliation.missing_customers(fix=fix)
        rows = reconciliation.customers_to_compare(whom)
        for customer in tqdm(rows, "Comparing", unit=" customers", leave=False, disable=None):
            yield from reconciliation.compare_customer(customer, now=now, fix=fix)
        if whom is None:
            yield from reconciliation.missing_events(now=now, fix=fix)

"""`manage.py reconcile_stripe`, which reports differences from Stripe and can correct them."""

from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from billing.stripe import reconciliation
from billing.stripe.reconciliation import Difference
from core import clock
from core.errors import DomainError
from users.models import User


class Command(BaseCommand):
    help = "Compare subscriptions, invoices, cards and events with Stripe. Exits with status 1 if differences remain."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--fix", action="store_true", help="update local data that differs from Stripe")
        parser.add_argument("--user", metavar="EMAIL", help="compare only this customer")

    def handle(self, *args: Any, fix: bool, user: str | None, **options: Any) -> None:
        customer = User.objects.filter(email__iexact=user).first() if user else None
        if user and customer is None:
            raise CommandError(f"No user has the email {user}.")
        number = 0
        try:
            for difference in self._differences(customer, fix=fix):
                number += 1
                self.stdout.write(f"- {difference}")
        except DomainError as error:
            raise CommandError(error.message) from error
        if number and not fix:
            raise CommandError(f"{number} differences. Correct them with --fix.")
        self.stdout.write(f"{number} differences were corrected." if number else "No differences from Stripe.")

    def _differences(self, only: User | None, *, fix: bool) -> Iterator[Difference]:
        now = clock.now()
        if only is None:
            yield from reconciliation.find_differences(now=now, fix=fix)
        for customer in reconciliation.customers_to_compare(only) if only else ():
            yield from reconciliation.compare_customer(customer, now=now, fix=fix)

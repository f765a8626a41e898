"""`manage.py recompute_movements`, which writes the movements of recurring revenue again from the stored charges."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from billing import services
from core import clock
from users.models import User


class Command(BaseCommand):
    help = "Compute the movements of recurring revenue again from the stored charges, without calls to Stripe. Idempotent."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--user", metavar="EMAIL", help="compute only those of this customer")

    def handle(self, *args: Any, user: str | None, **options: Any) -> None:
        customers = User.objects.filter(email__iexact=user) if user else User.objects.all()
        if user and not customers.exists():
            raise CommandError(f"No user has the email {user}.")
        number = 0
        for customer, changes in services.recompute_movements(customers, now=clock.now()):
            number += 1
            self.stdout.write(f"- {customer.email}: {changes} rows")
        self.stdout.write(f"The movements of {number} customers have changed." if number else "All movements are up to date.")

"""`manage.py analyze_health <email>` analyzes the health and spending of one customer and prints the result."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core import clock
from health.analysis import CorrelationFinding
from health.services import analyze_correlations
from users.models import User


def line_of(finding: CorrelationFinding) -> str:
    """Return a finding as one line of text, without a correlation with the reason."""
    pairs, found = finding.pairs, finding.correlation
    name = f"{pairs.metric} and {pairs.category or 'all spending'} {pairs.lag} days later, {finding.method}"
    if found is None:
        return f"{name}: insufficient. {finding.missing}"
    numbers = f"{found.strength:+.3f} ({found.lower:+.3f} to {found.upper:+.3f}), q {finding.adjusted_p_value:.2g}"
    return f"{name}: {numbers}, {pairs.days} days, effective sample size {found.effective_size:.0f}"


class Command(BaseCommand):
    help = "Analyze one customer's check-ins and spending now. Prints reliable findings and those that lack data."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help="the customer's email address")

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        user = User.objects.filter(email=User.objects.normalize_email(email)).first()
        if user is None:
            raise CommandError(f"There is no user with the email address {email}.")
        findings = analyze_correlations(user, today=clock.day_in(user.zone, clock.now()))
        reliable = [finding for finding in findings if finding.is_reliable]
        self.stdout.write(f"{len(findings)} findings, {len(reliable)} of them reliable.")
        for finding in [*reliable, *(finding for finding in findings if finding.missing)]:
            self.stdout.write(line_of(finding))

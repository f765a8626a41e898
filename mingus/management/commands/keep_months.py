"""`manage.py keep_months` does at once what the daily jobs do about tables with months."""

from typing import Any

from django.core.management.base import BaseCommand

from analytics import services as analytics
from core import clock, rls
from system import services as system


class Command(BaseCommand):
    help = "Make the months to come of the audit log, events and metrics, and drop what is older than the settings say."

    def handle(self, *args: Any, **options: Any) -> None:
        with rls.as_staff(reason="keep_months"):
            dropped = system.maintain_audit_partitions() + analytics.maintain_partitions()
            forgotten = analytics.delete_old_usage(now=clock.now())
        self.stdout.write(f"The months to come are there. Dropped: {dropped} months, and {forgotten} rows of use of features.")

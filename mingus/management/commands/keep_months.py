"""The command `keep_months`, which maintains the monthly partitions as the daily jobs do."""

from typing import Any

from django.core.management.base import BaseCommand

from analytics import services as analytics
from core import changes, clock, rls
from system import services as system


class Command(BaseCommand):
    help = (
        "Create the coming monthly partitions of the audit log, the change log, events and metrics, and drop data past its "
        "retention."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        with rls.as_staff(reason="keep_months"):
            dropped = changes.keep_months() + system.maintain_audit_partitions() + analytics.maintain_partitions()
            deleted = analytics.delete_old_usage(now=clock.now())
        self.stdout.write(f"The partitions are up to date. Dropped: {dropped} months, and {deleted} rows of feature usage.")

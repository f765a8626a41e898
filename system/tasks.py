"""Periodic tasks: reminders, and maintenance of the audit log."""

from core import clock, jobs
from system import audit_signatures, services


@jobs.periodic("0 * * * *")
def send_reminders(timestamp: int) -> None:
    """Send due reminders of important dates. Hourly, because midnight differs by time zone. Idempotent."""
    services.send_reminders(now=clock.now())


@jobs.periodic("* * * * *")
def seal_audit(timestamp: int) -> None:
    """Add the latest events to the hash chain of the audit log."""
    services.seal_audit()


@jobs.periodic("0 * * * *")
def anchor_audit(timestamp: int) -> None:
    """Write the last signature of the audit log to the log, and to AUDIT_ANCHOR_FILE."""
    audit_signatures.write_anchor()


@jobs.daily(at_hour=2)
def maintain_audit_partitions(timestamp: int) -> None:
    """Create the coming partitions of the audit log, and drop those past the retention period."""
    services.maintain_audit_partitions()

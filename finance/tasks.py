"""Jobs of the finance app."""

from uuid import UUID

from core import clock, jobs, rls
from finance import services
from users.models import User


@jobs.periodic("7 * * * *")
def update_due_date_statuses(timestamp: int) -> None:
    """Mark due dates that have become due or overdue. Runs hourly because users live in different time zones."""
    services.update_due_date_statuses()


@jobs.task()
def propose_transfers(*, user: str, statement_import: str) -> None:
    """Propose transfers with the transactions that an import has created."""
    owner = User(pk=UUID(user))
    with rls.as_customer(owner):
        services.propose_for_import(owner=owner, statement_import=UUID(statement_import))


@jobs.daily(at_hour=3)
def delete_detached_attachments(timestamp: int) -> None:
    """Delete attachments 30 days after their transaction was deleted."""
    services.delete_detached(now=clock.now())


@jobs.daily(at_hour=3)
def delete_old_edits(timestamp: int) -> None:
    """Delete what is needed to undo edits and to restore deleted transactions, 30 days after them."""
    services.delete_old_edits(now=clock.now())

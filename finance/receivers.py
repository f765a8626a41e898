"""Receivers of signals about accounts and imports."""

from typing import Any

from django.dispatch import receiver

from core import clock, jobs, rls
from finance.models import StatementImport
from finance.services import create_default_categories
from finance.services.imports import statement_imported
from finance.services.rule_runs import apply_to_import
from finance.tasks import propose_transfers
from users.models import User
from users.services import email_verified


@receiver(email_verified)
def start_with_categories(user: User, **_: Any) -> None:
    """Create the default categories of a customer whose address is verified. Staff have no finances here."""
    if not user.is_staff:
        with rls.as_customer(user):
            create_default_categories(user.pk)


@receiver(statement_imported)
def apply_rules(record: StatementImport, **_: Any) -> None:
    """Apply the user's active rules to the transactions of an import."""
    apply_to_import(record, now=clock.now())


@receiver(statement_imported)
def look_for_transfers(record: StatementImport, is_covered: bool, **_: Any) -> None:
    """Enqueue the search for transfers in the period of an import, once for equal periods. It only proposes them."""
    if is_covered:
        return
    owner = str(record.user_id)
    jobs.enqueue(propose_transfers, lock=f"transfers of {owner}", user=owner, statement_import=str(record.pk))

"""An edit of many transactions that can be undone, and a deleted transaction that can be restored."""

from datetime import date
from typing import Any

from core import clock
from finance.models import DeletedTransaction, EditRun, FinancialTransaction
from finance.models.edit_runs import EditKind
from finance.services import recorded_run

NOTE = "For the tax return"


def load(user: Any, *, today: date) -> None:
    """Create both, unless the user has some."""
    if not EditRun.objects.for_user(user).filter(kind=EditKind.BULK).exists():
        with recorded_run(EditKind.BULK, user_id=user.pk, now=clock.now()):
            rows = FinancialTransaction.objects.for_user(user).filter(metadata__contains={"source": "demo"})
            rows.filter(pk__in=rows.order_by("-transaction_date", "-pk").values("pk")[:3]).update(note=NOTE)
    if not DeletedTransaction.objects.for_user(user).exists():
        twice = FinancialTransaction(
            user=user,
            transaction_type="expense",
            amount=-12,
            currency="USD",
            description="Entered twice",
            transaction_date=today,
            metadata={"source": "demo"},
        )
        twice.save()
        twice.delete()

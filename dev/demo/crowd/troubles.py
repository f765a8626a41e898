"""One of each trouble, which staff find in the back office. Each is created as it occurs, by the functions that requests call.

A dispute and a failed payment are part of the history at Stripe. A lock ends after a quarter of an hour, and the worker
resumes the interrupted erasure after an hour.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.contrib.auth import authenticate
from django.db import connection
from django.http import HttpRequest
from procrastinate import App, PsycopgConnector
from procrastinate.contrib.django import app, connector_params
from procrastinate.contrib.django.models import ProcrastinateJob

from billing import services as billing
from billing.models import Adjustment, BillingHistory
from billing.models.adjustments import AdjustmentStatus
from billing.models.invoices import InvoiceStatus
from core import clock
from dev.demo.finance.statement_files import OFX, OFX_LINE
from dev.demo.users import ADMIN_EMAIL, BILLING_EMAIL, SUPPORT_EMAIL
from dev.population.people import Person
from finance.models import EncryptedFinancialProfile, StatementImport
from finance.services.imports import import_statement
from finance.statements.source import StatementSource
from users import approvals
from users.approved_actions import request_erasure
from users.models import AccountErasure, User
from users.privacy.erasure import run_erasure
from users.tasks import erase_account

FAILING_QUEUE = "demo"  # no worker of the product runs it
STRANGER = "203.0.113.77"
CARD_NUMBER = "5500009912340017"


class WorkerEndedError(Exception):
    """The worker of an erasure ended."""


def load(people: Sequence[Person], *, has_payments: bool) -> None:
    """Create the troubles that do not exist."""
    create: dict[str, Callable[[Any], Any]] = {
        "is locked out": lock_out,
        "has imported twice": import_twice,
        "is being erased": interrupt_erasure,
    }
    if has_payments:
        create["wants a refund"] = request_refund
    users = {user.pk: user for user in User.objects.filter(pk__in=[person.id for person in people if person.part])}
    for person in people:
        if person.part in create:
            create[person.part](users[person.id])
    fail_job()


def lock_out(user: Any) -> None:
    """Guess the password from one network until the account is locked."""
    if user.locked_until is not None and user.locked_until > clock.now():
        return
    request = HttpRequest()
    request.META = {"REMOTE_ADDR": STRANGER, "HTTP_USER_AGENT": "curl/8.5.0"}
    for number in range(settings.LOGIN_ATTEMPT_LIMIT):
        authenticate(request, email=user.email, password=f"guess {number}")


def import_twice(user: Any) -> None:
    """Import a card's statement, and then the bank's second version of it, in which one amount differs."""
    if StatementImport.objects.for_user(user).exists():
        return
    account = EncryptedFinancialProfile(
        user=user, profile_name="Travel card", profile_type="credit", institution_name="Route Cards", account_number=CARD_NUMBER
    )
    account.save()
    last = clock.now().date().replace(day=1) - timedelta(days=1)
    for name, amount in (("card.ofx", "-48.20"), ("card (corrected).ofx", "-84.20")):
        file = BytesIO(_statement(last, ("-19.99", amount, "-7.50")))
        source = StatementSource(file=file, filename=name, opening_balance=Decimal(0))
        import_statement(source, account=account, now=clock.now())


def _statement(last: date, amounts: Sequence[str]) -> bytes:
    lines = [
        OFX_LINE.format(kind="DEBIT", day=last.replace(day=5 * number), amount=amount, number=number, text="SKYLANE AIR")
        for number, amount in enumerate(amounts, 1)
    ]
    closing = sum(map(Decimal, amounts))
    first = last.replace(day=1)
    return OFX.format(
        first=first, last=last, currency="USD", number=CARD_NUMBER, lines="\n".join(lines), closing=closing
    ).encode()


def interrupt_erasure(user: Any) -> None:
    """Erase an account, as two staff members decided, and interrupt that after the first rows, as when a worker ends."""
    if AccountErasure.objects.filter(user=user).exists():
        return

    def interrupt(rows: int) -> None:
        raise WorkerEndedError

    support, administrator = (User.objects.get(email=email) for email in (SUPPORT_EMAIL, ADMIN_EMAIL))
    request = request_erasure(user, reason="Wrote a letter to be forgotten", by=support, now=clock.now())
    approvals.decide(request, is_approved=True, by=administrator, now=clock.now())
    job = ProcrastinateJob.objects.filter(task_name=erase_account.name, status="todo").latest("id")
    app.job_manager.cancel_job_by_id(job.pk)  # else the first worker would finish it at once
    try:
        run_erasure(AccountErasure.objects.get(user=user), on_progress=interrupt)
    except WorkerEndedError:
        return


def request_refund(user: Any) -> None:
    """Request a refund of the last invoice as a staff member, which another one must approve."""
    if Adjustment.objects.for_user(user).filter(status=AdjustmentStatus.AWAITING_APPROVAL).exists():
        return
    paid = BillingHistory.objects.for_user(user).filter(status=InvoiceStatus.PAID, amount__gt=0)
    staff = User.objects.get(email=BILLING_EMAIL)
    billing.request_refund(
        invoice=paid.latest("billing_date"), reason="Was charged after moving abroad", by=staff, now=clock.now()
    )


def fail_job() -> None:
    """Run a job that fails in every attempt: the erasure that it is for is not in the database."""
    if ProcrastinateJob.objects.filter(queue_name=FAILING_QUEUE).exists():
        return
    erase_account.configure(queue=FAILING_QUEUE).defer(erasure=str(uuid4()))
    worker = App(connector=PsycopgConnector(kwargs=connector_params(), min_size=1, max_size=2))
    worker.tasks = app.tasks
    log = logging.getLogger("procrastinate")
    level = log.level
    log.setLevel(logging.CRITICAL)  # its errors are intended
    while ProcrastinateJob.objects.filter(queue_name=FAILING_QUEUE, status="todo").exists():
        with connection.cursor() as cursor:  # the next attempt is made at once
            cursor.execute("UPDATE procrastinate_jobs SET scheduled_at = NULL WHERE queue_name = %s", [FAILING_QUEUE])
        worker.run_worker(queues=[FAILING_QUEUE], wait=False, install_signal_handlers=False, listen_notify=False)
    log.setLevel(level)

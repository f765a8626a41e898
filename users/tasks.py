"""Jobs that clean up the tables of accounts, create exports, process uploads, send webhooks, and erase accounts."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from core import clock, jobs, rls
from users import approvals, email_codes, mail_limits, services, uploads
from users.models import AccountErasure, DataExport, LoginCounter, PersonalAccessToken, Upload, User
from users.models.erasure import RequestedBy
from users.models.login_counter import COUNTER_RETENTION
from users.privacy import erasure as erasures
from users.privacy import exports
from users.webhooks import delivery, endpoints, outbox

RETRY_ERASURE_AFTER = timedelta(hours=1)


@jobs.daily(at_hour=3)
def delete_expired_tokens(timestamp: int) -> None:
    """Delete expired personal access tokens."""
    PersonalAccessToken.objects.filter(expiry__lt=clock.now()).delete()


@jobs.periodic("23 * * * *")
def delete_old_login_counters(timestamp: int) -> None:
    """Delete counters of failed logins a day after their last attempt."""
    LoginCounter.objects.filter(last_attempt_at__lt=clock.now() - COUNTER_RETENTION).delete()


@jobs.daily(at_hour=3)
def delete_old_exports(timestamp: int) -> None:
    """Delete exports a week after they were created."""
    exports.delete_old_exports(now=clock.now())


@jobs.daily(at_hour=3)
def delete_old_mail_counts(timestamp: int) -> None:
    """Delete the counts of sent emails after a day."""
    mail_limits.delete_old(now=clock.now())


@jobs.periodic("47 * * * *")
def delete_old_email_codes(timestamp: int) -> None:
    """Delete mailed codes a day after their session's first request."""
    email_codes.delete_old(now=clock.now())


@jobs.periodic("37 * * * *")
def delete_old_uploads(timestamp: int) -> None:
    """Delete uploaded files and the outcome of their jobs after a day."""
    uploads.delete_old_uploads(now=clock.now())


@jobs.task(queue=jobs.LONG_QUEUE)
def make_export(*, user: str, export: str) -> None:
    """Create the export that a customer has requested."""
    with rls.as_customer(User(pk=user)):
        found = DataExport.objects.select_related("user").filter(pk=export).first()
        if found is not None:  # None if the account was erased in the meantime
            exports.make(found)


@jobs.task(queue=jobs.LONG_QUEUE)
def process_upload(*, user: str, upload: str) -> None:
    """Import a statement or an export that a customer has uploaded."""
    with rls.as_customer(User(pk=UUID(user))):
        uploads.process(UUID(upload))


def queue_upload(*, user: User, **upload: Any) -> Upload:
    """Store an uploaded file and enqueue its job. The arguments are those of `users.uploads.accept`."""
    accepted = uploads.accept(user=user, **upload)
    jobs.enqueue(process_upload, lock=f"uploads of {user.pk}", user=str(user.pk), upload=str(accepted.pk))
    return accepted


@jobs.task(queue=jobs.WEBHOOK_QUEUE)
def send_webhooks(*, user: str) -> None:
    """Send a user's webhooks about what has changed. The triggers of the change log enqueue it, too."""
    user_id = UUID(user)
    with rls.as_customer(User(pk=user_id)):
        outbox.create_messages(user_id, now=clock.now())
        if delivery.send_due_messages(user_id):
            endpoints.enqueue([user_id])


@jobs.periodic("* * * * *")
def retry_webhooks(timestamp: int) -> None:
    """Enqueue the jobs of users with messages that are due, or with changes that have no message because a job failed."""
    endpoints.enqueue(delivery.users_with_due_messages(now=clock.now()))


@jobs.daily(at_hour=3)
def delete_old_webhook_messages(timestamp: int) -> None:
    """Delete the messages of webhooks and their attempts after 30 days."""
    endpoints.delete_old_messages(now=clock.now())


@jobs.task()
def erase_account(*, erasure: str) -> None:
    """Erase the account of an erasure that has started."""
    with rls.as_staff(reason="erasure of an account"):
        erasures.run_erasure(AccountErasure.objects.select_related("user").get(pk=erasure))


def start_erasure(user: User, *, requested_by: RequestedBy) -> AccountErasure:
    """End all access to an account and enqueue its erasure. Raise DomainError as `begin_erasure` does."""
    erasure = erasures.begin_erasure(user, requested_by=requested_by)
    jobs.enqueue(erase_account, erasure=str(erasure.pk))
    return erasure


@jobs.periodic("17 * * * *")
def resume_erasures(timestamp: int) -> None:
    """Resume erasures that failed more often than a job is retried."""
    stalled = AccountErasure.objects.filter(finished_at__isnull=True, updated_at__lt=clock.now() - RETRY_ERASURE_AFTER)
    for key in stalled.values_list("pk", flat=True):
        jobs.enqueue(erase_account, erasure=str(key))


@jobs.periodic("37 * * * *")
def expire_approvals(timestamp: int) -> None:
    """Cancel the requests that no second staff member has decided in time."""
    approvals.expire_requests(now=clock.now())


@jobs.task()
def send_reset_mail(*, email: str, code: str | None = None) -> None:
    """Send a link to set a new password, and a code for the session that has asked for it.

    It is a job because the response to the request must not depend on whether an account exists.
    """
    with rls.as_accounts():
        services.send_reset_mail(email, code=UUID(code) if code else None)

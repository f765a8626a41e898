"""Email, which is sent by a job with an encrypted message."""

from pathlib import Path

import pytest
from django.core.mail import EmailMessage, EmailMultiAlternatives, get_connection, send_mail
from django.db import transaction
from procrastinate.contrib.django.models import ProcrastinateJob
from pytest_django import Settings

from core import jobs


@pytest.fixture
def queued(settings: Settings, tmp_path: Path) -> Path:
    """Send emails through the queue into a folder, and return the folder."""
    settings.EMAIL_BACKEND = "core.mail.QueuedBackend"
    settings.EMAIL_DELIVERY_BACKEND = "mingus.development_mail.DevelopmentBackend"
    settings.EMAIL_FILE_PATH = tmp_path / "mail"
    return tmp_path / "mail"


@pytest.mark.django_db
def test_a_mail_is_a_job_with_an_encrypted_message(queued: Path) -> None:
    send_mail("Your key", "secret-key-4711", None, ["alice@example.com"])
    job = ProcrastinateJob.objects.latest("id")  # earlier jobs are left over from workers of other tests
    assert job.task_name == "core.mail.deliver"
    assert "secret-key" not in str(job.args)
    assert "alice@" not in str(job.args)


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_transaction_sends_nothing(queued: Path) -> None:
    before = ProcrastinateJob.objects.count()
    with transaction.atomic():
        send_mail("Hello", "text", None, ["alice@example.com"])
        transaction.set_rollback(True)
    assert ProcrastinateJob.objects.count() == before


@pytest.mark.django_db(transaction=True)
def test_the_worker_delivers_it(queued: Path) -> None:
    message = EmailMultiAlternatives("Hello", "plain text", None, ["alice@example.com"])
    message.attach_alternative("<b>rich</b>", "text/html")
    message.send()
    jobs.run_pending()
    text = next(queued.iterdir()).read_text()
    assert "To: alice@example.com" in text
    assert "plain text" in text
    assert "<b>rich</b>" in text


@pytest.mark.django_db
def test_an_attachment_is_refused(queued: Path) -> None:
    message = EmailMessage("Hello", "text", None, ["alice@example.com"], attachments=[("a.txt", "x", "text/plain")])
    with pytest.raises(ValueError, match="attachments"):
        get_connection().send_messages([message])

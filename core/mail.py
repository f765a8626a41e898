"""E-mail leaves through a job: it is stored in the same transaction as what it tells of, and sent after the commit.

So a rolled-back sign-up sends nothing, a slow mail server slows no request, and the answer takes as long for a known
address as for an unknown one.
"""

import base64
import logging
from collections.abc import Sequence
from pathlib import Path

import orjson
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.filebased import EmailBackend as FileBackend
from django.core.mail.message import EmailMessage

from core import jobs
from core.encryption import key_ring

LABEL = "core.mail"
logger = logging.getLogger(__name__)


class QueuedBackend(BaseEmailBackend):
    """Django's e-mail backend that enqueues one job a message."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        for message in email_messages:
            jobs.enqueue(deliver, encrypted=encrypt_message(message))
        return len(email_messages)


def encrypt_message(message: EmailMessage) -> str:
    """A message as a job can carry it. Attachments have no user yet, so they are refused, not lost."""
    if message.attachments:
        raise ValueError("E-mails with attachments can't be queued.")
    html = [content for content, kind in getattr(message, "alternatives", []) if kind == "text/html"]
    parts = [str(message.subject), str(message.body), message.from_email, message.recipients(), html[0] if html else ""]
    # SECURITY: a message may hold a verification or reset key, which must not lie in the job table in clear
    return base64.b64encode(key_ring.encrypt(LABEL, b"", orjson.dumps(parts))).decode()


@jobs.task(retries=5)
def deliver(*, encrypted: str) -> None:
    """Send one message through EMAIL_DELIVERY_BACKEND; a failure is retried with growing pauses."""
    subject, body, sender, recipients, html = orjson.loads(key_ring.decrypt(LABEL, b"", base64.b64decode(encrypted)))
    message = EmailMultiAlternatives(subject, body, sender, recipients)
    if html:
        message.attach_alternative(html, "text/html")
    message.connection = get_connection(settings.EMAIL_DELIVERY_BACKEND)
    message.send()


class DevelopmentBackend(FileBackend):
    """Writes each message to a file in EMAIL_FILE_PATH and shows it on the console."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        sent = int(super().send_messages(email_messages) or 0)
        for message in email_messages:
            logger.info("e-mail to %s: %s\n%s", ", ".join(message.recipients()), message.subject, message.body)
        logger.info("%d e-mails written to %s/", sent, Path(settings.EMAIL_FILE_PATH).name)
        return sent

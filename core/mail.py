"""The email backend. An email is enqueued as a job in the transaction of the request, and sent after the commit.

- A rolled-back sign-up sends no email.
- A slow mail server does not slow down a request.
- The response time does not reveal whether an email address has an account.
"""

import base64
from collections.abc import Sequence

import orjson
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.message import EmailMessage

from core import jobs
from core.encryption import key_ring

LABEL = "core.mail"


class QueuedBackend(BaseEmailBackend):
    """An email backend that enqueues one job per message."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        for message in email_messages:
            jobs.enqueue(deliver, encrypted=encrypt_message(message))
        return len(email_messages)


def encrypt_message(message: EmailMessage) -> str:
    """Encrypt a message for the arguments of a job. Raise ValueError if it has attachments, which are not supported."""
    if message.attachments:
        raise ValueError("Emails with attachments can't be queued.")
    html = [content for content, kind in getattr(message, "alternatives", []) if kind == "text/html"]
    parts = [str(message.subject), str(message.body), message.from_email, message.recipients(), html[0] if html else ""]
    # SECURITY: a message may contain a verification or reset key, which must not be stored in the job table in clear
    return base64.b64encode(key_ring.encrypt(LABEL, b"", orjson.dumps(parts))).decode()


@jobs.task(retries=5)
def deliver(*, encrypted: str) -> None:
    subject, body, sender, recipients, html = orjson.loads(key_ring.decrypt(LABEL, b"", base64.b64decode(encrypted)))
    message = EmailMultiAlternatives(subject, body, sender, recipients)
    if html:
        message.attach_alternative(html, "text/html")
    message.connection = get_connection(settings.EMAIL_DELIVERY_BACKEND)
    message.send()

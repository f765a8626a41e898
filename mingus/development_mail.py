"""The email backend of development."""

import logging
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings
from django.core.mail.backends.filebased import EmailBackend as FileBackend
from django.core.mail.message import EmailMessage

logger = logging.getLogger(__name__)


class DevelopmentBackend(FileBackend):
    """An email backend that writes each message to a file in EMAIL_FILE_PATH and logs it to the console."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        sent = int(super().send_messages(email_messages) or 0)
        for message in email_messages:
            logger.info("email to %s: %s\n%s", ", ".join(message.recipients()), message.subject, message.body)
        logger.info("wrote %d email(s) to %s/", sent, Path(settings.EMAIL_FILE_PATH).name)
        return sent

"""Emails that were sent lately, counted so that strangers can't flood an address."""

from django.db import models


class SentMail(models.Model):
    """An email of a kind to an address. The address is stored as a keyed digest only, and rows are deleted after a day."""

    digest = models.BinaryField(max_length=16, editable=False)
    kind = models.CharField(max_length=40, editable=False)
    sent_at = models.DateTimeField(editable=False)

    class Meta:
        indexes = [
            models.Index(fields=["digest", "sent_at"], name="users_sentmail_address"),
            models.Index(fields=["sent_at"], name="users_sentmail_old"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} at {self.sent_at}"

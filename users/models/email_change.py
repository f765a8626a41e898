"""Changes of the email address of an account."""

from django.db import models

from core.models.base import OwnedModel
from core.privacy.declarations import Erase, Privacy, Restore
from core.privacy.masks import email_mask, personal


class EmailChange(OwnedModel):
    """A confirmed change of the email address, which the owner of the former address can undo for some time."""

    former_email = models.EmailField(max_length=254, editable=False)
    new_email = models.EmailField(max_length=254, editable=False)
    undone_at = models.DateTimeField(null=True, editable=False, help_text="When it or a change before it was undone.")

    privacy = Privacy(
        export=True,
        erase=Erase.DELETE,
        restore=Restore.NEVER,
        reason="former email addresses, from which a change can be undone for some days",
    )
    personal_fields = personal(former_email=email_mask, new_email=email_mask)

    class Meta(OwnedModel.Meta):
        verbose_name = "change of email address"
        verbose_name_plural = "changes of email addresses"
        indexes = [models.Index(fields=["user", "-created_at", "-id"], name="users_emailchange_newest")]

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d %H:%M}"

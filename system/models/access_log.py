"""The access log: staff access to a customer's data, which the customer can read."""

from django.conf import settings
from django.db import models

from core.models.base import OwnedModel, staff_foreign_key
from core.models.fields import ChoiceField, NonBlankCharField
from core.privacy.declarations import Erase, Privacy, Restore


class AccessAction(models.TextChoices):
    VIEW = "view", "viewed"
    LIST = "list", "listed"
    EXPORT = "export", "exported"
    SEARCH = "search", "searched"
    REVEAL = "reveal", "revealed"
    IMPERSONATE = "impersonate", "acted as the customer"
    CHANGE = "change", "changed"


class AccessEvent(OwnedModel):
    """An access of a staff member to a customer's data. `who` is all that the customer learns about the staff member."""

    # deleted with the customer by a foreign key in SQL (migration 0001), because no role may delete from the access log
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        editable=False,
        related_name="accessevent_set",
    )
    staff = staff_foreign_key()  # the customer may not read this row
    who = models.CharField(max_length=150, help_text="First name, if known, and role of the staff member.")
    action = ChoiceField(AccessAction, max_length=20, help_text="What the staff member did with the data.")
    what = NonBlankCharField(max_length=100, help_text="Kind of data, such as users.userprofile.")
    row_id = models.CharField(max_length=40, blank=True, help_text="ID of the object. Empty if there were several.")
    reason = models.TextField(blank=True, help_text="Why, as the staff member stated it. May be empty.")
    request_id = models.CharField(max_length=64, blank=True, help_text="ID of the request, as in the server's log.")
    period = models.DateTimeField(help_text="Start of the five minutes within which repetitions are one entry.")

    privacy = Privacy(
        export=True,
        erase=Erase.KEEP,
        restore=Restore.NEVER,
        reason="the record of staff access, which the customer can read; it contains none of the accessed data",
        withheld=("staff",),
    )

    class Meta(OwnedModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["user", "period", "staff", "action", "what", "row_id"], name="system_accessevent_period_unique"
            ),
        ]
        indexes = [models.Index(fields=["user", "-created_at", "-id"], name="system_access_newest")]

    def __str__(self) -> str:
        return f"{self.get_action_display()} {self.what}"

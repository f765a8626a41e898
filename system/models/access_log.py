"""The access log: when staff looked at a customer's data, for the customer to see."""

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


class AccessEvent(OwnedModel):
    """That one of the staff saw something of this customer's.

    `what` is the model and `row_id` its row's key, empty for many rows. `who` is all that the customer learns of the
    colleague. The same again within `period`, the beginning of some minutes, is the same event.
    """

    # it goes with its customer by the database's own key (migration 0005), because no role may delete from the access log
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        editable=False,
        related_name="accessevent_set",
    )
    staff = staff_foreign_key()  # whose row the customer may not meet
    who = models.CharField(max_length=150)
    action = ChoiceField(AccessAction, max_length=20)
    what = NonBlankCharField(max_length=100)
    row_id = models.CharField(max_length=40, blank=True)
    reason = models.TextField(blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    period = models.DateTimeField()

    privacy = Privacy(
        export=True,
        erase=Erase.KEEP,
        restore=Restore.NEVER,
        because="that colleagues looked at his data, which is his to know and stays proved; it holds none of the data",
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

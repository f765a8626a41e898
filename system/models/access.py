"""The access log: when staff looked at a customer's data, for the customer to see."""

from typing import Any

from django.conf import settings
from django.db import models

from mingus.kit.constraints import not_blank
from mingus.kit.models import OwnedModel

TABLE = "system_accessevent"


class AccessEvent(OwnedModel):
    """That one of the staff saw something of this customer's; `row_id` is empty for many rows."""

    # without the database's key: the entry outlives the colleague, whose row the customer may not meet either
    staff: models.ForeignKey[Any, Any] = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    action = models.CharField(max_length=20)
    what = models.CharField(max_length=100)
    row_id = models.CharField(max_length=40, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    request_id = models.CharField(max_length=64, blank=True)

    class Meta(OwnedModel.Meta):
        constraints = [not_blank(TABLE, "what")]
        indexes = [models.Index(fields=["user", "-created_at", "-id"], name="system_access_newest")]

    def __str__(self) -> str:
        return f"{self.action} {self.what}"

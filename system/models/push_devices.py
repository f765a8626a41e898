"""Browsers and phones that get push notifications by Web Push (RFC 8030)."""

from hashlib import sha256
from typing import Any

from django.db import models

from core.encryption.fields import encrypt
from core.models.base import OwnedModel
from core.models.fields import NonBlankCharField
from core.privacy.declarations import Erase, Privacy, Restore
from core.privacy.masks import personal

MAX_DEVICES = 20  # of a user
NAME_LENGTH = 100


def digest_of(endpoint: str) -> str:
    """Return the hash by which a device is found again. Endpoints have more than 100 random bits."""
    return sha256(endpoint.encode()).hexdigest()


class PushDevice(OwnedModel):
    """A browser or phone that gets push notifications.

    SECURITY: the subscription permits sending to the device, so it is encrypted, and its hash finds it again.
    """

    name = NonBlankCharField(max_length=NAME_LENGTH, help_text="The name by which the user knows the device.")
    endpoint_digest = models.CharField(max_length=64, editable=False)
    subscription: Any = encrypt(models.JSONField(editable=False), label="system.push_device.subscription")
    last_sent_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When a push service last accepted a notification. Null: never."
    )

    personal_fields = personal("name")
    secret_fields = ("endpoint_digest",)
    privacy = Privacy(
        export=True,
        erase=Erase.DELETE,
        restore=Restore.NEVER,
        reason="the devices that get push notifications; their keys are not exported",
    )

    class Meta(OwnedModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["user", "endpoint_digest"],
                name="system_pushdevice_endpoint_unique",
                violation_error_message="This device is registered already.",
            )
        ]

    def __str__(self) -> str:
        return self.name

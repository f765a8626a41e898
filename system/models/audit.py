"""The audit log: every change of a row, written by the database itself, and the chain that shows whether it was tampered with.

No role of the database may write here; the functions in `system/migrations/sql/` do. Both tables are left out of what
Django manages, so that no `flush` empties them.
"""

from datetime import datetime
from functools import cache
from typing import Any, Self

from django.apps import apps
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from core.models.base import staff_foreign_key
from core.postgres.partitions import PartitionedQuerySet, min_uuid7_at
from core.privacy.declarations import Erase, Privacy, Restore
from core.privacy.masks import personal


class Action(models.TextChoices):
    INSERT = "insert", "added"
    UPDATE = "update", "changed"
    DELETE = "delete", "deleted"
    TRUNCATE = "truncate", "emptied"
    FORGET = "forget", "forgotten"


class AuditEventQuerySet(PartitionedQuerySet):
    """What happened. Bounds on the time are bounds on the key, too, so that only the months asked for are read."""

    partition_time_field = "at"

    def for_user(self, user: Any) -> Self:
        """What happened to the rows of `user`, whoever did it."""
        return self.filter(user=user.pk)

    def of_row(self, table: str, key: object) -> Self:
        """What happened to one row."""
        return self.filter(table_name=table, row_key=str(key))

    def since(self, at: datetime) -> Self:
        return self.filter(pk__gte=min_uuid7_at(at))

    def before(self, at: datetime) -> Self:
        return self.filter(pk__lt=min_uuid7_at(at))


class AuditEvent(models.Model):
    """One row that was added, changed or deleted: by whom, why, and what it was before.

    `user` is whose row it is. `actor` is the signed-in user, `impersonator` the colleague who acted as him, and `source` the
    job or command where nobody was signed in. `changes` holds [before, after] for each changed column, or all columns of a
    row that was added or deleted; it is None once its user was erased. Sealed values are ciphertext, secrets are only named.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    at = models.DateTimeField()
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.DO_NOTHING, db_constraint=False, db_index=False, null=True, related_name="audit_events"
    )
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.DO_NOTHING, db_constraint=False, db_index=False, null=True, related_name="+"
    )
    impersonator = staff_foreign_key(null=True)
    source = models.TextField()
    reason = models.TextField()
    request_id = models.TextField()
    database_user = models.TextField()
    role = models.TextField()
    transaction_id = models.BigIntegerField()
    table_name = models.TextField()
    row_key = models.TextField()
    action = models.TextField(choices=Action)
    changes = models.JSONField(null=True)
    changes_digest = models.BinaryField()
    digest = models.BinaryField()

    privacy = Privacy(
        export=False,
        erase=Erase.KEEP,
        restore=Restore.NEVER,
        because="the proof of what was done; what it holds of his rows is blanked when he is erased",
    )

    personal_fields = personal("changes")

    class Meta:
        managed = False
        db_table = "system_auditevent"
        verbose_name = "change"

    objects = AuditEventQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.model_name} {self.get_action_display()}"

    @property
    def by(self) -> str:
        """Who did it, for people; read with `actor` and `impersonator`."""
        person = str(self.actor or self.actor_id) if self.actor_id else self.source
        if self.impersonator_id:
            return f"{self.impersonator or self.impersonator_id} as {person}"
        return person or f"database role {self.database_user if self.role == 'none' else self.role}"

    @property
    def model_name(self) -> str:
        """The name of what was changed, such as "transaction"; the table's where no model has it."""
        return _names().get(self.table_name, self.table_name)


@cache
def _names() -> dict[str, str]:
    """The name for people of each table."""
    models_of_tables = apps.get_models(include_auto_created=True)
    return {model._meta.db_table: str(model._meta.verbose_name) for model in models_of_tables}


class AuditBlock(models.Model):
    """A link of the chain: the events that were finished when it was made, bound to all links before by its hash.

    Transactions between `oldest_running` and `next_transaction` may still have been running then.
    """

    number = models.BigIntegerField(primary_key=True)
    sealed_at = models.DateTimeField()
    oldest_running = models.BigIntegerField()
    next_transaction = models.BigIntegerField()
    event_ids = ArrayField(models.UUIDField())
    digests = models.BinaryField()
    previous_hash = models.BinaryField()
    hash = models.BinaryField()

    class Meta:
        managed = False
        db_table = "system_auditblock"

    def __str__(self) -> str:
        return f"block {self.number}"

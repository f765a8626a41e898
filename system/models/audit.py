"""The audit log: changes of rows, recorded by database triggers, and a hash chain that reveals tampering.

No database role may write to the log; only the functions in `system/migrations/sql/` do. The models are unmanaged, so that
Django's `flush` does not empty the tables.
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


class StoredTextField(models.JSONField):
    """JSON in a column of the type json, which keeps the text that a digest was computed from. Its keys can't be filtered."""

    def select_format(self, compiler: Any, sql: str, params: Any) -> tuple[str, Any]:
        """Select the text, because psycopg decodes json itself, and Django expects the text of jsonb."""
        return f"({sql})::text", params


class AuditEventQuerySet(PartitionedQuerySet):
    """Audit events. A bound on the time is also a bound on the key, so that only the partitions of those months are read."""

    partition_time_field = "at"

    def for_user(self, user: Any) -> Self:
        """Return the changes of the rows of `user`, by any actor."""
        return self.filter(user=user.pk)

    def of_row(self, table: str, key: object) -> Self:
        return self.filter(table_name=table, row_key=str(key))

    def since(self, at: datetime) -> Self:
        return self.filter(pk__gte=min_uuid7_at(at))

    def before(self, at: datetime) -> Self:
        return self.filter(pk__lt=min_uuid7_at(at))


class AuditEvent(models.Model):
    """An added, changed or deleted row, with the actor, the reason and the values.

    `user` owns the row. `actor` is the signed-in user, `impersonator` the staff member who acted as that user, and `source`
    the job or command if no user was signed in. `changes` contains [before, after] of each changed column, or all columns of
    an added or deleted row. It is None after its user was erased. Encrypted columns stay encrypted, secrets are masked.
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
    changes = StoredTextField(null=True)
    changes_digest = models.BinaryField()
    digest = models.BinaryField()

    privacy = Privacy(
        export=False,
        erase=Erase.KEEP,
        restore=Restore.NEVER,
        reason="the record of all changes; the values of a customer's rows are blanked when the customer is erased",
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
        """The actor as text. Load `actor` and `impersonator` with `select_related`."""
        person = str(self.actor or self.actor_id) if self.actor_id else self.source
        if self.impersonator_id:
            return f"{self.impersonator or self.impersonator_id} as {person}"
        return person or f"database role {self.database_user if self.role == 'none' else self.role}"

    @property
    def model_name(self) -> str:
        """The verbose name of the changed model, such as "transaction", or the table name if there is no such model."""
        return _names().get(self.table_name, self.table_name)


@cache
def _names() -> dict[str, str]:
    """Return the verbose name of each table's model."""
    models_of_tables = apps.get_models(include_auto_created=True)
    return {model._meta.db_table: str(model._meta.verbose_name) for model in models_of_tables}


class AuditBlock(models.Model):
    """A block of the hash chain: the events that were finished when it was created, and the hash of the previous block.

    Transactions between `oldest_running` and `next_transaction` may still have been running at that time.
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


class AuditSignature(models.Model):
    """The signature of a block, see `system.audit_signatures`."""

    number = models.BigIntegerField(primary_key=True)
    signed_at = models.DateTimeField()
    key_id = models.BinaryField()
    signature = models.BinaryField()

    class Meta:
        managed = False
        db_table = "system_auditsignature"

    def __str__(self) -> str:
        return f"signature of block {self.number}"

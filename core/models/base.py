"""The base of every model: its key, its timestamps, its owner, and one way to show it without its secrets."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from datetime import date, datetime, time
from decimal import Decimal
from functools import cache
from typing import Any, ClassVar, Self
from uuid import UUID

import pgtrigger
from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Now
from uuid_utils.compat import uuid7

from core import clock
from core.audit.triggers import AUDIT
from core.encryption import data_keys
from core.encryption.blind_index import with_blind_indexes
from core.encryption.fields import encrypt, encrypted_fields, is_encrypted
from core.models.derived import Derived
from core.privacy.declarations import Privacy, internal

JsonObject = dict[str, Any]
DerivedFromEncrypted = Callable[[Callable[[], Any]], Any]

# The application stamps `updated_at` itself; the trigger catches bulk and raw updates, which bring the old stamp along.
touch = pgtrigger.Trigger(
    name="touch_updated_at",
    when=pgtrigger.Before,
    operation=pgtrigger.Update,
    condition=pgtrigger.Condition("OLD.* IS DISTINCT FROM NEW.* AND OLD.updated_at IS NOT DISTINCT FROM NEW.updated_at"),
    func="NEW.updated_at = clock_timestamp(); RETURN NEW;",
)


class UpdatedAtField(models.DateTimeField):
    """The instant of the last change; of a row that nobody changed yet, exactly its `created_at`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs | {"auto_now": True, "db_default": Now()})

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {key: value for key, value in kwargs.items() if key not in {"auto_now", "db_default"}}

    def pre_save(self, model_instance: Any, add: bool) -> Any:
        if not add:
            return super().pre_save(model_instance, add)
        setattr(model_instance, self.attname, model_instance.created_at)
        return model_instance.created_at


class BaseModel(models.Model):
    """A row with a time-ordered UUIDv7 key and timestamps.

    `derived` names the read-only values that belong to the model's public shape: each `Derived` by itself, and the properties
    that a model names because they need more than an expression. `decrypted_derived` has those of an encrypted field, each with
    the function that makes it of what reads the field. Of `secret_fields` nothing is shown and nothing recorded; a change of
    `unaudited_fields` alone is no event of the audit log.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    created_at = models.DateTimeField(auto_now_add=True, db_default=Now())
    updated_at = UpdatedAtField()

    privacy: ClassVar[Privacy | None] = None  # each model with an owner declares its own; a test asks for it
    derived: ClassVar[tuple[str, ...]] = ()
    decrypted_derived: ClassVar[dict[str, tuple[str, DerivedFromEncrypted]]] = {}
    secret_fields: ClassVar[tuple[str, ...]] = ()
    unaudited_fields: ClassVar[tuple[str, ...]] = ()

    class Meta:
        abstract = True
        triggers = [touch, *AUDIT]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        declared = [name for name, value in vars(cls).items() if isinstance(value, Derived)]
        inherited: tuple[str, ...] = next((base.derived for base in cls.__mro__[1:] if issubclass(base, BaseModel)), ())
        cls.derived = (*inherited, *declared, *vars(cls).get("derived", ()))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.pk}>"

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        """Save; a partial save carries `updated_at` along, so that the object in hand stays equal to its row."""
        if update_fields is not None:
            update_fields = {*update_fields, "updated_at"}
        # SECURITY: the owner's data key stays locked until what is sealed under it is stored
        with data_keys.cached_in_transaction() if encrypted_fields(type(self)) else nullcontext():
            super().save(*args, update_fields=with_blind_indexes(self, update_fields), **kwargs)

    @classmethod
    def sql_derived(cls) -> dict[str, models.ExpressionWrapper]:
        """Return the expressions of the derived values that have one, by name."""
        values = {name: getattr(cls, name) for name in cls.derived}
        return {name: value.expression for name, value in values.items() if isinstance(value, Derived)}

    def to_dict(self) -> JsonObject:
        """Every field and derived value, JSON-ready; secrets are left out."""
        return {name: json_ready(getattr(self, name)) for name in self._shown()}

    @classmethod
    @cache
    def _shown(cls) -> list[str]:
        secret = [field for field in cls._meta.concrete_fields if is_encrypted(field) or field.name in cls.secret_fields]
        return [*(field.attname for field in cls._meta.concrete_fields if field not in secret), *cls.derived]


def json_ready(value: object) -> object:
    """`value` as JSON can carry it: money and keys as strings, instants and days in ISO 8601."""
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Decimal | UUID):
        return str(value)
    return value


class OwnedQuerySet(models.QuerySet[Any]):
    """Rows that belong to users. `for_user` is the application's wall around them."""

    def for_user(self, user: Any) -> Self:
        """Only the rows that belong to `user`."""
        return self.filter(**{self.model.owner_path: user.pk})

    def bulk_create(self, objs: Iterable[Any], *args: Any, **kwargs: Any) -> list[Any]:
        """Django's, with each owner's data key asked for once, not once a row."""
        rows = list(objs)
        model: Any = self.model
        if not any(field.has_data_keys for field in encrypted_fields(model)):
            return super().bulk_create(rows, *args, **kwargs)
        with data_keys.cached_in_transaction(row.user_id for row in rows if row.user_id):
            return super().bulk_create(rows, *args, **kwargs)


class OwnedModel(BaseModel):
    """A row that belongs to one user and goes with him."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="%(class)s_set", editable=False, db_index=False
    )

    owner_path: ClassVar[str] = "user"

    objects = OwnedQuerySet.as_manager()

    class Meta(BaseModel.Meta):
        abstract = True

    def today(self) -> date:
        """The present day where the owner lives."""
        return clock.day_in(self.user.zone, clock.now())


def same_owner_foreign_key(to: Any, **options: Any) -> models.ForeignKey:
    """A foreign key to another row of the same owner.

    The database's half is `core.operations.composite_foreign_key` over (user, key), which the migration adds. Django's own
    constraint is left out: it says less, and its check on a deleted parent would scan the child's table, since every index
    there begins with the user.
    """
    return models.ForeignKey(to, db_index=False, db_constraint=False, **options)


def staff_foreign_key(**options: Any) -> models.ForeignKey[Any, Any]:
    """A key to whoever of staff did something: without the database's constraint, for a record outlives the colleague."""
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, models.DO_NOTHING, db_index=False, db_constraint=False, related_name="+", **options
    )


def gin(table: str, field: str) -> GinIndex:
    """The index that lets a role without row policies search inside a JSON field with `@>`."""
    return GinIndex(fields=[field], name=f"{table}_{field}_gin"[:30], opclasses=["jsonb_path_ops"])


class IdempotencyKey(OwnedModel):
    """A POST that was carried out under a client's key, with the answer that a repetition gets."""

    key = models.CharField(max_length=255)
    fingerprint = models.BinaryField(max_length=32)
    status = models.PositiveSmallIntegerField(null=True)
    answer: models.Field[Any, Any] = encrypt(
        models.JSONField(null=True), label="core.idempotency_key.answer"
    )  # SECURITY: an answer may hold a new token

    privacy = internal("answers kept for a day, so that a repeated call does nothing twice; they repeat other rows")

    class Meta(OwnedModel.Meta):
        triggers = [touch]  # unaudited, see UNAUDITED in `tests/contract/test_audit.py`
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="core_idempotencykey_key_unique")]
        indexes = [models.Index(fields=["created_at"], name="core_idempotency_created")]

    def __str__(self) -> str:
        return self.key


class DataKey(OwnedModel):
    """The key that one user's values are sealed under, wrapped by the key ring; used by `core.encryption.data_keys` alone."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="data_key", editable=False)
    wrapped = models.BinaryField(max_length=128)

    privacy = internal(
        "what his sealed values are sealed under; when it is gone, none of them can be opened, in no backup either"
    )
    secret_fields = ("wrapped",)

    def __str__(self) -> str:
        return "data key"


__all__ = [
    "BaseModel",
    "DataKey",
    "IdempotencyKey",
    "OwnedModel",
    "OwnedQuerySet",
    "gin",
    "json_ready",
    "same_owner_foreign_key",
]

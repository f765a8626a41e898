"""The base classes of all models, with key, timestamps, owner and `to_dict`."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from datetime import date, datetime, time
from decimal import Decimal
from functools import cache
from typing import Any, ClassVar, Self, cast
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
from core.fast_lists import compiled_writes
from core.fast_lists.compiled_writes import Column
from core.models.derived import Derived
from core.models.money import normalize_amounts, with_amounts
from core.privacy.declarations import Privacy, internal

JsonObject = dict[str, Any]
Columns = Sequence[Column]
ColumnValues = Sequence[tuple[Column, None, object]]
DerivedFromEncrypted = Callable[[Callable[[], Any]], Any]


class RowChanged(pgtrigger.Condition):
    """The condition that an UPDATE changes a column and leaves `updated_at` as it is."""

    def __init__(self) -> None:
        super().__init__("OLD.updated_at IS NOT DISTINCT FROM NEW.updated_at")

    def resolve(self, model: type[models.Model]) -> str:
        # PostgreSQL refuses a whole row here if the table has generated columns, which are not computed yet
        fields = model._meta.concrete_fields
        stored = [str(field.column) for field in fields if not field.generated]
        columns = stored if len(stored) < len(fields) else ["*"]
        changes = " OR ".join(f"OLD.{name} IS DISTINCT FROM NEW.{name}" for name in columns)
        # not at the beginning: django-pgtrigger 4.17.0 would add no brackets (findings/pgtrigger-condition-of-a-row.sh)
        return f"{super().resolve(model)} AND ({changes})"


# The application sets `updated_at` itself. The trigger sets it for bulk and raw updates, which leave it unchanged.
touch = pgtrigger.Trigger(
    name="touch_updated_at",
    when=pgtrigger.Before,
    operation=pgtrigger.Update,
    condition=RowChanged(),
    func="NEW.updated_at = clock_timestamp(); RETURN NEW;",
)


class UpdatedAtField(models.DateTimeField):
    """The time of the last change; equal to `created_at` until the first change."""

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
    """A model with a time-ordered UUIDv7 key and timestamps.

    - `derived` names the model's read-only values in the API: each `Derived` automatically, and properties that it lists.
    - `decrypted_derived` maps values that are derived from an encrypted field to that field and a function. The function gets
      a callable that decrypts the field.
    - `secret_fields` are neither shown nor recorded in the audit log.
    - The values of `redacted_fields` are shown, but not recorded in the audit log.
    - A change of `unaudited_fields` alone is not recorded.
    - `trigger_rules` maps the names of the rules that triggers enforce, which are formed like those of constraints, to the
      messages for people.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    created_at = models.DateTimeField(auto_now_add=True, db_default=Now())
    updated_at = UpdatedAtField()

    privacy: ClassVar[Privacy | None] = None  # each model with an owner must declare its own; a test checks it
    derived: ClassVar[tuple[str, ...]] = ()
    decrypted_derived: ClassVar[dict[str, tuple[str, DerivedFromEncrypted]]] = {}
    secret_fields: ClassVar[tuple[str, ...]] = ()
    redacted_fields: ClassVar[tuple[str, ...]] = ()
    unaudited_fields: ClassVar[tuple[str, ...]] = ()
    trigger_rules: ClassVar[dict[str, str]] = {}

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

    def clean(self) -> None:
        """Give each amount the decimals of its currency, or raise ValidationError."""
        super().clean()
        normalize_amounts(self)

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        """Save; with `update_fields` also `updated_at`, so that the object stays equal to its row."""
        if update_fields is not None:
            update_fields = with_amounts(type(self), {*update_fields, "updated_at"})
        # SECURITY: the owner's data key must stay locked until the values that it encrypts are stored
        with data_keys.cached_in_transaction() if encrypted_fields(type(self)) else nullcontext():
            super().save(*args, update_fields=with_blind_indexes(self, update_fields), **kwargs)

    def _do_insert(self, manager: object, using: str, fields: Columns, returning_fields: Columns, raw: bool) -> list[Any]:
        # a column that is returned for its default in the database needs none if its value is in the row
        is_complete = not raw and {*returning_fields} <= {*fields}
        if is_complete and compiled_writes.insert(self, fields, using):
            return []
        found: list[Any] = cast("Any", super())._do_insert(manager, using, fields, returning_fields, raw)
        return found

    def _do_update(self, base_qs: object, using: str, pk_val: object, values: ColumnValues, *options: object) -> bool:  # type: ignore[override]  # the stubs are those of a later Django
        updated = compiled_writes.update(self, [(field, value) for field, _, value in values], using)
        found: bool = cast("Any", super())._do_update(base_qs, using, pk_val, values, *options) if updated is None else updated
        return found

    @classmethod
    def sql_derived(cls) -> dict[str, models.ExpressionWrapper]:
        """Return the expressions of the derived values by name, without properties."""
        values = {name: getattr(cls, name) for name in cls.derived}
        return {name: value.expression for name, value in values.items() if isinstance(value, Derived)}

    @classmethod
    def has_values_of_other_rows(cls) -> bool:
        """Return True if a derived value can change without a change of the row."""
        values = [getattr(cls, name) for name in cls.derived]
        return any(isinstance(value, Derived) and value.reads_other_rows for value in values)

    def to_dict(self) -> JsonObject:
        """Return every field and derived value by name, ready for JSON, without secret and encrypted fields."""
        return {name: json_ready(getattr(self, name)) for name in self._shown()}

    @classmethod
    @cache
    def _shown(cls) -> list[str]:
        columns = [field for field in cls._meta.concrete_fields if not field.generated]
        secret = [field for field in columns if is_encrypted(field) or field.name in cls.secret_fields]
        return [*(field.attname for field in columns if field not in secret), *cls.derived]


def json_ready(value: object) -> object:
    """Return `value` for JSON: money and keys as strings, dates and times in ISO 8601."""
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Decimal | UUID):
        return str(value)
    return value


class OwnedQuerySet(models.QuerySet[Any]):
    """A QuerySet of rows that belong to users."""

    def for_user(self, user: Any) -> Self:
        return self.filter(**{self.model.owner_path: user.pk})

    def bulk_create(self, objs: Iterable[Any], *args: Any, **kwargs: Any) -> list[Any]:
        """Create the rows, reading the data key of each owner once instead of once per row."""
        rows = list(objs)
        model: Any = self.model
        if not any(field.has_data_keys for field in encrypted_fields(model)):
            return super().bulk_create(rows, *args, **kwargs)
        with data_keys.cached_in_transaction(row.user_id for row in rows if row.user_id):
            return super().bulk_create(rows, *args, **kwargs)


class OwnedModel(BaseModel):
    """A model whose rows belong to a user and are deleted with the user."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="%(class)s_set", editable=False, db_index=False
    )

    owner_path: ClassVar[str] = "user"

    objects = OwnedQuerySet.as_manager()

    class Meta(BaseModel.Meta):
        abstract = True

    def today(self) -> date:
        """Return the current day in the owner's time zone."""
        return clock.day_in(self.user.zone, clock.now())


def same_owner_foreign_key(to: Any, **options: Any) -> models.ForeignKey:
    """Return a foreign key to another row of the same owner.

    The migration adds the constraint on (user, key), `core.postgres.operations.composite_foreign_key`. Django's own constraint
    would not check the owner, and to delete a parent it would scan the child's table, whose indexes begin with the user.
    """
    return models.ForeignKey(to, db_index=False, db_constraint=False, **options)


def staff_foreign_key(**options: Any) -> models.ForeignKey[Any, Any]:
    """Return a foreign key to a staff member, without a constraint, because the record must outlive the account."""
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, models.DO_NOTHING, db_index=False, db_constraint=False, related_name="+", **options
    )


def gin(table: str, field: str) -> GinIndex:
    """Return a GIN index for `@>` on a JSON field; it works only for roles without row policies."""
    return GinIndex(fields=[field], name=f"{table}_{field}_gin"[:30], opclasses=["jsonb_path_ops"])


class IdempotencyKey(OwnedModel):
    """A POST that was executed with an idempotency key, and its stored response for retries."""

    key = models.CharField(max_length=255)
    fingerprint = models.BinaryField(max_length=32)
    status = models.PositiveSmallIntegerField(null=True)
    response: models.Field[Any, Any] = encrypt(
        models.JSONField(null=True), label="core.idempotency_key.response"
    )  # SECURITY: a response may contain a new token

    privacy = internal("responses stored for two days, so that a retried request is executed once; they repeat other rows")

    class Meta(OwnedModel.Meta):
        triggers = [touch]  # unaudited, see UNAUDITED in `tests/contract/test_audit.py`
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="core_idempotencykey_key_unique")]
        indexes = [models.Index(fields=["created_at"], name="core_idempotency_created")]

    def __str__(self) -> str:
        return self.key


class DataKey(OwnedModel):
    """A user's data key, wrapped by the key ring. Only `core.encryption.data_keys` reads and writes it."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="data_key", editable=False)
    wrapped = models.BinaryField(max_length=128)

    privacy = internal("the key of the customer's encrypted values; without it none can be decrypted, not even from a backup")
    secret_fields = ("wrapped",)

    def __str__(self) -> str:
        return "data key"

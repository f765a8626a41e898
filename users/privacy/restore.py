"""Import of an export into an empty account: all of it or nothing, with the validation that applies to all rows.

The rows get new keys and the importing account as their owner (`users.privacy.row_references`). All other values stay,
including times, so an export of the account then has the same bytes. Customers can restore their own data only; an operator
restores what the service recorded, granted or charged (`manage.py import_export`).
"""

from collections.abc import Callable
from datetime import datetime
from functools import cache
from types import NoneType, SimpleNamespace
from typing import IO, Any, cast

from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS, DataError, IntegrityError, connection, connections, models, transaction
from django.db.models.expressions import DatabaseDefault
from django.db.models.sql import InsertQuery
from django.db.models.sql.compiler import SQLInsertCompiler
from psycopg.errors import CheckViolation

from core import clock
from core.encryption.fields import is_encrypted
from core.errors import ConflictError, DomainError
from core.postgres.limits import job_time
from core.privacy.declarations import HasFile, Restore
from users.locks import lock
from users.models import User
from users.privacy.archive import name_of
from users.privacy.export_reader import ExportReader, invalid_export
from users.privacy.policies import AnyModel, policy_of, restored, rows_of
from users.privacy.row_references import ImportKeys
from users.privacy.row_serialization import Row, RowDeserializer

Numbered = tuple[int, models.Model]  # the line that a row came from


# The foreign keys and the triggers of the imported tables that are checked at the commit.
DEFERRED = """
SELECT string_agg(quote_ident(conname), ', ') FROM pg_constraint
 WHERE condeferrable AND contype IN ('f', 't') AND conrelid = ANY (%s::regclass[])
"""


def restore(
    user: User,
    file: IO[bytes],
    *,
    by: Restore = Restore.OWNER,
    on_progress: Callable[[int], None] = lambda percent: None,
) -> dict[str, int]:
    """Import an export into the account of `user`. Return the number of rows by file.

    `on_progress` is called with the progress in percent. Raises ConflictError if the account contains data, and DomainError
    with file, line and field if the file is invalid.
    """
    bundle, wanted = ExportReader(file, on_progress=on_progress), restored(by)
    bundle.check_contents()
    reader = RowDeserializer(user, ImportKeys({model._meta.db_table: model for model in wanted}))
    with job_time():
        lock(f"restore {user.pk}")  # a lock of the account's row would block the user's other requests
        require_empty(user, by=by)
        for model in reversed([model for model in wanted if policy_of(model).is_replaced]):
            rows_of(model, user).delete()
        counts = {name_of(model): _restore_file(bundle, model, reader) for model in wanted}
        bundle.require_no_more_files()
        _check_references(wanted)
    return counts


def _check_references(wanted: list[AnyModel]) -> None:
    """Check deferred constraints now, because no error could be returned at the commit."""
    with connection.cursor() as cursor:
        cursor.execute(DEFERRED, [[model._meta.db_table for model in wanted]])
        [names] = cursor.fetchone()
        try:
            cursor.execute(f"SET CONSTRAINTS {names} IMMEDIATE")
        except IntegrityError as error:
            if isinstance(error.__cause__, CheckViolation):
                raise invalid_export("refused", str(error.__cause__.diag.message_primary)) from error
            raise invalid_export(
                "does_not_exist", "It refers to an object that does not exist here, such as a plan."
            ) from error


def require_empty(user: User, *, by: Restore = Restore.OWNER) -> None:
    """Raise ConflictError if the account has rows other than those that every account has."""
    full = [model for model in restored(by) if not policy_of(model).is_replaced and rows_of(model, user).exists()]
    if full:
        things = ", ".join(str(model._meta.verbose_name_plural) for model in full[:3])
        raise ConflictError("account_not_empty", f"This account already contains data ({things}). Import into a new account.")


def _restore_file(bundle: ExportReader, model: AnyModel, reader: RowDeserializer) -> int:
    count = 0
    for batch in bundle.batches(model):
        instances = [_instance(model, number, row, reader) for number, row in batch]
        _store(model, instances)
        if policy_of(model).max_file_bytes:
            _store_files(bundle, model, batch, instances)
        count += len(batch)
    return count


def _store_files(bundle: ExportReader, model: AnyModel, batch: list[tuple[int, Row]], instances: list[Numbered]) -> None:
    """Store the files of rows, whose names have the numbers that the rows have in `id`."""
    for (line_number, row), (_, instance) in zip(batch, instances, strict=True):
        owner = cast("HasFile", instance)
        try:
            owner.store_file(bundle.take_file(model, row["id"], owner))
        except DomainError as error:
            raise _at(model, line_number, f"file: {error.message}") from error


def _instance(model: AnyModel, number: int, row: Row, reader: RowDeserializer) -> Numbered:
    try:
        instance = reader.instance(model, row)
        _check(instance)
    except DomainError as error:
        raise _at(model, number, f"{error.field or 'row'}: {error.message}") from error
    except ValidationError as error:
        raise _at(model, number, _sentence(error)) from error
    return number, instance


def _check(instance: models.Model) -> None:
    """Validate an instance by its model, except references, which the database checks."""
    instance.clean_fields(exclude=_links(type(instance)))
    instance.clean()
    now = clock.now()
    for name in ("created_at", "updated_at"):
        value = getattr(instance, name)
        if isinstance(value, datetime) and value > now:
            raise ValidationError({name: "It must not be in the future."})


@cache
def _links(model: AnyModel) -> set[str]:
    return {field.name for field in model._meta.concrete_fields if field.is_relation or field.primary_key}


def _store(model: AnyModel, batch: list[Numbered]) -> None:
    """Insert a batch. If the database refuses it, insert one row at a time to find the invalid line."""
    try:
        with transaction.atomic():
            _insert(model, [instance for _, instance in batch])
    except (IntegrityError, DataError) as error:
        for number, instance in batch:
            try:
                with transaction.atomic():
                    _insert(model, [instance])
            except (IntegrityError, DataError) as row_error:
                raise _at(model, number, _violation(model, row_error)) from row_error
        raise invalid_export("refused", f"{name_of(model)}: {_violation(model, error)}") from error


def _insert(model: AnyModel, instances: list[models.Model]) -> None:
    """Insert rows with unchanged values: `save` and `bulk_create` would set times to the current time."""
    fields = [field for field in model._meta.concrete_fields if not field.generated]
    query = InsertQuery(model)
    values: list[Any] = [_values_to_insert(instance, fields) for instance in instances]
    query.insert_values(fields, values, raw=True)
    SQLInsertCompiler(query, connections[DEFAULT_DB_ALIAS], using=DEFAULT_DB_ALIAS).execute_sql()


def _values_to_insert(instance: models.Model, fields: list[Any]) -> SimpleNamespace:
    values = SimpleNamespace()
    for field in fields:
        value = getattr(instance, field.attname)
        # encrypted values, and times that are not in the file, are computed when the row is stored
        is_computed = is_encrypted(field) or isinstance(value, DatabaseDefault | NoneType)
        setattr(values, field.attname, field.pre_save(instance, True) if is_computed else value)
    return values


def _at(model: AnyModel, number: int, sentence: str) -> DomainError:
    return invalid_export("invalid_row", f"{name_of(model)}, line {number}, {sentence}")


def _sentence(error: ValidationError) -> str:
    """Return the messages of a model's validation in one line."""
    if not hasattr(error, "error_dict"):
        return f"row: {' '.join(error.messages)}"
    return "; ".join(f"{name}: {' '.join(messages)}" for name, messages in error.message_dict.items())


def _violation(model: AnyModel, error: Exception) -> str:
    """Return the message about a row that the database refused, by the name of the constraint."""
    name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None) or ""
    for constraint in model._meta.constraints:
        if constraint.name == name:
            return f"{name.removeprefix(model._meta.db_table + '_')}: {constraint.violation_error_message}"
    if isinstance(error, DataError):
        return "row: a value is out of range."
    return "row: it refers to a row that is not in the file, or is a duplicate."

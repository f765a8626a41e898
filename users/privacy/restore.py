"""Bringing an export into an empty account: all of it or nothing, under every rule that the rows have anywhere else.

The rows get new keys and the account that takes them in as their owner (`users.privacy.row_references`), and keep everything
else, their instants too: an export of the account then has the same bytes. A customer brings back what is his; what the service
recorded, granted or charged comes back by an operator's hand only (`manage.py import_export`).
"""

from datetime import datetime
from functools import cache
from itertools import islice
from types import NoneType, SimpleNamespace
from typing import IO, Any

from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS, DataError, IntegrityError, connection, connections, models, transaction
from django.db.models.expressions import DatabaseDefault
from django.db.models.sql import InsertQuery
from django.db.models.sql.compiler import SQLInsertCompiler

from core import clock
from core.encryption.fields import is_encrypted
from core.errors import ConflictError, DomainError
from core.privacy.declarations import Restore
from users.models import User
from users.privacy.archive import name_of
from users.privacy.export_reader import ExportReader, refused
from users.privacy.policies import AnyModel, restored, rows_of, stated
from users.privacy.row_references import ImportKeys
from users.privacy.row_serialization import Row, RowDeserializer

BATCH = 1_000
Numbered = tuple[int, models.Model]  # the line that a row came from


def restore(user: User, file: IO[bytes], *, by: Restore = Restore.OWNER) -> dict[str, int]:
    """Bring an export into the account of `user`; gives the number of rows by file.

    Raises ConflictError when the account holds data, DomainError that names file, line and field for anything in the
    file that does not hold.
    """
    bundle, wanted = ExportReader(file), restored(by)
    reader = RowDeserializer(user, ImportKeys({model._meta.db_table: model for model in wanted}))
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)  # one import at a time
        _require_empty(user, wanted)
        for model in reversed([model for model in wanted if stated(model).is_replaced]):
            rows_of(model, user).delete()
        counts = {name_of(model): _restore_file(bundle, model, reader) for model in wanted}
        try:  # now what the database would check at the commit, where no error could be returned
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        except IntegrityError as error:
            raise refused("does_not_exist", "It refers to something that does not exist here, such as a plan.") from error
    return counts


def _require_empty(user: User, wanted: list[AnyModel]) -> None:
    """An account is empty with what every account has by itself."""
    full = [model for model in wanted if not stated(model).is_replaced and rows_of(model, user).exists()]
    if full:
        things = ", ".join(str(model._meta.verbose_name_plural) for model in full[:3])
        raise ConflictError("account_not_empty", f"This account holds data already ({things}). Import into a new account.")


def _restore_file(bundle: ExportReader, model: AnyModel, reader: RowDeserializer) -> int:
    rows, count = bundle.rows(model), 0
    while batch := [_instance(model, number, row, reader) for number, row in islice(rows, BATCH)]:
        _store(model, batch)
        count += len(batch)
    return count


def _instance(model: AnyModel, number: int, row: Row, reader: RowDeserializer) -> Numbered:
    try:
        instance = reader.instance(model, row)
        _check(instance)
    except DomainError as error:
        raise _at(model, number, f"{error.field or 'row'}: {error.message}") from error
    except ValidationError as error:
        raise _at(model, number, _sentence(error)) from error
    except RecursionError as error:
        raise _at(model, number, "it is nested too deeply.") from error
    return number, instance


def _check(instance: models.Model) -> None:
    """Every rule that the model has; whether a reference holds is the database's to say."""
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
    """Insert a batch; when the database refuses it, one by one, to find the line that is to blame."""
    try:
        with transaction.atomic():
            _insert(model, [instance for _, instance in batch])
    except (IntegrityError, DataError) as error:
        for number, instance in batch:
            try:
                with transaction.atomic():
                    _insert(model, [instance])
            except (IntegrityError, DataError) as culprit:
                raise _at(model, number, _objection(model, culprit)) from culprit
        raise refused("refused", f"{name_of(model)}: {_objection(model, error)}") from error


def _insert(model: AnyModel, instances: list[models.Model]) -> None:
    """Insert rows with all their values as they are: `save` and `bulk_create` would stamp them with the present instant."""
    fields = [field for field in model._meta.concrete_fields if not field.generated]
    query = InsertQuery(model)
    values: list[Any] = [_as_they_are(instance, fields) for instance in instances]
    query.insert_values(fields, values, raw=True)
    SQLInsertCompiler(query, connections[DEFAULT_DB_ALIAS], using=DEFAULT_DB_ALIAS).execute_sql()


def _as_they_are(instance: models.Model, fields: list[Any]) -> SimpleNamespace:
    values = SimpleNamespace()
    for field in fields:
        value = getattr(instance, field.attname)
        # encrypted values, and instants that the file does not give, are made while the row is stored
        is_made_now = is_encrypted(field) or isinstance(value, DatabaseDefault | NoneType)
        setattr(values, field.attname, field.pre_save(instance, True) if is_made_now else value)
    return values


def _at(model: AnyModel, number: int, sentence: str) -> DomainError:
    return refused("invalid_row", f"{name_of(model)}, line {number}, {sentence}")


def _sentence(error: ValidationError) -> str:
    """What a model says of its fields, in one line."""
    if not hasattr(error, "error_dict"):
        return f"row: {' '.join(error.messages)}"
    return "; ".join(f"{name}: {' '.join(messages)}" for name, messages in error.message_dict.items())


def _objection(model: AnyModel, error: Exception) -> str:
    """What the database says against a row, by the name of the constraint."""
    name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None) or ""
    for constraint in model._meta.constraints:
        if constraint.name == name:
            return f"{name.removeprefix(model._meta.db_table + '_')}: {constraint.violation_error_message}"
    if isinstance(error, DataError):
        return "row: a value is outside of what can be stored."
    return "row: it refers to a row that is not in the file, or is there twice."

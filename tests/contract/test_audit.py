"""Audit events of changes of every table, with their actor and request."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from django.apps import apps
from django.db import connection, models
from django.db.models import F

from core import context
from core.context import Role
from core.encryption.fields import is_encrypted
from core.models.base import BaseModel
from dev.factories import FACTORIES
from system.models import AuditEvent
from tests.unchecked_sums import unchecked_sums

pytestmark = pytest.mark.django_db
ACTOR = UUID("00000000-0000-4000-8000-00000000ac70")
UNAUDITED: dict[str, str] = {
    "system_auditevent": "the log itself",
    "system_auditblock": "the log's chain, each block of which is bound to the one before",
    "system_auditsignature": "the signatures of that chain, which can't be made without the key",
    "core_change": "the log of changed rows for clients, written by the same triggers",
    "core_changeset": "the log of changed rows for clients, written by the same triggers",
    "core_position": "the number of a user's changes, raised at each commit",
    "core_pendingposition": "empty outside of transactions",
    "users_sentmail": "counts of emails by a keyed digest of the address, for a day",
    "core_idempotencykey": "a response that is stored for a day for a repeated request; the request's changes are in the log",
    "users_emailcode": "a hash of a mailed code that is deleted after a day; what it changes is in the log",
    "users_logincounter": "a count of failed logins that is deleted after a day; the lock of an account is in the log",
    "users_upload": "a file that waits for a job, for a day; the job's changes are in the log under its name",
    "finance_attachmentchunk": "a part of an attachment, which the log would keep for years; the attachment is in the log",
    "users_uploadchunk": "a part of such a file, which the log would keep for years",
    "users_webhookmessage": "a message about a change that is in the log, for 30 days",
    "users_webhookattempt": "an attempt to deliver such a message",
    "finance_editedrow": "values before and after an edit, for 30 days; the changes of the transactions are in the log",
    "finance_deletedtransaction": "a deleted row, for 30 days; the deletion is in the log with all values",
    "django_session": "encrypted, and written with each login, which is recorded at the account",
    "django_admin_log": "Django's own log of the back office, which nothing reads; the audit log has more details",
    "django_content_type": "Django's list of models, written by migrations",
    "django_migrations": "Django's list of migrations, which is itself a log",
    "auth_permission": "Django's list of permissions, written by migrations; their assignment is in the log",
    "account_emailconfirmation": "always empty: a confirmation is a signed text in the mail, not a row",
    "procrastinate_jobs": "the queue, which has its own list of events; the changes of a job are in the log under its name",
    "procrastinate_events": "the queue's own log",
    "procrastinate_periodic_defers": "the times at which periodic jobs were queued",
    "procrastinate_workers": "a heartbeat every ten seconds",
}
MODELS = [model for model in apps.get_models() if issubclass(model, BaseModel) and model._meta.db_table not in UNAUDITED]
SECRETS = [(model, name) for model in MODELS for name in model.secret_fields]
ENCRYPTED = [(model, field.name) for model in MODELS for field in model._meta.concrete_fields if is_encrypted(field)]

TABLES = """
SELECT relname FROM pg_class
 WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
"""

each_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)


@pytest.fixture(autouse=True)
def _actor(all_privileges: None) -> Iterator[None]:
    with context.action("request-1", actor_id=ACTOR, role=Role.STAFF):
        yield


def events_of(row: Any) -> list[AuditEvent]:
    return list(
        AuditEvent.objects.of_row(row._meta.db_table, row.pk).filter(request_id="request-1", actor=ACTOR).order_by("id")
    )


def last_of(row: Any, action: str) -> AuditEvent:
    event = events_of(row)[-1]
    assert event.action == action
    assert event.user_id == (row.pk if row._meta.label == "users.User" else getattr(row, "user_id", None))
    return event


def columns(model: type[BaseModel]) -> set[str | None]:
    return {field.column for field in model._meta.concrete_fields}


def column(model: type[BaseModel], name: str) -> str:
    return str(model._meta.get_field(name).column)


def tables(condition: str) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(f"{TABLES} AND {condition}")
        return {name for (name,) in cursor.fetchall()}


@pytest.mark.parametrize("statement", ["INSERT", "UPDATE", "DELETE", "TRUNCATE"])
def test_every_table_is_audited_or_listed_with_a_reason(statement: str) -> None:
    # an enabled trigger for each whole statement, without a condition, and no other events in the same trigger
    is_audit = "tgfoid = 'system_record_changes'::regproc AND tgenabled = 'O' AND tgqual IS NULL AND tgtype & 1 = 0"
    definition = f"pg_get_triggerdef(oid) ~ ' AFTER {statement} ON '"
    audited = f"EXISTS (SELECT FROM pg_trigger WHERE tgrelid = pg_class.oid AND {is_audit} AND {definition})"
    assert tables(f"NOT {audited}") == set(UNAUDITED)


@each_model
def test_an_added_row_is_recorded_completely(model: type[BaseModel]) -> None:
    row = FACTORIES[model]()
    event = events_of(row)[0]
    assert (event.action, event.changes["id"]) == ("insert", str(row.pk))
    assert set(event.changes) == columns(model)


@each_model
def test_a_saved_change_is_recorded_with_both_values(model: type[BaseModel]) -> None:
    row = FACTORIES[model]()
    before, row.created_at = row.created_at, row.created_at.replace(year=2020)
    row.save()
    changes = last_of(row, "update").changes
    assert set(changes) == {"created_at"}
    assert [text[:4] for text in changes["created_at"]] == [str(before.year), "2020"]


@each_model
def test_rows_added_in_bulk_are_recorded(model: type[BaseModel]) -> None:
    row = FACTORIES[model]()
    model._base_manager.filter(pk=row.pk).delete()
    model._base_manager.bulk_create([row])
    assert [event.action for event in events_of(row)][-2:] == ["delete", "insert"]


@each_model
def test_a_bulk_update_is_recorded(model: type[BaseModel]) -> None:
    row = FACTORIES[model]()
    model._base_manager.filter(pk=row.pk).update(created_at="2020-01-01T00:00:00Z")
    assert set(last_of(row, "update").changes or ()) == {"created_at"}


@each_model
def test_a_raw_statement_is_recorded(model: type[BaseModel]) -> None:
    row = FACTORIES[model]()
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {model._meta.db_table} SET created_at = '2020-01-01' WHERE id = %s", [row.pk])  # noqa: S608
    assert set(last_of(row, "update").changes or ()) == {"created_at"}


@each_model
def test_a_deleted_row_is_recorded_completely(model: type[BaseModel]) -> None:
    row = FACTORIES[model]()
    with unchecked_sums():
        model._base_manager.filter(pk=row.pk).delete()
    assert set(last_of(row, "delete").changes) == columns(model)


@each_model
def test_saving_an_unchanged_row_records_nothing(model: type[BaseModel]) -> None:
    row = FACTORIES[model]()
    row.refresh_from_db()
    before = len(events_of(row))
    row.save()
    model._base_manager.filter(pk=row.pk).update(created_at=F("created_at"))
    assert len(events_of(row)) == before


@pytest.mark.parametrize(("model", "name"), SECRETS, ids=str)
def test_a_secret_is_not_recorded(model: type[BaseModel], name: str) -> None:
    row = FACTORIES[model]()
    others: dict[Any, Any] = {models.BinaryField: b"another", models.JSONField: {"another": 1}}
    field = model._meta.get_field(name)
    another = next((value for kind, value in others.items() if isinstance(field, kind)), "another")
    model._base_manager.filter(pk=row.pk).update(**{name: another})
    assert events_of(row)[0].changes[column(model, name)] == "<secret>"
    assert events_of(row)[-1].changes == {column(model, name): ["<secret>", "<secret>"]}


@pytest.mark.parametrize(("model", "name"), ENCRYPTED, ids=str)
def test_an_encrypted_value_is_recorded_as_its_ciphertext(model: type[BaseModel], name: str) -> None:
    row = FACTORIES[model]()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT to_jsonb({name}) #>> '{{}}' FROM {model._meta.db_table} WHERE id = %s", [row.pk])  # noqa: S608
        [stored] = cursor.fetchone()
    assert events_of(row)[0].changes[column(model, name)] == stored
    assert stored is None or stored.startswith(("\\x01", "\\x02"))


@each_model
def test_emptying_a_table_is_recorded(model: type[BaseModel]) -> None:
    with context.using_role(Role.NONE), connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {model._meta.db_table} CASCADE")
    event = AuditEvent.objects.get(table_name=model._meta.db_table, request_id="request-1", action="truncate")
    assert (event.row_key, event.changes, event.actor_id) == ("", {}, ACTOR)

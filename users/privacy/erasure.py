"""Erasure of an account: access ends at once, and a job does the rest, which resumes after an interruption.

The policy of a model defines what happens to its rows (`users.privacy.policies`). Rows are deleted table by table, referring
tables first, BATCH rows per statement and transaction: Django's collector would read every row into memory. All steps are
idempotent, except that anonymization reads rows which are deleted later, and is therefore marked as done.
"""

from collections.abc import Callable, Iterator
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.mail import send_mail
from django.db import connection, transaction
from django.db.models import F, Model
from django.db.models.expressions import Combinable
from django.dispatch import Signal

from core import clock, rls
from core.encryption import data_keys
from core.errors import ConflictError, DomainError
from core.postgres.local_settings import FORGET_SETTING, local_setting
from core.privacy.declarations import Erase
from system.services import forget_changes_of
from users.models import AccountErasure, Upload, User
from users.models.erasure import RequestedBy
from users.privacy.policies import AnyModel, models_with_policy, other_users, policy_of, rows_of

BATCH = 5_000
Step = Callable[[User], Any]
# Idempotent functions of the user, which erase data other than rows. The first run before any row changes: without the data
# key, no copy of an encrypted value can be decrypted. The last run after the account is blank.
FIRST: tuple[Step, ...] = (data_keys.destroy,)
LAST: tuple[Step, ...] = (forget_changes_of,)
erasing = Signal()  # sent before rows are deleted, once or more: receivers erase data of `user` outside our tables
ERASED_MESSAGE = """Your MINGUS account and all its data have been erased, as requested.

We must retain amounts and dates of invoices, which no longer refer to you. All other data can't be restored.
"""


def erasure_blockers(user: Any) -> Iterator[DomainError]:
    """Yield the errors that prevent the erasure of an account now, each with its remedy."""
    if user.is_staff or user.is_superuser:
        sentence = "This is a staff account. An administrator must remove its role before it can be erased."
        yield DomainError("staff_account", sentence, status=403)
    for model in models_with_policy():
        blocker = policy_of(model).blocker
        if blocker is not None and rows_of(model, user).filter(blocker.rows).exists():
            yield ConflictError(blocker.code, blocker.remedy)


@transaction.atomic
def begin_erasure(user: User, *, requested_by: RequestedBy) -> AccountErasure:
    """End all access to an account at once and record its erasure. Raise the first of `erasure_blockers`.

    Pass the result to `users.tasks.erase_account`. A second call returns the same erasure.
    """
    with rls.as_staff(reason="erasure of the account, requested by " + requested_by):
        user = User.objects.select_for_update().get(pk=user.pk)
        for blocker in erasure_blockers(user):
            raise blocker
        erasure, _ = AccountErasure.objects.get_or_create(user=user, defaults={"requested_by": requested_by})
        user.is_active = False
        user.set_unusable_password()  # ends every session
        user.save(update_fields=["is_active", "password"])
        user.end_access()
        Upload.objects.for_user(user).delete()  # a job that is processing one can't commit any more
    return erasure


def run_erasure(erasure: AccountErasure, *, on_progress: Callable[[int], Any] = lambda rows: None) -> None:
    """Run an erasure, again after a failure. `on_progress` is called with the number of rows of each batch."""
    user = erasure.user
    with rls.as_staff(reason="erasure of the account, requested by " + erasure.requested_by):
        if erasure.finished_at is not None:
            return
        for step in FIRST:
            step(user)
        erasing.send(User, user=user)
        _anonymize(erasure)
        for model in reversed(models_with_policy()):
            for rows in _delete(model, user):
                AccountErasure.objects.filter(pk=erasure.pk).update(rows_deleted=F("rows_deleted") + rows)
                on_progress(rows)
        _finish(erasure)


@transaction.atomic
def _anonymize(erasure: AccountErasure) -> None:
    """Anonymize the retained rows, once. `_finish` anonymizes the account itself."""
    locked = AccountErasure.objects.select_for_update().get(pk=erasure.pk)
    if locked.anonymized_at is not None:
        return
    for model in models_with_policy():
        if policy_of(model).erase is Erase.ANONYMIZE and model is not User:
            rows_of(model, erasure.user).update(**blank(model))
        for field in other_users(model):
            if field.null and policy_of(model).erase is not Erase.KEEP:
                model._base_manager.filter(**{field.name: erasure.user}).update(**{field.name: None})
    locked.anonymized_at = clock.now()
    locked.save(update_fields=["anonymized_at"])


def blank(model: AnyModel) -> dict[str, Any]:
    """Return the values that anonymization writes into the columns of a model."""
    values = policy_of(model).blank.items()
    return {name: value() if callable(value) and not isinstance(value, Combinable) else value for name, value in values}


def _delete(model: AnyModel, user: User) -> Iterator[int]:
    """Delete a user's rows of one model. Yield the number of rows of each batch."""
    if policy_of(model).erase is not Erase.DELETE:
        return
    table, key = model._meta.db_table, model._meta.pk.column
    rows = rows_of(model, user).order_by().values_list("pk", flat=True)
    while keys := list(rows[:BATCH]):
        with local_setting(FORGET_SETTING, "on"), connection.cursor() as cursor:
            _blank_log_entries(model, keys)
            cursor.execute(f'DELETE FROM "{table}" WHERE "{key}" = ANY(%s)', [keys])  # noqa: S608 - names of our models
            cursor.execute(
                "SET CONSTRAINTS ALL IMMEDIATE"
            )  # while the setting excuses rows whose counterparts are deleted later
        yield len(keys)


def _blank_log_entries(model: type[Model], keys: list[Any]) -> None:
    """Blank the names of rows in the log of the back office, which may be names of persons."""
    kind = ContentType.objects.get_for_model(model)
    entries = LogEntry.objects.filter(content_type=kind, object_id__in=map(str, keys))
    entries.update(object_repr="erased", change_message="")


@transaction.atomic
def _finish(erasure: AccountErasure) -> None:
    """Anonymize the account, and queue the confirmation to its old address in the same transaction."""
    user = User.objects.select_for_update().get(pk=erasure.user_id)
    send_mail("[MINGUS] Your account has been erased", ERASED_MESSAGE, None, [user.email])
    _blank_log_entries(User, [user.pk])
    User.objects.filter(pk=user.pk).update(**blank(User))
    for step in LAST:
        step(user)
    erasure.refresh_from_db()
    erasure.finished_at = clock.now()
    erasure.save(update_fields=["finished_at"])

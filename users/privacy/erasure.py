"""Erasing an account: access ends with the request, a job does the rest and goes on where it was interrupted.

What happens to the rows of a model is its policy (`users.privacy.policies`). Rows are deleted table by table, those that
refer to others first, some thousand a statement and a transaction: Django's collector would read every row into memory.
Every step may be done twice, but for the anonymising, which reads what is deleted later and is therefore marked as done.
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
from core.privacy.declarations import Erase
from system.services import forget_changes_of
from users.models import AccountErasure, User
from users.models.erasure import AskedBy
from users.privacy.policies import AnyModel, declared, other_users, rows_of, stated

BATCH = 5_000
Step = Callable[[User], Any]
# What other parts of the house destroy besides rows, each a function of the user that may be called twice. The first go
# before a row is touched (the data key: from then on no copy of a sealed value opens), the last when the account is blank.
FIRST: tuple[Step, ...] = (data_keys.destroy,)
LAST: tuple[Step, ...] = (forget_changes_of,)
erasing = Signal()  # before any row goes, once or more often: for what is known about `user` elsewhere than in our tables
ERASED_MESSAGE = """Your MINGUS account and everything in it has been erased, as was asked.

What the books must keep, amounts and dates of invoices, no longer refers to you. Nobody can bring the rest back.
"""


def erasure_blockers(user: Any) -> Iterator[DomainError]:
    """Why an account can't be erased now, each with its remedy; none when it can."""
    if user.is_staff or user.is_superuser:
        sentence = "This is a colleague's account. An administrator takes the powers away first, then it can be erased."
        yield DomainError("staff_account", sentence, status=403)
    for model in declared():
        blocker = stated(model).blocker
        if blocker is not None and rows_of(model, user).filter(blocker.rows).exists():
            yield ConflictError(blocker.code, blocker.remedy)


@transaction.atomic
def begin_erasure(user: User, *, asked_by: AskedBy) -> AccountErasure:
    """End all access to an account at once and note that it is to be erased. Raises the first of `erasure_blockers`.

    Give the result to `users.tasks.erase_account`. Asked twice, it gives the same.
    """
    with rls.as_staff(reason="erasure of the account, asked for by " + asked_by):
        user = User.objects.select_for_update().get(pk=user.pk)
        for blocker in erasure_blockers(user):
            raise blocker
        erasure, _ = AccountErasure.objects.get_or_create(user=user, defaults={"asked_by": asked_by})
        user.is_active = False
        user.set_unusable_password()  # which every session is tied to
        user.save(update_fields=["is_active", "password"])
        user.end_access()
    return erasure


def run_erasure(erasure: AccountErasure, *, on_progress: Callable[[int], Any] = lambda rows: None) -> None:
    """Erase what `begin_erasure` started; `on_progress` gets each batch's number of rows. Call it again after a failure."""
    user = erasure.user
    with rls.as_staff(reason="erasure of the account, asked for by " + erasure.asked_by):
        if erasure.finished_at is not None:
            return
        for step in FIRST:
            step(user)
        erasing.send(User, user=user)
        _anonymize(erasure)
        for model in reversed(declared()):
            for rows in _delete(model, user):
                AccountErasure.objects.filter(pk=erasure.pk).update(rows_deleted=F("rows_deleted") + rows)
                on_progress(rows)
        _finish(erasure)


@transaction.atomic
def _anonymize(erasure: AccountErasure) -> None:
    """Take the person out of the rows that stay, once; the account itself comes last of all, in `_finish`."""
    locked = AccountErasure.objects.select_for_update().get(pk=erasure.pk)
    if locked.anonymised_at is not None:
        return
    for model in declared():
        if stated(model).erase is Erase.ANONYMIZE and model is not User:
            rows_of(model, erasure.user).update(**blank(model))
        for field in other_users(model):
            if field.null and stated(model).erase is not Erase.KEEP:
                model._base_manager.filter(**{field.name: erasure.user}).update(**{field.name: None})
    locked.anonymised_at = clock.now()
    locked.save(update_fields=["anonymised_at"])


def blank(model: AnyModel) -> dict[str, Any]:
    """What anonymising writes into the columns of a model."""
    values = stated(model).blank.items()
    return {name: value() if callable(value) and not isinstance(value, Combinable) else value for name, value in values}


def _delete(model: AnyModel, user: User) -> Iterator[int]:
    """Delete a user's rows of one model; gives the number of each batch."""
    if stated(model).erase is not Erase.DELETE:
        return
    table, key = model._meta.db_table, model._meta.pk.column
    rows = rows_of(model, user).order_by().values_list("pk", flat=True)
    while keys := list(rows[:BATCH]):
        with transaction.atomic(), connection.cursor() as cursor:
            _forget_names(model, keys)
            cursor.execute(f'DELETE FROM "{table}" WHERE "{key}" = ANY(%s)', [keys])  # noqa: S608 - names of our models
        yield len(keys)


def _forget_names(model: type[Model], keys: list[Any]) -> None:
    """Blank what the back office's own log says of rows: their names, which may be a person's."""
    kind = ContentType.objects.get_for_model(model)
    entries = LogEntry.objects.filter(content_type=kind, object_id__in=map(str, keys))
    entries.update(object_repr="erased", change_message="")


@transaction.atomic
def _finish(erasure: AccountErasure) -> None:
    """Take the person out of the account; the mail that says so is queued in the same transaction, to the old address."""
    user = User.objects.select_for_update().get(pk=erasure.user_id)
    send_mail("[MINGUS] Your account has been erased", ERASED_MESSAGE, None, [user.email])
    _forget_names(User, [user.pk])
    User.objects.filter(pk=user.pk).update(**blank(User))
    for step in LAST:
        step(user)
    erasure.refresh_from_db()
    erasure.finished_at = clock.now()
    erasure.save(update_fields=["finished_at"])

"""Merging of categories, tags and payees, and its undo."""

from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django.apps import apps
from django.db import IntegrityError, transaction
from django.db.models import F, Func, Value

from core.errors import ConflictError, DomainError
from core.postgres.limits import job_time
from finance.models import Category, EditRun, FinancialTransaction, Payee, Tag, TransactionSplit, UserExpenseDueDate
from finance.models.edit_runs import EditKind
from finance.models.named import NamedModel
from finance.models.transactions import MAX_TAGS
from finance.services.edit_runs import recorded_run
from users.locks import lock

Named = TypeVar("Named", bound=NamedModel)
NAMES_LOCK = "names {}"  # a user's merges run one after the other, because each locks two rows


@job_time()
def merge_names(*, merged: Named, into: Named, now: datetime) -> Named:
    """Move the transactions of a category, tag or payee to another one, and hide it, so that it can be undone.

    The due dates and children of a category move, too. Raise DomainError if the two are the same or differ in their kind.
    """
    lock(NAMES_LOCK.format(merged.user_id))
    merged, into = _locked(merged, into)
    with recorded_run(EditKind.MERGE, user_id=merged.user_id, now=now) as run:
        run.details = {"model": merged._meta.model_name, "merged": str(merged.pk), "into": str(into.pk)}
        if isinstance(merged, Category) and isinstance(into, Category):
            run.details |= _move_below(merged, into)
        run.details |= _move_parts(merged, into)
        _move_transactions(merged, into)
        aliases = type(merged)._default_manager.filter(user_id=merged.user_id, merged_into=merged)
        run.details["aliases"] = _keys(aliases)
        aliases.update(merged_into=into)  # they lead to the row that remains
        merged.merged_into = into
        merged.save()
    into.refresh_from_db()
    return into


def show_again(run: EditRun) -> list[UUID]:
    """Undo a merge, except for the changes of transactions. Return the due dates and categories that were changed since.

    Raise ConflictError if the merged row was deleted, because its name was given to another one.
    """
    details: dict[str, Any] = run.details or {}
    rows = apps.get_model("finance", details["model"])._default_manager.filter(user_id=run.user_id)
    merged: Any = rows.filter(pk=details["merged"], merged_into__isnull=False).select_for_update().first()
    if merged is None:
        raise ConflictError("name_in_use", "What was merged does not exist any more, or its name was given to another one.")
    into, merged.merged_into = merged.merged_into, None
    merged.save()
    rows.filter(pk__in=details["aliases"], merged_into=into).update(merged_into=merged)
    _move_parts_back(details, merged, into)
    return _move_back(details, merged) if isinstance(merged, Category) else []


def find_merge(*, user: Any, model: type[NamedModel], merged: UUID) -> EditRun:
    """Return the merge that has hidden a row. Raise DomainError (404) if there is none."""
    merges = EditRun.objects.for_user(user).filter(kind=EditKind.MERGE, undone_at__isnull=True)
    about = {"model": model._meta.model_name, "merged": str(merged)}
    found: EditRun | None = merges.filter(details__contains=about).order_by("-pk").first()
    if found is None:
        raise DomainError("not_found", "There is no merge of the last 30 days to undo with this id.", status=404)
    return found


def _move_transactions(merged: NamedModel, into: NamedModel) -> None:
    rows = FinancialTransaction.objects.filter(user_id=merged.user_id)
    if isinstance(merged, Category) and isinstance(into, Category):
        rows.filter(category=merged.slug).update(category=into.slug)
    elif isinstance(merged, Payee) and isinstance(into, Payee):
        rows.filter(payee=merged.name).update(payee=into.name)
    elif isinstance(merged, Tag) and isinstance(into, Tag):
        tagged = rows.filter(tags__contains=[merged.name])
        replaced = Func(F("tags"), Value(merged.name), Value(into.name), function="array_replace")
        tagged.exclude(tags__contains=[into.name]).update(tags=replaced)
        tagged.update(tags=Func(F("tags"), Value(merged.name), function="array_remove"))  # those that have both


def _move_parts(merged: NamedModel, into: NamedModel) -> dict[str, Any]:
    """Move the parts of split transactions. Return the keys of those that moved, and of those that had both tags."""
    parts = TransactionSplit.objects.filter(user_id=merged.user_id)
    if isinstance(merged, Category) and isinstance(into, Category):
        moved = parts.filter(category=merged.slug)
        details = {"parts": _keys(moved)}
        moved.update(category=into.slug)
    elif isinstance(merged, Tag) and isinstance(into, Tag):
        tagged = parts.filter(tags__contains=[merged.name])
        both, moved = tagged.filter(tags__contains=[into.name]), tagged.exclude(tags__contains=[into.name])
        details = {"parts": _keys(moved), "parts_with_both": _keys(both)}
        moved.update(tags=Func(F("tags"), Value(merged.name), Value(into.name), function="array_replace"))
        both.update(tags=Func(F("tags"), Value(merged.name), function="array_remove"))
    else:
        details = {}
    return details


def _move_parts_back(details: dict[str, Any], merged: NamedModel, into: NamedModel) -> None:
    parts = TransactionSplit.objects.filter(user_id=merged.user_id)
    moved, both = parts.filter(pk__in=details.get("parts", [])), parts.filter(pk__in=details.get("parts_with_both", []))
    if isinstance(merged, Category) and isinstance(into, Category):
        moved.filter(category=into.slug).update(category=merged.slug)
    elif isinstance(merged, Tag) and isinstance(into, Tag):
        unchanged = moved.filter(tags__contains=[into.name]).exclude(tags__contains=[merged.name])
        unchanged.update(tags=Func(F("tags"), Value(into.name), Value(merged.name), function="array_replace"))
        room = both.exclude(tags__contains=[merged.name]).filter(tags__len__lt=MAX_TAGS)
        room.update(tags=Func(F("tags"), Value(merged.name), function="array_append"))


def _move_below(merged: Category, into: Category) -> dict[str, Any]:
    """Move the children and due dates of a category. Return what is needed to move them back."""
    if merged.kind != into.kind:
        message = f"“{merged.name}” is for {merged.kind}, “{into.name}” for {into.kind}. Change the kind of one of them first."
        raise DomainError("other_kind", message, field="into")
    details: dict[str, Any] = {"parent": str(merged.parent_id) if merged.parent_id else None}
    if any(above.pk == merged.pk for above in into.above()):  # a category that is below the merged one takes its place
        details["into_parent"] = str(into.parent_id)
        Category.objects.filter(pk=into.pk).update(parent_id=merged.parent_id)
    children = Category.objects.filter(user_id=merged.user_id, parent=merged)
    due_dates = UserExpenseDueDate.objects.filter(user_id=merged.user_id, expense_category=merged.slug)
    details |= {"children": _keys(children), "due_dates": _keys(due_dates)}
    children.update(parent=into)
    due_dates.update(expense_category=into.slug)
    merged.parent = None
    return details


def _move_back(details: dict[str, Any], merged: Category) -> list[UUID]:
    owner, into = merged.user_id, Category.objects.get(user_id=merged.user_id, pk=details["into"])
    parents = [(merged.pk, None, details["parent"]), *((UUID(child), into.pk, merged.pk) for child in details["children"])]
    if "into_parent" in details:  # last, because its former parent may be one of the children
        parents.append((into.pk, details["parent"], details["into_parent"]))
    kept = [child for child, present, former in parents if not _set_parent(owner, child, present, former)]
    due_dates = UserExpenseDueDate.objects.filter(user_id=owner, pk__in=details["due_dates"])
    unchanged = due_dates.filter(expense_category=into.slug)
    kept += list(due_dates.exclude(pk__in=unchanged).values_list("pk", flat=True))
    unchanged.update(expense_category=merged.slug)
    return kept


def _set_parent(owner: UUID, child: UUID, present: Any, former: Any) -> bool:
    """Give a category its former parent. Return False if it has another one since, or the former one can't be its parent."""
    try:
        with transaction.atomic():
            return bool(Category.objects.filter(user_id=owner, pk=child, parent_id=present).update(parent_id=former))
    except IntegrityError:  # the former parent was deleted or merged, or is below the category now
        return False


def _keys(rows: Any) -> list[str]:
    return [str(key) for key in rows.values_list("pk", flat=True)]


def _locked(merged: Named, into: Named) -> tuple[Named, Named]:
    """Return both rows, locked in the order of their keys, so that two opposite merges do not wait for each other."""
    if merged.pk == into.pk:
        raise DomainError("same_row", "Choose another one than the one that is merged.", field="into")
    rows: Any = type(merged)._default_manager.filter(user_id=merged.user_id, pk__in=[merged.pk, into.pk], merged_into=None)
    found = {row.pk: row for row in rows.order_by("pk").select_for_update()}
    if len(found) < 2:
        raise ConflictError("already_merged", "One of the two was deleted or merged meanwhile. Read the list again.")
    return found[merged.pk], found[into.pk]

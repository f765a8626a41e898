"""Masking of customers' personal values in the pages, exports and searches of the back office.

A model names its `personal_fields`. For a staff member without the permission `see_<model>`, each row on a page is a
`MaskedRow`. Those fields are masked on it, and so are properties, `str()` and related rows that use them. The staff member
can't sort, filter or search by them either, because the result would reveal a hidden value. After a reveal, which needs a
reason, one customer's values are shown to one staff member for some minutes.

Rows are masked in three methods of Django's admin: `get_paginator` (lists and autocomplete), `get_object` (pages of a row)
and `get_formset` (inlines). Services get the unmasked rows, and `Masking.values` masks an export.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import cached_property, partial, wraps
from inspect import ismethod
from types import MethodType
from typing import Any, TypeVar, cast
from uuid import UUID

from django.contrib.admin.options import BaseModelAdmin
from django.contrib.admin.utils import NotRelationField, get_fields_from_path
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser, PermissionsMixin
from django.core.exceptions import FieldDoesNotExist, PermissionDenied
from django.db.models import Model
from django.http import HttpRequest

from core import clock
from core.admin.masked_values import Hidden, HiddenFlag, MaskedText, as_shown, or_mask
from core.privacy.masks import MASK, MaskFunction, personal_fields

REVEALED = "revealed"  # in the session: customer's key -> the instant until which the values are shown
RowT = TypeVar("RowT", bound=Model)
AnyT = TypeVar("AnyT")
MethodT = TypeVar("MethodT", bound=Callable[..., Any])


def masked(value: object, partly: MaskFunction | None = None) -> object:
    """Return the mask of a value, which for text is what `partly` returns. An empty value stays empty."""
    if value is None or value == "":
        return value
    if partly and isinstance(value, str):
        return MaskedText(partly(value))
    return HiddenFlag(MASK) if isinstance(value, bool) else Hidden(MASK)


def reveal(request: HttpRequest, customer_id: UUID, *, until: datetime) -> None:
    """Show one customer's values in this session until the given time. The caller must log the reveal."""
    request.session.setdefault(REVEALED, {})[str(customer_id)] = until.isoformat()
    request.session.modified = True


def masking(request: HttpRequest) -> "Masking":
    """Return the masking for the request's staff member, created once per request."""
    found: Masking | None = getattr(request, "_masking", None)
    if found is None:
        now = clock.now()
        spans = request.session.get(REVEALED, {}) if hasattr(request, "session") else {}
        open_ = frozenset(key for key, until in spans.items() if datetime.fromisoformat(until) > now)
        found = request._masking = Masking(request.user, open_)  # type: ignore[attr-defined]  # cached on the request
    return found


class Masking:
    """The values that one staff member may read. `revealed` has the ids of the customers whose values are revealed."""

    def __init__(self, user: PermissionsMixin | AnonymousUser, revealed: frozenset[str]) -> None:
        self._user, self._revealed = user, revealed
        self._is_calculating = self._has_read_hidden = False

    def hides_of(self, model: type[Model]) -> bool:
        """Return whether a model has values that are hidden unless they are revealed."""
        permission = f"{model._meta.app_label}.see_{model._meta.model_name}"
        return bool(personal_fields(model)) and not self._user.has_perm(permission)

    def hides(self, model: type[Model], row: Model) -> bool:
        """Return whether values of `model` are hidden on a page of `row`, a row of that model or the parent of an inline."""
        account = get_user_model()
        owner = row.pk if isinstance(row, account) else getattr(row, "user_id", "unknown")
        is_open = owner is None or self.is_revealed(owner)  # a broadcast has no owner
        is_staff = model is account and getattr(row, "is_staff", False)  # the emails of staff are not hidden from staff
        return self.hides_of(model) and not (is_open or is_staff)

    def is_revealed(self, *customers: object) -> bool:
        return all(str(key) in self._revealed for key in customers)

    def open_names(self, model: type[Model], names: Iterable[Any]) -> list[Any]:
        """Return the `names` (lookups, or tuples that begin with one) that do not lead to a hidden value."""
        return [name for name in names if not self.hides_lookup(model, name[0] if isinstance(name, tuple) else name)]

    def hides_lookup(self, model: type[Model], name: object) -> bool:
        """Return whether a lookup such as `user__profile__annual_income__gte` leads to a hidden value."""
        return any(self.hides_of(kind) and column in personal_fields(kind) for kind, column in _columns(model, name))

    def view(self, row: RowT) -> RowT:
        """Return the row as a MaskedRow, or unchanged for a superuser."""
        if isinstance(row, MaskedRow) or self._user.is_superuser:
            return row
        return cast("RowT", MaskedRow(row, self))

    def closed(self) -> "Masking":
        """Return the same staff member's masking with nothing revealed."""
        return Masking(self._user, frozenset())

    def values(self, model: type[Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[list[Any]]:
        """Yield masked rows of values for an export. Each input row begins with its customer's id, which is dropped."""
        masks = [self._mask(model, column) for column in columns]
        for owner, *values in rows:
            shown = self.is_revealed(owner)
            yield [masked(value, mask) if mask and not shown else value for value, mask in zip(values, masks, strict=True)]

    def _mask(self, model: type[Model], path: str) -> MaskFunction | None:
        *_, (kind, column) = _columns(model, path)
        return personal_fields(kind).get(column) if self.hides_of(kind) else None

    def field(self, partly: MaskFunction, value: object) -> object:
        """Return the masked value of a field. Inside a calculation return the value itself, and hide the outcome."""
        if self._is_calculating and not isinstance(value, str):
            self._has_read_hidden |= value is not None
            return value
        return masked(value, partly)

    def outcome(self, calculate: Callable[[], Any], name: str) -> Any:
        """Return the result of a calculation, hidden if it has read a hidden value."""
        if self._is_calculating:
            return calculate()
        self._is_calculating, self._has_read_hidden = True, False
        try:
            value = or_mask(calculate, name)
        finally:
            self._is_calculating = False
        if not self._has_read_hidden:
            return value
        # None would reveal something, too: the next occurrence of a date is None if the date has passed
        return Hidden(MASK) if value is None else masked(value)


class MaskedRow:
    """A row as a staff member may read it, in place of the row itself. `unmasked` returns the row.

    Properties, methods and `str()` get the masked row as `self`, so they can't read around the masks either.
    """

    __slots__ = ("_hides", "_masking", "_row")

    def __init__(self, row: Model, masking: Masking) -> None:
        model = cast("type[Model]", row._meta.concrete_model)
        for name, value in {"_row": row, "_masking": masking, "_hides": masking.hides(model, row)}.items():
            object.__setattr__(self, name, value)

    # typeshed declares `__class__` as a writable property of `object`, which a read-only one narrows
    @property  # type: ignore[misc]
    def __class__(self) -> type[Model]:  # type: ignore[override]
        """Return the model, so that `isinstance` works as on the row itself."""
        return type(self._row)

    def __getattr__(self, name: str) -> Any:
        partly = personal_fields(self._row._meta.concrete_model).get(name) if self._hides else None
        if partly:
            return self._masking.field(partly, getattr(self._row, name))
        declared = getattr(type(self._row), name, None)
        if isinstance(declared, property | cached_property):
            getter = declared.__get__ if isinstance(declared, property) else declared.func
            return self._masking.outcome(partial(getter, self), f"{type(self._row).__name__}.{name}")
        value = getattr(self._row, name)
        if ismethod(value) and value.__self__ is self._row:
            # SECURITY: a masked value must not be saved over the real one
            if self._hides and name in ("save", "save_base", "delete"):
                raise PermissionDenied("The customer's values are hidden. Reveal them first.")
            # Django's own methods (save, full_clean, …) need the row itself; forms call them only if nothing is hidden
            return MethodType(value.__func__, self) if self._hides or not hasattr(Model, name) else value
        return self._masking.view(value) if isinstance(value, Model) else value

    def __setattr__(self, name: str, value: object) -> None:
        setattr(self._row, name, unmasked(value))

    def __eq__(self, other: object) -> bool:
        return bool(self._row == unmasked(other))

    def __hash__(self) -> int:
        return hash(self._row)

    def __str__(self) -> str:
        name_of: Any = type(self._row).__str__
        text = self._masking.outcome(partial(name_of, self), name_of.__qualname__)
        return f"{self._row._meta.verbose_name} {MASK}" if isinstance(text, Hidden) else str.__str__(text)


def unmasked(row: AnyT) -> AnyT:
    """Return the row behind a masked row, or `row` itself if it is not masked."""
    return cast("AnyT", row._row) if isinstance(row, MaskedRow) else row


def masked_if_used(method: MethodT) -> MethodT:
    """Decorate a column, which shows the mask if it fails because it uses a masked value. Return masks as plain values."""

    @wraps(method)
    def column(self: object, row: Any) -> Any:
        calculate = partial(method, self, row)
        return as_shown(or_mask(calculate, method.__qualname__)) if type(row) is MaskedRow else calculate()

    return cast("MethodT", column)


class MaskedRowsMixin(BaseModelAdmin):
    """An admin class or inline on whose pages no row can be changed or deleted while its values are hidden."""

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return super().has_change_permission(request, obj) and not self.hides(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not self.hides(request, obj)

    def hides(self, request: HttpRequest, obj: Model | None) -> bool:
        """Return whether the values of `obj`, or of its inline rows, are hidden from the staff member."""
        return isinstance(obj, Model) and masking(request).hides(self.model, obj)


def _columns(model: type[Model], lookup: object) -> list[tuple[type[Model], str]]:
    """Return the columns along a lookup, each with its model, without a suffix such as `__gte`; none if it is not a lookup."""
    parts = str(lookup).split("__")
    for length in range(len(parts), 0, -1):
        try:
            fields = get_fields_from_path(model, "__".join(parts[:length]))
        except (FieldDoesNotExist, NotRelationField):
            continue
        return [(field.model, field.name) for field in fields]
    return []

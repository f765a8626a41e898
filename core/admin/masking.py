"""What a colleague may read of a customer. Personal values are hidden where the rows leave the database, not page by page.

A model names its `personal_fields`. A colleague without the permission `see_<model>` gets each row as a view of it, on which
those fields are masked and so is whatever is worked out from them: columns, `str()`, and the rows it leads to. He neither
sorts, filters nor searches by them, for that would answer what is hidden. A customer whose values he has had revealed, with a
reason, is open to him for some minutes.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, TypeVar, cast
from uuid import UUID

from django.contrib.admin.utils import NotRelationField, get_fields_from_path
from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist, PermissionDenied
from django.db.models import Model, QuerySet
from django.db.models.query import ModelIterable
from django.http import HttpRequest

from core import clock
from core.privacy.masks import MASK, MaskFunction, personal_fields

REVEALED = "revealed"  # in the session: customer's key -> the instant until which his values are shown
RowT = TypeVar("RowT", bound=Model)


class Hidden(str):
    """Stands for a value that is not shown. What a page would write around it, such as decimals, is left out."""

    __slots__ = ()

    def __str__(self) -> str:
        return self

    def __add__(self, other: str) -> str:
        return self

    def __radd__(self, other: str) -> str:
        return self


def masked(value: object, partly: MaskFunction) -> object:
    """What is shown of a value: a part of a text, nothing of all else. What is empty stays so; yes and no become unknown."""
    if value is None or value == "" or isinstance(value, bool):
        return None if isinstance(value, bool) else value
    return partly(value) if isinstance(value, str) else Hidden(MASK)


def reveal(request: HttpRequest, customer_id: UUID, *, until: datetime) -> None:
    """Show one customer's values to the colleague of this session, until then. The caller writes down that it happened."""
    request.session[REVEALED] = {**request.session.get(REVEALED, {}), str(customer_id): until.isoformat()}


def masking(request: HttpRequest) -> "Masking":
    """What the request's colleague may read; worked out once a request, before which nothing is revealed."""
    found: Masking | None = getattr(request, "_masking", None)
    if found is None:
        now = clock.now()
        spans = request.session.get(REVEALED, {}) if hasattr(request, "session") else {}
        open_ = frozenset(key for key, until in spans.items() if datetime.fromisoformat(until) > now)
        found = request._masking = Masking(request.user, open_)  # type: ignore[attr-defined]  # a request is a place to keep it
    return found


class Masking:
    """What one colleague may read."""

    def __init__(self, user: Any, revealed: frozenset[str]) -> None:
        self._user, self._revealed = user, revealed
        self._inside = self._touched = False

    @property
    def is_needed(self) -> bool:
        return not self._user.is_superuser

    def hides_of(self, model: type[Model]) -> bool:
        """Whether a model has values that are hidden unless they are revealed."""
        permission = f"{model._meta.app_label}.see_{model._meta.model_name}"
        return bool(personal_fields(model)) and not self._user.has_perm(permission)

    def hides(self, model: type[Model], row: Model) -> bool:
        """Whether the values of `model` are hidden on a page of `row`, which is of that model or what it hangs on."""
        owner = _owner_of(row)
        belongs_to_nobody = owner is None
        return self.hides_of(model) and not (belongs_to_nobody or self.is_revealed(owner) or _is_colleague(model, row))

    def is_revealed(self, *customers: object) -> bool:
        """Whether each of the customers, given by keys, is open to this colleague."""
        return all(str(key) in self._revealed for key in customers)

    def open_names(self, model: type[Model], names: Iterable[Any]) -> list[Any]:
        """Those of `names` (lookups, or tuples that begin with one) that lead to no hidden value."""
        return [name for name in names if not self.hides_lookup(model, name[0] if isinstance(name, tuple) else name)]

    def hides_lookup(self, model: type[Model], name: object) -> bool:
        """Whether a lookup such as `user__profile__annual_income__gte` asks for a hidden value."""
        return any(self.hides_of(kind) and column in personal_fields(kind) for kind, column in _columns(model, name))

    def rows(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The queryset, giving views instead of rows where there is something to hide."""
        if not self.is_needed:
            return queryset
        queryset = queryset.all()
        queryset._iterable_class = type("MaskedIterable", (MaskedIterable,), {"masking": self})
        return queryset

    def view(self, row: RowT) -> RowT:
        """A row as this colleague may read it."""
        if isinstance(row, MaskedRow) or not self.is_needed:
            return row
        model: Any = row._meta.concrete_model
        seen: Any = object.__new__(_view_class(model))
        seen.__dict__ = row.__dict__
        seen._masking, seen._hides = self, self.hides(model, row)
        return cast("RowT", seen)

    def closed(self) -> "Masking":
        """The same colleague, to whom nothing is revealed."""
        return Masking(self._user, frozenset())

    def values(self, model: type[Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[list[Any]]:
        """Rows of values for a file, each with its customer's key in front, masked and without that key."""
        masks = [self._mask(model, column) for column in columns]
        for owner, *values in rows:
            shown = self.is_revealed(owner)
            yield [masked(value, mask) if mask and not shown else value for value, mask in zip(values, masks, strict=True)]

    def _mask(self, model: type[Model], path: str) -> MaskFunction | None:
        *_, (kind, column) = _columns(model, path)
        return personal_fields(kind).get(column) if self.hides_of(kind) else None

    def field(self, partly: MaskFunction, value: object) -> object:
        """A hidden field's value: as it is for something that is being worked out, which is then hidden itself."""
        if self._inside and not isinstance(value, str):
            self._touched = True
            return value
        return masked(value, partly)

    def outcome(self, work_out: Callable[[], Any]) -> Any:
        """What `work_out` gives, unless it read a hidden value on the way."""
        if self._inside:
            return work_out()
        self._inside, self._touched = True, False
        try:
            value = work_out()
        finally:
            self._inside = False
        return masked(value, lambda _: Hidden(MASK)) if self._touched else value


class MaskedRowsMixin:
    """For an admin class: its rows come as views, and none is changed or deleted by whom its values are hidden from."""

    model: Any

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return masking(request).rows(super().get_queryset(request))  # type: ignore[misc]  # of Django's admin classes

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        may: bool = super().has_change_permission(request, obj)  # type: ignore[misc]
        return may and not self.hides(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        may: bool = super().has_delete_permission(request, obj)  # type: ignore[misc]
        return may and not self.hides(request, obj)

    def hides(self, request: HttpRequest, obj: Model | None) -> bool:
        """Whether this page's values of the row `obj`, or of what hangs on it, are hidden from the request's colleague."""
        return isinstance(obj, Model) and masking(request).hides(self.model, obj)


class MaskedRow:
    """A row of which personal values can't be read. It shares what it holds with the row itself."""

    __slots__ = ("_hides", "_masking")
    _hides: bool
    _masking: Masking

    def __getattribute__(self, name: str) -> Any:
        read = super().__getattribute__
        if name.startswith("_"):
            return read(name)
        masking, model = read("_masking"), read("_meta").concrete_model
        fields = personal_fields(model) if read("_hides") else {}
        if name in fields:
            return masking.field(fields[name], read(name))
        if isinstance(getattr(model, name, None), property):
            return masking.outcome(lambda: read(name))
        value = read(name)
        return masking.view(value) if isinstance(value, Model) else value

    def __str__(self) -> str:
        text: str = self._masking.outcome(super().__str__)
        return f"{unmasked(self)._meta.verbose_name} {MASK}" if isinstance(text, Hidden) else text

    def save(self, *args: Any, **kwargs: Any) -> None:
        self._writable().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        return self._writable().delete(*args, **kwargs)

    def _writable(self) -> Any:
        # SECURITY: what was masked must not be written back over what it stands for
        if self._hides:
            raise PermissionDenied("The customer's values are hidden. Reveal them first.")
        return unmasked(self)


class MaskedIterable(ModelIterable):
    """A queryset's rows as views."""

    masking: Masking

    def __iter__(self) -> Iterator[Any]:
        return map(self.masking.view, super().__iter__())


def unmasked(row: Any) -> Any:
    """The row behind a view, for services: they work with what is stored."""
    if not isinstance(row, MaskedRow):
        return row
    view: Any = row
    plain: Any = object.__new__(view._meta.concrete_model)
    plain.__dict__ = view.__dict__
    return plain


_classes: dict[type[Model], type] = {}


def _view_class(model: type[Model]) -> type:
    """A subclass that Django's registry does not learn of: the views are no model."""
    if model not in _classes:
        _classes[model] = type.__new__(type(model), model.__name__, (MaskedRow, model), {"__slots__": ()})
    return _classes[model]


def _owner_of(row: object) -> object:
    """The customer's key; None of a broadcast, which belongs to nobody."""
    return row.pk if isinstance(row, get_user_model()) else getattr(row, "user_id", "unknown")


def owner_lookup(model: type[Model]) -> str:
    """The lookup that leads from a row of any model to its customer's key."""
    return "user_id" if any(field.name == "user" for field in model._meta.concrete_fields) else "pk"


def _is_colleague(model: type[Model], row: object) -> bool:
    """Whether it is about the account of a colleague, whose address is no secret among colleagues."""
    return model is get_user_model() and bool(getattr(row, "is_staff", False))


def _columns(model: type[Model], lookup: object) -> list[tuple[type[Model], str]]:
    """The columns that a lookup passes, each with its model; none for what is no lookup; `__gte` is left out."""
    parts = str(lookup).split("__")
    for length in range(len(parts), 0, -1):
        try:
            fields = get_fields_from_path(model, "__".join(parts[:length]))
        except (FieldDoesNotExist, NotRelationField):
            continue
        return [(field.model, field.name) for field in fields]
    return []

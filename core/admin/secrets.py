"""System checks that admin classes name no encrypted or secret field, which a page would show decrypted."""

from typing import Any

from django.contrib.admin.checks import InlineModelAdminChecks
from django.contrib.admin.options import BaseModelAdmin, InlineModelAdmin
from django.contrib.admin.utils import NotRelationField, flatten, flatten_fieldsets, get_fields_from_path
from django.core import checks
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model
from unfold.checks import UnfoldModelAdminChecks

from core.encryption.fields import is_encrypted

DECLARED = ("fields", "readonly_fields", "list_display", "search_fields", "csv_columns", "sortable_by")


def is_secret(model: type[Model], path: str) -> bool:
    """Return True if a lookup path such as `user__password` ends in an encrypted or secret field."""
    try:
        field = get_fields_from_path(model, path)[-1]
    except (FieldDoesNotExist, NotRelationField):
        return False
    return is_encrypted(field) or field.name in getattr(field.model, "secret_fields", ())


def public_fields(model: type[Model]) -> list[str]:
    """Return the names of a model's fields that are neither encrypted, secret nor generated."""
    columns = [field for field in model._meta.concrete_fields if not field.generated]
    return [field.name for field in columns if not is_secret(model, field.name)]


def named_by(page: BaseModelAdmin) -> set[str]:
    """Return the field names that an admin class declares for its list, its page and its export."""
    declared = [item for attribute in DECLARED for item in flatten(getattr(page, attribute, None) or ())]
    filters = [item[0] if isinstance(item, tuple) else item for item in getattr(page, "list_filter", ())]
    names = [*declared, *filters, *flatten_fieldsets(page.fieldsets or ())]
    return {name for name in names if isinstance(name, str)}


def secret_field_errors(page: BaseModelAdmin) -> list[checks.CheckMessage]:
    """Return the errors core.E003 of an admin class that names an encrypted or secret field."""
    secret = sorted(name for name in named_by(page) if is_secret(page.model, name))
    hint = "Remove it, or show a value that is derived from it, such as the last four digits."
    return [checks.Error(f"{type(page).__name__} would show {name}.", hint, type(page), "core.E003") for name in secret]


class SecretFieldChecks(UnfoldModelAdminChecks):
    def check(self, admin_obj: BaseModelAdmin, **kwargs: object) -> list[Any]:
        return [*super().check(admin_obj, **kwargs), *secret_field_errors(admin_obj)]


class SecretFieldInlineChecks(InlineModelAdminChecks):
    def check(self, inline_obj: InlineModelAdmin, **kwargs: object) -> list[Any]:  # type: ignore[override]  # as Django does
        return [*super().check(inline_obj, **kwargs), *secret_field_errors(inline_obj)]

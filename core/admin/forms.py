"""Forms of the back office for rows that belong to a customer, and read-only formsets."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.contrib.auth import get_user_model
from django.db.models import Model, QuerySet
from unfold.widgets import UnfoldAdminSelectWidget

from core.admin.masking import Masking
from core.admin.unfold_compat import PaginationInlineFormSet
from core.currencies import CURRENT
from core.models.base import OwnedModel


class CurrencySelect(UnfoldAdminSelectWidget):
    """A list of the currencies in use, and of the row's own if it was withdrawn."""

    def optgroups(self, name: str, value: list[str], attrs: dict[str, Any] | None = None) -> list[Any]:
        self.choices = [(code, code) for code in sorted({*CURRENT, *value})]
        return super().optgroups(name, value, attrs)


class OwnedForm(forms.ModelForm):
    """A form that refuses references to another customer's rows."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        strangers = [name for name, value in cleaned.items() if self._is_foreign(value)]
        for name in strangers:
            self.add_error(name, forms.ValidationError("This belongs to another customer. Choose another one.", "foreign"))
        return cleaned

    def add_error(self, field: str | None, error: Any) -> None:
        """Show an error of a field that the form does not have above the form, where Django would fail."""
        for name, problems in getattr(error, "error_dict", {field: error}).items():
            super().add_error(name if name in self.fields else None, problems)

    def _is_foreign(self, value: object) -> bool:
        return isinstance(value, OwnedModel) and value.user_id != self.instance.user_id

    def _get_validation_exclusions(self) -> set[str]:
        """Return the excluded fields without `user`, so that unique constraints that include the owner are checked."""
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]  # Django's, though its stubs don't know
        return excluded - {"user"} if self.instance.user_id else excluded


class OwnedAddForm(OwnedForm):
    customer: forms.ModelChoiceField = forms.ModelChoiceField(None)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        customers = get_user_model()._default_manager.all()
        field = self._meta.model._meta.get_field("user")
        widget = AutocompleteSelect(field, admin.site)
        self.fields["customer"] = forms.ModelChoiceField(
            customers, widget=widget, help_text="The customer can't be changed later."
        )

    def clean(self) -> dict[str, Any]:
        customer = self.cleaned_data.get("customer")
        if customer is not None:
            self.instance.user = customer
        return super().clean()


class MaskedFormSet(PaginationInlineFormSet):
    masking: Masking
    limit: int | None = None

    def get_queryset(self) -> list[Any]:  # type: ignore[override]  # a page needs no more of it
        if not hasattr(self, "_rows"):
            self._rows = [self.masking.view(row) for row in super().get_queryset()[: self.limit]]
        return self._rows


class ReadOnlyFormSet(MaskedFormSet):
    """A formset that ignores posted data.

    Django would look up the posted rows among the newest ones again, and fail if a newer row was added in the meantime.
    """

    def __init__(
        self,
        *,
        instance: Model,
        queryset: QuerySet[Any],
        data: object = None,
        files: object = None,
        save_as_new: bool = False,
        **kwargs: Any,
    ) -> None:
        owner = getattr(instance, "user_id", None)
        rows = queryset.filter(user_id=owner) if owner else queryset  # for the indexes, which begin with the owner
        super().__init__(instance=instance, queryset=rows, **kwargs)

    def is_valid(self) -> bool:
        return True

    def save(self, commit: bool = True) -> list[Any]:
        self.new_objects, self.changed_objects, self.deleted_objects = [], [], []
        return []

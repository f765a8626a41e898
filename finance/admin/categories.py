"""Admin pages of categories, tags and payees."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.contrib.filters.admin import BooleanRadioFilter, ChoicesDropdownFilter

from core.admin import BY_CUSTOMER, OwnedAdmin, OwnedReadOnlyAdmin
from core.admin.forms import OwnedAddForm, OwnedForm
from finance.models import Category, Payee, Tag
from finance.services import delete_category
from finance.services.names import new_slug


class CategoryForm(OwnedForm):
    def clean(self) -> dict[str, Any]:
        """Give a new category a slug."""
        cleaned, category = super().clean(), self.instance
        if category.user_id and cleaned.get("name") and not category.slug:
            taken = Category.objects.filter(user_id=category.user_id).values_list("slug", flat=True)
            category.slug = new_slug(cleaned["name"], taken)
        return cleaned


class CategoryAddForm(OwnedAddForm, CategoryForm):
    """The form of a new category, with a field for its customer."""


@admin.register(Category)
class CategoryAdmin(OwnedAdmin):
    form, add_form = CategoryForm, CategoryAddForm
    list_display = ("name", "owner", "slug", "kind", "parent", "is_archived")
    list_filter = (BY_CUSTOMER, ("kind", ChoicesDropdownFilter), ("is_archived", BooleanRadioFilter))
    list_select_related = ("user", "parent")
    search_fields = ("name", "slug")
    ordering_for_customer = ("name", "id")
    readonly_fields = ("slug", "merged_into")
    csv_columns = ("id", "user__email", "name", "slug", "kind", "parent__name", "is_archived")

    def delete_model(self, request: HttpRequest, obj: Category) -> None:
        delete_category(obj)


@admin.register(Tag)
class TagAdmin(OwnedAdmin):
    list_display = ("name", "owner", "created_at")
    search_fields = ("name",)
    ordering_for_customer = ("name", "id")
    readonly_fields = ("merged_into",)
    csv_columns = ("id", "user__email", "name", "created_at")


@admin.register(Payee)
class PayeeAdmin(OwnedReadOnlyAdmin):
    list_display = ("name", "owner", "merged_into", "created_at")
    list_select_related = ("user", "merged_into")
    search_fields = ("name",)
    ordering_for_customer = ("name", "id")
    csv_columns = ("id", "user__email", "name", "created_at")

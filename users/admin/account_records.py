"""Records of accounts, and staff groups, in the back office."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from unfold.contrib.filters.admin import BooleanRadioFilter, ChoicesDropdownFilter

from core.admin import (
    BY_CUSTOMER,
    BaseAdmin,
    OwnedAdmin,
    OwnedReadOnlyAdmin,
    ReadOnlyAdmin,
    column,
    confirmed_action,
    display,
    for_selected_rows,
    link,
)
from core.privacy.masks import declare, email_mask, personal
from users.admin.accounts import PROFILE_FIELDSETS, FoundByAddress
from users.models import Impersonation, OnboardingProgress, PersonalAccessToken, Upload, UserProfile


@admin.register(UserProfile)
class UserProfileAdmin(OwnedAdmin):
    list_display = ("__str__", "owner", "city", "country", "timezone", "employment_status", "updated_at")
    search_fields = ("first_name", "last_name", "city")
    fieldsets = ((None, {"fields": ("owner",)}), *PROFILE_FIELDSETS)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fieldsets if obj else ((None, {"fields": ("customer",)}), *PROFILE_FIELDSETS)


@admin.register(OnboardingProgress)
class OnboardingProgressAdmin(OwnedAdmin):
    list_display = ("step_name", "owner", "step_order", "is_completed", "completed_at")
    list_filter = (BY_CUSTOMER, ("is_completed", BooleanRadioFilter))
    search_fields = ("step_name",)
    ordering_for_customer = ("step_order", "id")


@admin.register(PersonalAccessToken)
class PersonalAccessTokenAdmin(OwnedReadOnlyAdmin):
    """API tokens. Staff see the owner and the last use, and can revoke a token."""

    list_display = ("name", "owner", "scope", "expiry", "last_used_at", "created_at")
    list_filter = (BY_CUSTOMER, ("scope", ChoicesDropdownFilter))
    search_fields = ("name",)
    fields = ("name", "scope", "expiry", "last_used_at", "created_at")
    csv_columns = ("user__email", "name", "scope", "expiry", "last_used_at", "created_at")
    actions_detail = ("revoke",)

    def has_revoke_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("users.delete_personalaccesstoken")

    @confirmed_action(
        title="Revoke",
        description="The program that uses this token loses access at once.",
        icon="key_off",
        permission="revoke",
    )
    def revoke(self, request: HttpRequest, token: PersonalAccessToken) -> None:
        token.delete()

    actions = (*BaseAdmin.actions, for_selected_rows(revoke))


@admin.register(Upload)
class UploadAdmin(OwnedReadOnlyAdmin):
    """Large files that a job imports, for a day: whether one waits, how far it is, and how it ended."""

    list_display = ("filename", "owner", "kind", "shown_status", "percent", "file_size", "created_at", "finished_at")
    list_filter = (BY_CUSTOMER, ("kind", ChoicesDropdownFilter), ("status", ChoicesDropdownFilter))
    fields = ("filename", "kind", "shown_status", "percent", "file_size", "attempts", "created_at", "finished_at", "expires_at")
    csv_columns = ("user__email", "kind", "status", "progress", "size", "attempts", "created_at", "finished_at")

    shown_status = column("status", "status", label={"done": "success", "failed": "danger", "running": "info"})
    percent = column("progress", "progress", show="{} %".format)
    file_size = column("size", "size", show=filesizeformat)


admin.site.unregister((EmailAddress, Group, Authenticator))
declare(EmailAddress, personal(email=email_mask))


@admin.register(EmailAddress)
class EmailAddressAdmin(FoundByAddress, ReadOnlyAdmin):
    """The addresses in django-allauth's table. Staff change them on the page of the account."""

    list_display = ("email", "customer", "primary", "verified")
    list_filter = (("verified", BooleanRadioFilter),)
    list_select_related = ("user",)
    fields = ("email", "customer", "primary", "verified")

    customer = column("user", "customer", show=link)


@admin.register(Group)
class GroupAdmin(ReadOnlyAdmin):
    """The permissions of each role, read-only: the next migration overwrites them with those of `users.roles`."""

    list_display = ("name",)
    search_fields = ("name",)
    fields = ("name", "may")

    @display(description="permissions")
    def may(self, group: Group) -> str:
        return ", ".join(str(permission) for permission in group.permissions.select_related("content_type"))


@admin.register(Impersonation)
class ImpersonationAdmin(OwnedReadOnlyAdmin):
    """Impersonations of customers by support staff."""

    list_display = ("created_at", "owner", "staff", "reason", "ends_at", "ended_at")
    list_select_related = ("user", "staff")
    ordering_for_customer = ("-created_at", "-id")
    fields = ("staff", "reason", "created_at", "ends_at", "ended_at")
    csv_columns = ("user__email", "staff__email", "reason", "created_at", "ends_at", "ended_at")

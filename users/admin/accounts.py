"""Accounts in the back office."""

from typing import Any, ClassVar

from allauth.account.models import EmailAddress
from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from unfold.contrib.filters.admin import BooleanRadioFilter, RadioFilter
from unfold.forms import AdminPasswordChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminSelectWidget

from core import clock
from core.admin import (
    BaseAdmin,
    OwnedInline,
    ReadOnlyInline,
    ReasonForm,
    action,
    confirmed_action,
    display,
    for_selected_rows,
    is_key,
    linked,
)
from system.services import record_access
from users import services, staff_groups
from users.admin.approved_actions import ApprovedActions
from users.admin.support_actions import SUPPORT_ACTIONS, SupportActions
from users.models import OnboardingProgress, PersonalAccessToken, User, UserProfile
from users.roles import ADMINISTRATOR, CHOICES, CUSTOMER

ROLE_COLORS = {ADMINISTRATOR: "warning", CUSTOMER: "default", **dict.fromkeys(("support", "billing", "analyst"), "info")}
PROFILE_FIELDSETS: Any = (
    ("Person", {"fields": (("first_name", "last_name"), ("date_of_birth", "gender"), "phone_number")}),
    ("Address", {"fields": ("address_line_1", "address_line_2", ("city", "state"), ("zip_code", "country"))}),
    ("Region", {"fields": (("timezone", "locale"), ("currency", "first_day_of_week"))}),
    ("Household", {"fields": (("marital_status", "dependents"), ("household_size", "annual_income"), "income_source")}),
    (
        "Work",
        {
            "fields": (
                ("employment_status", "education_level"),
                ("occupation", "job_title"),
                ("company_name", "company_size"),
                ("industry", "naics_code"),
                "years_of_experience",
            )
        },
    ),
    ("Preferences", {"fields": ("risk_tolerance", "financial_goals", "preferences")}),
)


class FoundByAddress(BaseAdmin):
    """Search by the beginning of an email address, which an index supports, or by primary key."""

    search_fields: ClassVar[Any] = ("email__startswith",)
    search_help_text = "Beginning of the email address"

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip().lower()
        found = Q(**{self.opts.pk.name: term}) if self.model is User and is_key(term) else Q(email__startswith=term)
        return queryset.filter(found), False


class NewUserForm(UserCreationForm):
    """The email address and password of a new account; the page that opens next has the other fields."""

    usable_password = None  # type: ignore[assignment]  # removes an inherited form field

    class Meta:
        model = User
        fields = ("email",)


class SetPasswordForm(AdminPasswordChangeForm):
    """A password form for staff. Setting or removing the password ends every session and token."""

    def save(self, commit: bool = True) -> User:
        user: User = super().save(commit)
        services.end_access(user)
        return user


class AccountForm(forms.ModelForm):
    """An account with its role."""

    role = forms.ChoiceField(choices=CHOICES, required=False, widget=UnfoldAdminSelectWidget)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "role" in self.fields:
            self.fields["role"].initial = staff_groups.role_of(self.instance)


class LockedFilter(RadioFilter):
    title = "locked"
    parameter_name = "locked"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Yes")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(locked_until__gt=clock.now()) if self.value() == "yes" else queryset


class ProfileInline(OwnedInline):
    model = UserProfile
    place = 1
    verbose_name = verbose_name_plural = "profile"
    fieldsets = PROFILE_FIELDSETS
    can_delete = False
    extra = 0
    max_num = 1
    tab = True


class OnboardingInline(ReadOnlyInline):
    model = OnboardingProgress
    verbose_name_plural = "onboarding"
    fields = ("step_order", "step", "is_completed", "completed_at")
    step = linked("step_name", "step")
    limit = 20


class TokenInline(ReadOnlyInline):
    model = PersonalAccessToken
    verbose_name_plural = "API tokens"
    fields = ("token", "scope", "expiry", "last_used_at", "created_at")
    token = linked("name", "name")
    ordering = ("-created_at", "id")


class AddressInline(ReadOnlyInline):
    model = EmailAddress
    verbose_name_plural = "email addresses"
    fields = ("address", "primary", "verified")
    address = linked("email", "address")
    ordering = ("id",)


@admin.register(User)
class UserAdmin(SupportActions, ApprovedActions, FoundByAddress, DjangoUserAdmin):
    """Accounts. Only administrators can change staff accounts and assign roles."""

    list_display = ("email", "name", "role", "is_verified", "is_active", "lock", "last_login_at", "created_at")
    list_filter = (
        ("is_verified", BooleanRadioFilter),
        ("is_active", BooleanRadioFilter),
        ("is_staff", BooleanRadioFilter),
        LockedFilter,
    )
    list_select_related = ("profile",)
    search_fields = FoundByAddress.search_fields
    ordering = ("-created_at", "id")
    sortable_by = ("email",)
    csv_columns = ("email", "is_active", "is_verified", "is_staff", "last_login_at", "created_at")
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("email", "is_verified", "is_active", "lock", "last_login_at")}),
        ("Role", {"fields": ("role",)}),
        ("Record", {"fields": ("id", "created_at", "updated_at"), "classes": ("collapse",)}),
    )
    add_fieldsets = ((None, {"fields": ("email", "password1", "password2")}),)
    readonly_fields = ("email", "is_verified", "lock", "last_login_at")
    form = AccountForm
    add_form = NewUserForm
    change_password_form = SetPasswordForm
    inlines = (ProfileInline, OnboardingInline, AddressInline, TokenInline)
    actions_detail = (
        {
            "title": "Help",
            "icon": "support_agent",
            "items": ["change_password", "unlock", "verify_email", "resend", "remove_second_factors", "erase"],
        },
        *SUPPORT_ACTIONS,
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        if obj is None:
            return []
        # SECURITY: only administrators assign roles
        protected = () if request.user.is_superuser else ("role",)
        return [*super().get_readonly_fields(request, obj), *protected]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return staff_groups.with_role(super().get_queryset(request))

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[type]:
        return super().get_inlines(request, obj) if obj else []

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and self.has_support_permission(request, obj)

    def has_help_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_help_permission(request, obj) and self.has_support_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: a job erases accounts, because that takes too long for a page. Accounts can be deactivated."""
        return False

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        if not change:
            services.create_account(obj)
            return
        super().save_model(request, obj, form, change)
        if "role" in form.changed_data:
            administrator: Any = request.user
            staff_groups.assign_role(obj, form.cleaned_data["role"], by=administrator)
        if {"role", "is_active"} & set(form.changed_data):
            # SECURITY: a customer's session or token must not gain the permissions of staff
            obj.end_access()

    @display(description="name")
    def name(self, user: User) -> str:
        return (user.profile.full_name if hasattr(user, "profile") else "") or "-"

    @display(description="role", label=ROLE_COLORS)
    def role(self, user: User) -> str:
        return staff_groups.role_of(user)

    @display(description="login", label={"locked": "danger", "open": "success"})
    def lock(self, user: User) -> str:
        return "locked" if user.is_locked else "open"

    @action(description="Change password", icon="key", permissions=["change"])
    def change_password(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return redirect("admin:auth_user_password_change", object_id)

    @confirmed_action(title="Unlock", description="The customer can log in again at once.", icon="lock_open")
    def unlock(self, request: HttpRequest, user: User) -> None:
        user.unlock()

    @confirmed_action(
        title="Mark verified",
        description="First check that the address belongs to the customer.",
        icon="verified",
        form=ReasonForm,
    )
    def verify_email(self, request: HttpRequest, user: User, cleaned_data: dict[str, Any]) -> None:
        services.verify_email_by_staff(user)
        what, reason = "account.emailaddress", cleaned_data["reason"]
        record_access(customer=user, staff=request.user, action="change", what=what, reason=reason, now=clock.now())

    @confirmed_action(title="Resend verification", description="Sends the verification email again.", icon="outgoing_mail")
    def resend(self, request: HttpRequest, user: User) -> None:
        services.resend_verification(request=request, user=user)

    actions = (*BaseAdmin.actions, for_selected_rows(unlock), for_selected_rows(resend))

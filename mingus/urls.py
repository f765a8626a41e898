"""URL configuration of the project."""

from django.contrib import admin
from django.db import transaction
from django.urls import include, path, re_path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularSwaggerSplitView

from billing.stripe import webhooks
from billing.stripe.return_page import back_from_stripe, choose_plan
from core import health_checks
from core.changes.views import ChangesViewSet
from mingus import error_pages, security_txt
from mingus.openapi_document import OpenAPIDocumentView
from mingus.roles_page import roles_page
from users import admin_login

handler400 = "mingus.error_pages.bad_request"
handler403 = "mingus.error_pages.permission_denied"
handler404 = "mingus.error_pages.not_found"
handler500 = "mingus.error_pages.server_error"

urlpatterns = [
    path("", RedirectView.as_view(url="/api/docs/")),
    path("admin", RedirectView.as_view(url="/admin/")),
    path("admin/login/", admin_login.LoginView.as_view(), name="admin_login"),
    path("admin/second-factor/", admin_login.SecondFactorView.as_view(), name="admin_second_factor"),
    path("admin/second-factor/set-up/", admin_login.SetUpView.as_view(), name="admin_second_factor_setup"),
    path("admin/roles/", admin.site.admin_view(roles_page), name="roles"),
    re_path(r"^admin/r/", error_pages.not_found),  # instead of the admin's redirect, whose pattern takes quadratic time
    path("admin/", admin.site.urls),
    path("_allauth/", include("users.account_api.urls")),
    # allauth's routes for logins by mailed codes, phone numbers and JSON Web Tokens, which are off
    re_path(
        r"^_allauth/(?:app|browser)/v1/(?:auth/code|auth/phone|account/phone|tokens)/?",
        transaction.non_atomic_requests(error_pages.not_found),
    ),
    path("_allauth/", include("allauth.headless.urls")),
    path("account/", include("users.account_pages")),
    path("api/schema/", transaction.non_atomic_requests(OpenAPIDocumentView.as_view()), name="schema"),
    path(
        "api/schema/staff/",
        transaction.non_atomic_requests(OpenAPIDocumentView.as_view(is_for_staff=True)),
        name="staff_schema",
    ),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
    path("api/docs/staff/", SpectacularSwaggerSplitView.as_view(url_name="staff_schema"), name="staff_docs"),
    path("api/v1/users/", include("users.urls")),
    path("api/v1/webhooks/", include("users.webhook_urls")),
    path("api/v1/system/", include("system.urls")),
    path("api/v1/billing/", include("billing.urls")),
    path("api/v1/finance/", include("finance.urls")),
    path("api/v1/health/", include("health.urls")),
    path("api/v1/career/", include("career.urls")),
    path("api/v1/analytics/", include("analytics.urls")),
    path("api/v1/changes/", ChangesViewSet.as_view({"get": "changes"}), name="changes"),
    path("webhooks/stripe/", webhooks.stripe, name="stripe_webhook"),
    path("billing/return/", back_from_stripe, name="back_from_stripe"),
    path("billing/checkout", choose_plan),
    path("healthz/live", health_checks.live),
    path("healthz/ready", health_checks.ready),
    path("metrics", health_checks.metrics, name="metrics"),
    path(".well-known/security.txt", security_txt.security_txt),
    path(".well-known/security-policy.md", security_txt.policy),
    re_path(r"^(?:api|_allauth)/", transaction.non_atomic_requests(error_pages.not_found)),
]

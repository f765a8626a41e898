"""Appearance and sidebar of the back office (django-unfold). Staff see only the entries that they may open."""

from collections.abc import Callable
from functools import cache
from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse
from django.utils.functional import lazy

# the URL of a named page, resolved once: each page of the back office shows all links of the sidebar, some several times
_url_of = lazy(cache(reverse), str)


def _has(*permissions: str) -> Callable[[HttpRequest], bool]:
    """Return the check that the user has one of the permissions."""
    return lambda request: any(request.user.has_perm(permission) for permission in permissions)


def _may_view(model: str) -> Callable[[HttpRequest], bool]:
    app, name = model.split(".")
    return _has(f"{app}.view_{name}", f"{app}.change_{name}")


def _page(title: str, icon: str, url_name: str, may_open: Callable[[HttpRequest], bool]) -> dict[str, Any]:
    """Return the sidebar entry of a page. `icon` is a name of Material Symbols."""
    page = {"title": title, "icon": icon, "link": _url_of(url_name), "permission": may_open}
    return page | {"badge": None, "link_callback": None}  # looked up on every page, and a missing key takes long to look up


def _link(title: str, icon: str, model: str) -> dict[str, Any]:
    """Return the sidebar entry for the list of `model`, such as "users.user"."""
    return _page(title, icon, f"admin:{model.replace('.', '_')}_changelist", _may_view(model))


def _group(title: str, *items: dict[str, Any], separator: bool = True) -> dict[str, Any]:
    return {"title": title, "separator": separator, "items": list(items), "badge": None, "collapsible": False}


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "MINGUS",
    "SITE_HEADER": "MINGUS",
    "SITE_SUBHEADER": "Back office",
    "SITE_SYMBOL": "savings",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("mingus/favicon.svg")}],
    # empty, because unfold would write them into the page, which the content security policy forbids; see theme.css
    "COLORS": lambda request: {},
    "STYLES": [lambda request: static("mingus/theme.css"), lambda request: static("mingus/backoffice.css")],
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": [
            _group(
                "Customers",
                _link("Accounts", "group", "users.user"),
                _link("Profiles", "badge", "users.userprofile"),
                _link("Onboarding", "checklist", "users.onboardingprogress"),
                _link("Email addresses", "alternate_email", "account.emailaddress"),
                _link("API tokens", "key", "users.personalaccesstoken"),
                _link("File uploads", "upload_file", "users.upload"),
                _link("Webhooks", "webhook", "users.webhookendpoint"),
                _link("Webhook messages", "outbox", "users.webhookmessage"),
                _link("Webhook attempts", "send_and_archive", "users.webhookattempt"),
                separator=False,
            ),
            _group(
                "Money",
                _link("Bank accounts", "account_balance", "finance.encryptedfinancialprofile"),
                _link("Transactions", "receipt_long", "finance.financialtransaction"),
                _link("Parts of transactions", "call_split", "finance.transactionsplit"),
                _link("Shares of refunds", "undo", "finance.refundshare"),
                _link("Attachments", "attach_file", "finance.attachment"),
                _link("Categories", "category", "finance.category"),
                _link("Tags", "label", "finance.tag"),
                _link("Payees", "storefront", "finance.payee"),
                _link("Rules", "rule", "finance.rule"),
                _link("Transfers", "swap_horiz", "finance.transfer"),
                _link("Exchange rates", "currency_exchange", "finance.exchangerate"),
                _link("Income due dates", "payments", "finance.userincomeduedate"),
                _link("Expense due dates", "event_upcoming", "finance.userexpenseduedate"),
                _link("Payments of due dates", "price_check", "finance.duedatepayment"),
                _link("Income projections", "trending_up", "finance.incomeprojection"),
                _link("Imports", "upload_file", "finance.statementimport"),
                _link("Imported rows", "table_rows", "finance.statementimportrow"),
                _link("Edits", "undo", "finance.editrun"),
                _link("Edited rows", "difference", "finance.editedrow"),
                _link("Deleted transactions", "restore_from_trash", "finance.deletedtransaction"),
            ),
            _group(
                "Billing",
                _link("Plans", "sell", "billing.subscriptionplan"),
                _link("Subscriptions", "card_membership", "billing.subscription"),
                _link("Feature access", "lock_open_right", "billing.featureaccess"),
                _link("Invoices", "request_quote", "billing.billinghistory"),
                _link("Refunds, credits, disputes", "currency_exchange", "billing.adjustment"),
                _link("Movements of revenue", "stacked_line_chart", "billing.billingmovement"),
                _link("Recurring charges", "event_repeat", "billing.recurringcharge"),
                _link("Dunning steps", "notification_important", "billing.dunningstep"),
                _link("Cancellations", "logout", "billing.cancellation"),
                _link("Entitlement overrides", "key_vertical", "billing.entitlementoverride"),
                _link("Usage records", "pin", "billing.usagerecord"),
                _link("Stripe customers", "credit_card", "billing.stripecustomer"),
                _link("Stripe events", "webhook", "billing.stripeevent"),
                _page("Plan access", "lock_clock", "admin:billing_plan_access", _may_view("billing.subscription")),
                _page("Billing metrics", "monitoring", "admin:billing_metrics", _has("billing.overview_subscription")),
            ),
            _group(
                "Health and work",
                _link("Check-ins", "self_improvement", "health.userhealthcheckin"),
                _link("Health goals", "flag", "health.healthgoal"),
                _link("Health and spending", "scatter_plot", "health.healthspendingcorrelation"),
                _link("Job security", "work_history", "career.jobsecurityanalysis"),
                _link("Career milestones", "military_tech", "career.careermilestone"),
            ),
            _group(
                "Notifications",
                _link("Alerts", "notifications", "system.systemalert"),
                _link("Read broadcasts", "mark_chat_read", "system.alertreceipt"),
                _link("Important dates", "calendar_month", "system.importantdate"),
                _link("Notification preferences", "tune", "system.notificationpreference"),
                _link("Push devices", "phonelink_ring", "system.pushdevice"),
            ),
            _group(
                "Usage",
                _link("Feedback", "reviews", "analytics.userfeedback"),
                _link("Events", "ads_click", "analytics.useranalytics"),
                _link("Feature usage", "bar_chart", "analytics.featureusage"),
                _link("Metrics", "monitoring", "analytics.performancemetric"),
                _page("Overview", "query_stats", "admin:analytics_overview", _has("analytics.overview_performancemetric")),
            ),
            _group(
                "Operations",
                _link("Jobs", "engineering", "procrastinate.procrastinatejob"),
                _link("Audit log", "history", "system.auditevent"),
                _link("Access log", "visibility", "system.accessevent"),
                _link("Approvals", "approval_delegation", "users.approval"),
                _link("Impersonations", "switch_account", "users.impersonation"),
                _link("Staff roles", "shield_person", "auth.group"),
                {"title": "Roles and permissions", "icon": "rule", "link": _url_of("roles")},
            ),
        ],
    },
}

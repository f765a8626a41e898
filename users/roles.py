"""Roles of staff: one table, from which the groups are made. The page "Roles and permissions" shows what follows from it.

A model's verbs are Django's (view, add, change, delete) and ours: `help` presses the buttons of its page, `see` reads its
personal values unmasked, `reveal` and `impersonate` are done to an account, `overview` opens the sums over all customers.
"""

from dataclasses import dataclass, field

ADMINISTRATOR = "administrator"
CUSTOMER = "customer"
NO_ROLE_NAME = "colleague"  # is_staff without a role: may log in to the back office and read "Roles and permissions" there

Grants = dict[str, tuple[str, ...]]
VIEW_ONLY = ("view",)
EXTRA_VERBS = ("help", "see", "reveal", "impersonate", "overview")


@dataclass(frozen=True)
class StaffRole:
    """One kind of colleague. `grants` says for each model (`app.model`) what he may do; everything, when `is_everything`."""

    name: str
    purpose: str
    grants: Grants = field(default_factory=dict)
    is_everything: bool = False

    def permissions(self) -> set[str]:
        """The names of its permissions, such as `users.view_user`; those of the administrator are all that there are."""
        return {
            f"{app}.{verb}_{model}"
            for (app, model), verbs in ((name.split("."), verbs) for name, verbs in self.grants.items())
            for verb in verbs
        }


SUPPORT = StaffRole(
    "support",
    "Helps customers. Sees that things are there, not what they are: values are masked until they are revealed for a reason.",
    {
        "users.user": ("view", "help", "reveal", "impersonate"),
        "users.userprofile": ("view", "change"),
        "users.onboardingprogress": VIEW_ONLY,
        "users.personalaccesstoken": ("view", "delete"),
        "users.impersonation": VIEW_ONLY,
        "account.emailaddress": VIEW_ONLY,
        "system.systemalert": ("view", "help"),
        "system.alertreceipt": VIEW_ONLY,
        "system.importantdate": VIEW_ONLY,
        "system.notificationpreference": VIEW_ONLY,
        "billing.subscriptionplan": VIEW_ONLY,
        "billing.subscription": VIEW_ONLY,
        "billing.featureaccess": ("view", "help"),
        "billing.billinghistory": VIEW_ONLY,
        "billing.adjustment": VIEW_ONLY,
        "billing.dunningstep": VIEW_ONLY,
        "billing.entitlementoverride": VIEW_ONLY,
        "billing.usagerecord": VIEW_ONLY,
        "billing.stripecustomer": VIEW_ONLY,
        "finance.encryptedfinancialprofile": VIEW_ONLY,
        "finance.financialtransaction": VIEW_ONLY,
        "finance.userincomeduedate": VIEW_ONLY,
        "finance.userexpenseduedate": VIEW_ONLY,
        "finance.duedatepayment": VIEW_ONLY,
        "finance.incomeprojection": VIEW_ONLY,
        "finance.statementimport": VIEW_ONLY,
        "finance.statementimportrow": VIEW_ONLY,
        "health.userhealthcheckin": VIEW_ONLY,
        "health.healthgoal": VIEW_ONLY,
        "health.healthspendingcorrelation": VIEW_ONLY,
        "career.jobsecurityanalysis": VIEW_ONLY,
        "career.careermilestone": VIEW_ONLY,
        "analytics.userfeedback": ("view", "change"),
        "analytics.useranalytics": VIEW_ONLY,
        "analytics.featureusage": VIEW_ONLY,
        "procrastinate.procrastinatejob": VIEW_ONLY,
        "procrastinate.procrastinateevent": VIEW_ONLY,
    },
)
BILLING = StaffRole(
    "billing",
    "Looks after subscriptions, invoices and refunds, which it sees in clear. Of the customer it sees a masked address.",
    {
        "users.user": VIEW_ONLY,
        "billing.subscriptionplan": VIEW_ONLY,
        "billing.subscription": ("view", "add", "help", "see", "overview"),
        "billing.featureaccess": ("view", "help"),
        "billing.billinghistory": ("view", "help", "see"),
        "billing.adjustment": ("view", "help", "see"),
        "billing.dunningstep": ("view", "see"),
        "billing.entitlementoverride": ("view", "add", "help"),
        "billing.usagerecord": ("view", "see"),
        "billing.stripecustomer": ("view", "see"),
        "billing.stripeevent": ("view", "help", "see"),
    },
)
ANALYST = StaffRole(
    "analyst",
    "Sees sums over many customers, and no row of any.",
    {"analytics.performancemetric": ("view", "overview"), "billing.subscription": ("overview",)},
)
EVERYTHING = StaffRole(ADMINISTRATOR, "May do everything, and gives colleagues their roles.", is_everything=True)

ROLES = {role.name: role for role in (SUPPORT, BILLING, ANALYST, EVERYTHING)}
CHOICES = [(CUSTOMER, "Customer"), *((name, name.capitalize()) for name in ROLES)]

"""What colleagues may do: one table, from which the groups, the document (docs/roles.md) and the tests are made.

A model's verbs are Django's (view, add, change, delete) and ours: `help` presses the buttons of its page, `see` reads its
personal values unmasked, `reveal` and `impersonate` are done to an account, `overview` opens the sums over all customers.
"""

from dataclasses import dataclass, field

ADMINISTRATOR = "administrator"
CUSTOMER = "customer"
UNNAMED = "colleague"  # is_staff without a role: may enter the back office and open nothing there

Grants = dict[str, tuple[str, ...]]
LOOK = ("view",)
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
        "users.onboardingprogress": LOOK,
        "users.personalaccesstoken": ("view", "delete"),
        "users.impersonation": LOOK,
        "account.emailaddress": LOOK,
        "system.systemalert": ("view", "help"),
        "system.alertreceipt": LOOK,
        "system.importantdate": LOOK,
        "system.notificationpreference": LOOK,
        "billing.subscriptionplan": LOOK,
        "billing.subscription": LOOK,
        "billing.featureaccess": ("view", "help"),
        "billing.billinghistory": LOOK,
        "billing.adjustment": LOOK,
        "billing.dunningstep": LOOK,
        "billing.entitlementoverride": LOOK,
        "billing.usagerecord": LOOK,
        "billing.stripecustomer": LOOK,
        "finance.encryptedfinancialprofile": LOOK,
        "finance.financialtransaction": LOOK,
        "finance.userincomeduedate": LOOK,
        "finance.userexpenseduedate": LOOK,
        "finance.duedatepayment": LOOK,
        "finance.incomeprojection": LOOK,
        "finance.statementimport": LOOK,
        "finance.statementimportrow": LOOK,
        "health.userhealthcheckin": LOOK,
        "health.healthgoal": LOOK,
        "health.healthspendingcorrelation": LOOK,
        "career.jobsecurityanalysis": LOOK,
        "career.careermilestone": LOOK,
        "analytics.userfeedback": ("view", "change"),
        "analytics.useranalytics": LOOK,
        "analytics.featureusage": LOOK,
        "procrastinate.procrastinatejob": LOOK,
        "procrastinate.procrastinateevent": LOOK,
    },
)
BILLING = StaffRole(
    "billing",
    "Looks after subscriptions, invoices and refunds, which it sees in clear. Of the customer it sees a masked address.",
    {
        "users.user": LOOK,
        "billing.subscriptionplan": LOOK,
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

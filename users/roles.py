"""Staff roles and their permissions, from which Django's groups and the page "Roles and permissions" are built.

The verbs of a model are Django's (view, add, change, delete) and these: `help` allows the buttons of its page, `see` shows
personal values unmasked, `reveal` and `impersonate` apply to an account, `overview` allows the totals over all customers.
"""

from dataclasses import dataclass, field

ADMINISTRATOR = "administrator"
CUSTOMER = "customer"
NO_ROLE_NAME = "no role"  # of staff who may only log in to the back office and read "Roles and permissions"

Grants = dict[str, tuple[str, ...]]
VIEW_ONLY = ("view",)
EXTRA_VERBS = ("help", "see", "reveal", "impersonate", "overview")


@dataclass(frozen=True)
class StaffRole:
    """A staff role. `grants` lists the verbs of each model (`app.model`); `is_everything` allows everything."""

    name: str
    purpose: str
    grants: Grants = field(default_factory=dict)
    is_everything: bool = False

    def permissions(self) -> set[str]:
        """Return the names of the granted permissions, such as `users.view_user`; none for `is_everything`."""
        return {
            f"{app}.{verb}_{model}"
            for (app, model), verbs in ((name.split("."), verbs) for name, verbs in self.grants.items())
            for verb in verbs
        }


SUPPORT = StaffRole(
    "support",
    "Helps customers. Personal values are masked until they are revealed with a reason.",
    {
        "users.user": ("view", "help", "reveal", "impersonate"),
        "users.userprofile": ("view", "change"),
        "users.onboardingprogress": VIEW_ONLY,
        "users.personalaccesstoken": ("view", "delete"),
        "users.impersonation": VIEW_ONLY,
        "users.upload": VIEW_ONLY,
        "users.webhookendpoint": ("view", "help"),
        "users.webhookmessage": VIEW_ONLY,
        "users.webhookattempt": VIEW_ONLY,
        "users.approval": ("view", "help"),
        "account.emailaddress": VIEW_ONLY,
        "system.systemalert": ("view", "help"),
        "system.alertreceipt": VIEW_ONLY,
        "system.importantdate": VIEW_ONLY,
        "system.pushdevice": VIEW_ONLY,
        "system.notificationpreference": VIEW_ONLY,
        "billing.subscriptionplan": VIEW_ONLY,
        "billing.subscription": VIEW_ONLY,
        "billing.featureaccess": ("view", "help"),
        "billing.billinghistory": VIEW_ONLY,
        "billing.adjustment": VIEW_ONLY,
        "billing.billingmovement": VIEW_ONLY,
        "billing.recurringcharge": VIEW_ONLY,
        "billing.dunningstep": VIEW_ONLY,
        "billing.cancellation": VIEW_ONLY,
        "billing.entitlementoverride": VIEW_ONLY,
        "billing.usagerecord": VIEW_ONLY,
        "billing.stripecustomer": VIEW_ONLY,
        "finance.encryptedfinancialprofile": VIEW_ONLY,
        "finance.financialtransaction": VIEW_ONLY,
        "finance.transactionsplit": VIEW_ONLY,
        "finance.refundshare": VIEW_ONLY,
        "finance.attachment": VIEW_ONLY,
        "finance.category": VIEW_ONLY,
        "finance.tag": VIEW_ONLY,
        "finance.payee": VIEW_ONLY,
        "finance.transfer": VIEW_ONLY,
        "finance.exchangerate": VIEW_ONLY,
        "finance.rule": VIEW_ONLY,
        "finance.userincomeduedate": VIEW_ONLY,
        "finance.userexpenseduedate": VIEW_ONLY,
        "finance.duedatepayment": VIEW_ONLY,
        "finance.editrun": VIEW_ONLY,
        "finance.editedrow": VIEW_ONLY,
        "finance.deletedtransaction": VIEW_ONLY,
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
    "Manages subscriptions, invoices and refunds, which are not masked. The customer's email address is masked.",
    {
        "users.user": VIEW_ONLY,
        "users.approval": ("view", "help"),
        "billing.subscriptionplan": VIEW_ONLY,
        "billing.subscription": ("view", "add", "help", "see", "overview"),
        "billing.featureaccess": ("view", "help"),
        "billing.billinghistory": ("view", "help", "see"),
        "billing.adjustment": ("view", "help", "see"),
        "billing.billingmovement": ("view", "see"),
        "billing.recurringcharge": ("view", "see"),
        "billing.dunningstep": ("view", "see"),
        "billing.cancellation": ("view", "see"),
        "billing.entitlementoverride": ("view", "add", "help"),
        "billing.usagerecord": ("view", "see"),
        "billing.stripecustomer": ("view", "see"),
        "billing.stripeevent": ("view", "help", "see"),
    },
)
ANALYST = StaffRole(
    "analyst",
    "Views totals over many customers, but no rows of a customer.",
    {"analytics.performancemetric": ("view", "overview"), "billing.subscription": ("overview",)},
)
EVERYTHING = StaffRole(ADMINISTRATOR, "Has all permissions, and assigns roles to staff.", is_everything=True)

ROLES = {role.name: role for role in (SUPPORT, BILLING, ANALYST, EVERYTHING)}
CHOICES = [(CUSTOMER, "Customer"), *((name, name.capitalize()) for name in ROLES)]

"""The kinds of objects whose changes are sent to webhooks, by the table of their rows.

A kind has the name of its type in `GET /api/v1/changes/`. Rows of other tables are credentials, technical, or part of an object
that is listed here. A test compares the list with the types of that endpoint and with the routes of the API.
"""

OBJECTS = {
    "account": "finance_encryptedfinancialprofile",
    "adjustment": "billing_adjustment",
    "alert": "system_systemalert",
    "attachment": "finance_attachment",
    "category": "finance_category",
    "checkin": "health_userhealthcheckin",
    "correlation": "health_healthspendingcorrelation",
    "edit_run": "finance_editrun",
    "exchange_rate": "finance_exchangerate",
    "expense_due_date": "finance_userexpenseduedate",
    "feature_access": "billing_featureaccess",
    "feedback": "analytics_userfeedback",
    "goal": "health_healthgoal",
    "important_date": "system_importantdate",
    "income_due_date": "finance_userincomeduedate",
    "income_projection": "finance_incomeprojection",
    "invoice": "billing_billinghistory",
    "job_security_analysis": "career_jobsecurityanalysis",
    "milestone": "career_careermilestone",
    "notification_preference": "system_notificationpreference",
    "onboarding_step": "users_onboardingprogress",
    "payee": "finance_payee",
    "profile": "users_userprofile",
    "refund_share": "finance_refundshare",
    "rule": "finance_rule",
    "statement_import": "finance_statementimport",
    "subscription": "billing_subscription",
    "tag": "finance_tag",
    "transaction": "finance_financialtransaction",
    "transaction_split": "finance_transactionsplit",
    "transfer": "finance_transfer",
    "user": "users_user",
}
KIND_OF_TABLE = {table: kind for kind, table in OBJECTS.items()}
EVENT_TYPES = [f"{kind}.changed" for kind in OBJECTS]
TEST_TYPE = "webhook.test"

"""Tables as in production: some thousand rows each, mixed among customers, with statistics.

A factory creates one row of each model, and PostgreSQL copies it, which takes a thousandth of the time.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from django.db import connection, models, transaction

from analytics.models import PerformanceMetric, UserAnalytics, UserFeedback
from billing.models import BillingHistory, FeatureAccess, Subscription, SubscriptionPlan
from career.models import CareerMilestone
from core import rls
from core.encryption.fields import encrypted_fields
from dev.factories import AccountFactory, InvoiceFactory, PlanFactory, SubscriptionFactory, TransactionFactory, UserFactory
from dev.routes import make
from finance.models import (
    Attachment,
    Category,
    EncryptedFinancialProfile,
    ExchangeRate,
    FinancialTransaction,
    Payee,
    RefundShare,
    Rule,
    Tag,
    TransactionSplit,
    Transfer,
    UserExpenseDueDate,
    UserIncomeDueDate,
)
from health.models import HealthGoal
from system.models import ImportantDate, NotificationPreference, NotificationType, PushDevice, SystemAlert
from tests.contract.dictionary import contracts
from users.models import OnboardingProgress, User, UserProfile

ROWS = 6_000  # per table
OF_ONE_CUSTOMER = 120
# models of which a customer has fewer rows
FEWER: dict[type[models.Model], int] = {
    UserProfile: 1,
    Subscription: 2,
    EncryptedFinancialProfile: 4,
    UserIncomeDueDate: 4,
    NotificationPreference: len(NotificationType),
    OnboardingProgress: 8,
    FeatureAccess: 8,
    HealthGoal: 8,
    UserFeedback: 8,
    CareerMilestone: 8,
    UserExpenseDueDate: 12,
    ImportantDate: 20,
    PushDevice: 3,
    Rule: 20,
    BillingHistory: 24,
    SystemAlert: 40,
}
# Alice has the most rows: every twelfth one, except in models that limit the number of rows of a customer
ALICE_SHARE = 12
BOUNDED = (UserProfile, Subscription, NotificationPreference, OnboardingProgress, FeatureAccess, Rule)
PLANS = 12

# SQL of the columns that are not copied: `source` is the row of the factory, `row` the number of the new row, `own` its number
# among its owner's rows, and `customers` the customers.
WHEN = "now() - make_interval(hours => row)"
OWNER = "(customers.keys)[CASE row % customers.share WHEN 0 THEN 1 ELSE row % customers.owners + 1 END]"
AGO = "source.{} - make_interval(days => own)"
NTH_OF_OWNER = "(SELECT id FROM {} AS owned WHERE owned.user_id = {} ORDER BY id DESC OFFSET {} LIMIT 1)"
ONE_OF_OWNER = NTH_OF_OWNER.format("{}", "{}", "row % {}")
NEXT_OF_OWNER = "(SELECT id FROM {} AS owned WHERE owned.user_id = {} ORDER BY id DESC OFFSET own LIMIT 1)"
ANY_PLAN = "(SELECT id FROM billing_subscriptionplan ORDER BY id OFFSET row % {} LIMIT 1)"
OF_ALL = {"id": f"public.core_uuid7({WHEN})", "user_id": OWNER, "created_at": WHEN, "updated_at": WHEN}
DATES = ("transaction_date", "event_date", "usage_date", "metric_date", "feedback_date", "checkin_date", "correlation_date")
BY_NAME = {name: AGO.format(name) for name in (*DATES, "analysis_date", "projection_date", "billing_date")} | {
    "feature_name": "'a feature ' || own",
    "next_occurrence": "current_date + own",
}
BY_MODEL: dict[type[models.Model], dict[str, str]] = {
    User: {"id": "md5('user' || row)::uuid", "email": "'user' || row || '@example.org'"},
    OnboardingProgress: {"step_name": "'a step ' || own", "step_order": "own + 1"},
    SubscriptionPlan: {"name": "'A plan ' || row", "features": "source.features", "limits": "source.limits"},
    Subscription: {
        "plan_id": ANY_PLAN.format(PLANS),
        "status": "CASE own WHEN 0 THEN 'active' ELSE 'canceled' END",
        "stripe_subscription_id": "CASE WHEN row % 100 > 0 THEN 'sub_' || row ELSE '' END",
    },
    BillingHistory: {
        "subscription_id": ONE_OF_OWNER.format("billing_subscription", OWNER, 2),
        "stripe_invoice_id": "'in_' || row",
    },
    EncryptedFinancialProfile: {"account_number_index": "sha256(row::text::bytea)"},
    FinancialTransaction: {
        "financial_profile_id": ONE_OF_OWNER.format("finance_encryptedfinancialprofile", OWNER, 4),
        "sources": "jsonb_build_object('note', jsonb_build_object('kind', 'rule', 'version', row))",
        "category": "(ARRAY['food', 'rent', 'travel', 'books', 'pets'])[row % 5 + 1]",
    },
    Transfer: {  # refused, because any two transactions may be a refused pair
        "outgoing_id": NTH_OF_OWNER.format("finance_financialtransaction", OWNER, "own % 20 * 2"),
        "incoming_id": NTH_OF_OWNER.format("finance_financialtransaction", OWNER, "own / 20 % 20 * 2 + 1"),
        "status": "'refused'",
        "decided_at": WHEN,
    },
    Rule: {"actions": "jsonb_build_array(jsonb_build_object('type', 'set_note', 'value', row::text))"},
    ExchangeRate: {"day": AGO.format("day")},
    TransactionSplit: {
        "transaction_id": NTH_OF_OWNER.format("finance_financialtransaction", OWNER, "own / 50"),
        "number": "own % 50 + 1",
        "category": "(ARRAY['food', 'rent', 'travel', 'books', 'pets'])[row % 5 + 1]",
    },
    RefundShare: {
        "refund_id": NTH_OF_OWNER.format("finance_financialtransaction", OWNER, "own % 20 * 2"),
        "expense_id": NTH_OF_OWNER.format("finance_financialtransaction", OWNER, "own / 20 % 20 * 2 + 1"),
    },
    Attachment: {"transaction_id": NEXT_OF_OWNER.format("finance_financialtransaction", OWNER)},
    Category: {"name": "'category ' || row", "slug": "'category-' || row"},
    Tag: {"name": "'tag ' || row"},
    Payee: {"name": "'payee ' || row"},
    UserAnalytics: {"event_type": "(ARRAY['visit', 'search', 'import', 'export'])[own % 4 + 1]"},
    PerformanceMetric: {
        "metric_name": "'metric ' || row % 40",
        "category": "'category ' || row % 20",
        "metric_date": "source.metric_date - row / 40",
    },
    UserFeedback: {"assigned_to_id": "CASE WHEN row % 20 = 0 THEN (customers.keys)[row % 7 + 1] END"},
    CareerMilestone: {"target_date": "source.target_date + own"},
    ImportantDate: {"date_value": "source.date_value + own"},
    NotificationPreference: {"notification_type": "(customers.types)[own + 1]"},
}
COPY = """
INSERT INTO {table} ({columns}) SELECT {values} FROM {table} AS source,
       (SELECT %s AS owners, %s AS share, %s::uuid[] AS keys, %s::text[] AS types) AS customers,
       LATERAL (SELECT row, row / CASE row %% customers.share WHEN 0 THEN customers.share ELSE customers.owners END AS own
                  FROM generate_series(0, %s) AS row) AS rows
 WHERE source.id = %s ON CONFLICT DO NOTHING
"""
# Those to which the rows below refer by name
CATEGORIES = """
INSERT INTO finance_category (id, user_id, name, slug, kind, color, icon, is_archived)
SELECT core_uuid7(clock_timestamp()), users_user.id, name, name, 'expense', '', '', false
  FROM users_user, unnest(ARRAY['food', 'rent', 'travel', 'books', 'pets']) AS name ON CONFLICT DO NOTHING
"""
# As VACUUM does, which can not run in a transaction
TIDY = """
SELECT gin_clean_pending_list(pg_class.oid) FROM pg_class JOIN pg_am ON pg_am.oid = relam
 WHERE amname = 'gin' AND relkind = 'i' AND relnamespace = 'public'::regnamespace
"""


class Scene(NamedTuple):
    """Alice, who has the most rows, with an account and a subscription, and Bob, who has as many as others."""

    alice: User
    bob: User
    account: EncryptedFinancialProfile
    subscription: Subscription


@contextmanager
def filled() -> Iterator[Scene]:
    """Fill all 24 tables until the block ends."""
    with transaction.atomic(), rls.as_staff():
        yield _fill()
        transaction.set_rollback(True)


def _fill() -> Scene:
    alice, bob = UserFactory.create_batch(2)
    account, subscription = AccountFactory(user=alice), SubscriptionFactory(user=alice, plan=PlanFactory())
    existing: dict[Any, Any] = {
        User: alice,
        EncryptedFinancialProfile: account,
        SubscriptionPlan: subscription.plan,
        Subscription: subscription,
        FinancialTransaction: TransactionFactory(user=alice, financial_profile=account),
        BillingHistory: InvoiceFactory(user=alice, subscription=subscription),
    }
    originals = {each.model: existing.get(each.model) or make(each.model, 1, alice)[0] for each in contracts()}
    tables = [model._meta.db_table for model in originals]
    with rls.as_login_role(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY, DISABLE TRIGGER USER")
        customers = [alice.pk, bob.pk]
        for model, original in originals.items():
            _copy(cursor, model, original, customers)
            if model is User:
                cursor.execute(CATEGORIES)
                cursor.execute("SELECT id FROM users_user WHERE id <> ALL (%s)", [customers])
                customers += [key for (key,) in cursor.fetchall()]
        cursor.execute(f"ANALYZE {', '.join(tables)}")
        cursor.execute(TIDY)
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY, ENABLE TRIGGER USER")
    return Scene(alice, bob, account, subscription)


def _copy(cursor: Any, model: Any, original: Any, customers: list[Any]) -> None:
    """Fill a table with copies of a row, with different values where they must differ."""
    values = {field.column: _value(model, field) for field in model._meta.concrete_fields if not field.generated}
    cursor.execute(
        COPY.format(
            table=model._meta.db_table,
            columns=", ".join(f'"{name}"' for name in values),
            values=", ".join(values.values()).replace("%", "%%"),
        ),
        [
            ROWS // FEWER.get(model, OF_ONE_CUSTOMER),
            ROWS if model in BOUNDED else ALICE_SHARE,
            customers,
            NotificationType.values,
            (PLANS if model is SubscriptionPlan else ROWS) - 1,
            original.pk,
        ],
    )


def _value(model: Any, field: Any) -> str:
    known = OF_ALL | BY_NAME | BY_MODEL.get(model, {})
    if field.column in known:
        return known[field.column]
    if field in encrypted_fields(model) and field.null:
        return "NULL"  # a value is encrypted for its own row
    if isinstance(field, models.JSONField):
        return "jsonb_build_object('row', row)" if field.default is dict else "jsonb_build_array('row ' || row)"
    return f"source.{field.column}"

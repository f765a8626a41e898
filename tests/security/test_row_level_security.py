"""Raw SQL as the customer role on every table with row-level security, without views, serializers and managers."""

from typing import Any

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction

from core import rls
from core.context import Role
from core.models.base import OwnedModel
from dev.factories import FACTORIES
from finance.models import Part
from tests.security.tenants import OWNED, Tenant, owner_columns, rows_hash

PROTECTED = sorted(owner_columns())
WRITABLE = [table for table in PROTECTED if table != Part._meta.db_table]  # a view
OWNED_TABLES = sorted(model._meta.db_table for model in OWNED)
ROLES = "'mingus_customer', 'mingus_staff', 'mingus_accounts'"
REFUSED = ("42501", "23503", "23505", "23514")  # no privilege or policy; or a constraint, which is checked before the policy

# Unique indexes without the owner. Their values are random or not chosen by customers, so an error reveals no other row.
UNIQUE_FOR_ALL = {
    "users_user": {"users_user_email_key", "users_user_email_unique_ci"},  # one account per email; sign-up does not reveal it
    "users_personalaccesstoken": {"users_personalaccesstoken_digest_key"},  # a hash of 32 random bytes
    "users_usersession": {"users_usersession_digest_key"},  # the same
    "users_impersonation": {"users_impersonation_digest_key"},  # the same
    "billing_billinghistory": {"billing_billinghistory_stripe_invoice_id_unique"},  # Stripe assigns the id
    "billing_subscription": {"billing_subscription_stripe_subscription_id_unique"},  # the same
    "billing_stripecustomer": {"billing_stripecustomer_stripe_id_unique"},  # the same
    "billing_adjustment": {"billing_adjustment_stripe_id_unique"},  # the same
    "account_emailaddress": {"unique_verified_email"},  # one verified account per email address; changing it does not reveal it
}

STORED_COLUMNS = """
SELECT string_agg(quote_ident(attname), ', ') FROM pg_attribute
 WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
"""
RELATIONS = """
SELECT c.oid::regclass::text, c.relkind, c.relrowsecurity, c.relforcerowsecurity,
       coalesce(array_to_string(c.reloptions, ','), '') AS options,
       EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'user_id' AND NOT a.attisdropped) AS owned,
       EXISTS (SELECT FROM pg_constraint f WHERE f.conrelid = c.oid AND f.confrelid = 'users_user'::regclass) AS refers
FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
"""
UNIQUES = """
SELECT i.indrelid::regclass::text, i.indexrelid::regclass::text, a.attname
FROM pg_index i LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
WHERE i.indisunique AND NOT i.indisprimary AND i.indrelid IN (SELECT oid FROM pg_class WHERE relrowsecurity)
"""
DEFINERS = """
SELECT p.oid::regprocedure::text, coalesce(array_to_string(p.proconfig, ','), '')
FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef
"""


def rows(sql: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


def affected(sql: str, *values: Any) -> int:
    """Return the number of affected rows, 0 if a privilege, policy or constraint refuses the statement."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.rowcount
    except DatabaseError as error:
        if error.__cause__.sqlstate not in REFUSED:
            raise
        return 0


@pytest.mark.parametrize("table", PROTECTED)
def test_a_customer_sees_no_foreign_row(table: str, attacker: Tenant, victim: Tenant) -> None:
    column = owner_columns()[table]
    with rls.as_customer(attacker.user):
        seen = affected(f"SELECT * FROM {table} WHERE {column} = %s", victim.id)  # noqa: S608 - names from the catalog
    assert seen == 0


@pytest.mark.parametrize("table", WRITABLE)
def test_a_customer_changes_no_foreign_row(table: str, attacker: Tenant, victim: Tenant, before: str) -> None:
    column = owner_columns()[table]
    statements = [
        f"UPDATE {table} SET {column} = {column} WHERE {column} = %s",  # noqa: S608 - names from the catalog
        f"DELETE FROM {table} WHERE {column} = %s",  # noqa: S608 - names from the catalog
    ]
    with rls.as_customer(attacker.user):
        assert [affected(statement, victim.id) for statement in statements] == [0, 0]
    assert rows_hash(victim) == before


@pytest.mark.parametrize("table", WRITABLE)
def test_a_customer_moves_no_row_to_another(table: str, attacker: Tenant, victim: Tenant, before: str) -> None:
    column = owner_columns()[table]
    with rls.as_customer(attacker.user):
        given = affected(f"UPDATE {table} SET {column} = %s WHERE {column} = %s", victim.id, attacker.id)  # noqa: S608 - catalog
    assert given == 0
    assert rows_hash(victim) == before


@pytest.mark.parametrize("table", OWNED_TABLES)
def test_a_customer_inserts_nothing_for_another(table: str, attacker: Tenant, victim: Tenant) -> None:
    """Insert a copy of the victim's row, which only row-level security can refuse."""
    [[columns]] = rows(STORED_COLUMNS, table)
    copy = (
        f"INSERT INTO {table} ({columns}) SELECT {columns} FROM jsonb_populate_record(NULL::{table}, "  # noqa: S608 - catalog
        "%s::jsonb || jsonb_build_object('id', gen_random_uuid()))"
    )
    [[row]] = rows(f"SELECT to_jsonb(t)::text FROM {table} t WHERE user_id = %s LIMIT 1", victim.id)  # noqa: S608 - catalog
    with rls.as_customer(attacker.user), pytest.raises(DatabaseError) as refused, transaction.atomic():
        rows(copy + " RETURNING 1", row)
    assert refused.value.__cause__.sqlstate == "42501"


@pytest.mark.parametrize("table", PROTECTED)
def test_the_login_role_sees_no_rows(table: str, victim: Tenant) -> None:
    """Query as the login role, which may own the tables."""
    column = owner_columns()[table]
    with rls.as_login_role():
        assert affected(f"SELECT * FROM {table} WHERE {column} = %s", victim.id) == 0  # noqa: S608 - names from the catalog


@pytest.mark.django_db
def test_every_owned_table_has_forced_row_level_security() -> None:
    relations = {name: found for name, *found in rows(RELATIONS)}
    owners = {name for name, (kind, _, _, _, owned, refers) in relations.items() if kind in "rp" and (owned or refers)}
    without_rls = {name for name in owners | {"users_user"} if relations[name][1:3] != [True, True]}
    assert without_rls == set()
    tables = {name for name in PROTECTED if relations[name][0] != "v"}  # a view has the policies of its tables
    assert tables <= owners | {"users_user"}


@pytest.mark.django_db
def test_views_have_security_invoker() -> None:
    views = {name: options for name, kind, _, _, options, *_ in rows(RELATIONS) if kind in "vmf"}
    assert {name for name, options in views.items() if "security_invoker=true" not in options} == set()


@pytest.mark.django_db
def test_security_definer_functions_have_a_fixed_search_path() -> None:
    assert [name for name, settings in rows(DEFINERS) if "search_path" not in settings] == []


@pytest.mark.django_db
def test_unique_indexes_begin_with_the_owner() -> None:
    """Exclude unique indexes across owners, whose errors would reveal values of other customers."""
    without_owner = [(table, index) for table, index, first in rows(UNIQUES) if first != "user_id"]
    assert [(table, index) for table, index in without_owner if index not in UNIQUE_FOR_ALL.get(table, set())] == []


@pytest.mark.django_db
def test_the_roles_of_requests_cannot_bypass_policies() -> None:
    powers = f"SELECT rolname FROM pg_roles WHERE rolname IN ({ROLES}) AND (rolsuper OR rolbypassrls OR rolcanlogin)"  # noqa: S608 - constants
    assert rows(powers) == []
    assert rows(f"SELECT tablename FROM pg_tables WHERE tableowner IN ({ROLES})") == []  # noqa: S608 - constants


def test_every_owned_model_has_a_factory() -> None:
    assert {model for model in apps.get_models() if issubclass(model, OwnedModel)} <= set(FACTORIES)


def test_the_roles_are_those_of_the_code() -> None:
    assert {f"'{role}'" for role in Role if role} == set(ROLES.split(", "))

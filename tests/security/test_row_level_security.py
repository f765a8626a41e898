"""Raw SQL as the customer's role, on every fenced table: nobody's view, serializer or manager stands in between."""

from typing import Any

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction

from core import rls
from core.context import Role
from core.models.base import OwnedModel
from dev.factories import FACTORIES
from tests.security.tenants import OWNED, Tenant, bytes_of, owner_columns

FENCED = sorted(owner_columns())
OWNED_TABLES = sorted(model._meta.db_table for model in OWNED)
ROLES = "'mingus_customer', 'mingus_staff', 'mingus_accounts'"
REFUSED = ("42501", "23503", "23505", "23514")  # not allowed; or stopped by a constraint before the wall was asked

# Unique without the owner in front. Each is random or belongs to nobody, so a refusal tells nothing of another customer's row.
UNIQUE_FOR_ALL = {
    "users_user": {"users_user_email_key", "users_user_email_unique_ci"},  # one account an address; sign-up does not tell
    "users_personalaccesstoken": {"users_personalaccesstoken_digest_key"},  # a hash of 32 random bytes
    "users_usersession": {"users_usersession_digest_key"},  # the same
    "users_impersonation": {"users_impersonation_digest_key"},  # the same
    "billing_billinghistory": {"billing_billinghistory_stripe_invoice_id_unique"},  # Stripe gives the id; no customer writes it
    "billing_subscription": {"billing_subscription_stripe_subscription_id_unique"},  # the same
    "billing_stripecustomer": {"billing_stripecustomer_stripe_id_unique"},  # the same
    "billing_adjustment": {"billing_adjustment_stripe_id_unique"},  # the same
    "account_emailaddress": {"unique_verified_email"},  # one verified account an address; changing it does not tell
}

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


def changed(sql: str, *values: Any) -> int:
    """How many rows a statement reached; 0 when the role lacks the privilege or a constraint refused it."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.rowcount
    except DatabaseError as error:
        if error.__cause__.sqlstate not in REFUSED:
            raise
        return 0


@pytest.mark.parametrize("table", FENCED)
def test_a_customer_meets_no_foreign_row(table: str, attacker: Tenant, victim: Tenant) -> None:
    column = owner_columns()[table]
    with rls.as_customer(attacker.user):
        seen = changed(f"SELECT * FROM {table} WHERE {column} = %s", victim.id)  # noqa: S608 - names from the catalogue
    assert seen == 0


@pytest.mark.parametrize("table", FENCED)
def test_a_customer_changes_no_foreign_row(table: str, attacker: Tenant, victim: Tenant) -> None:
    column, before = owner_columns()[table], bytes_of(victim)
    statements = [
        f"UPDATE {table} SET {column} = {column} WHERE {column} = %s",  # noqa: S608 - names from the catalogue
        f"DELETE FROM {table} WHERE {column} = %s",  # noqa: S608 - names from the catalogue
    ]
    with rls.as_customer(attacker.user):
        assert [changed(statement, victim.id) for statement in statements] == [0, 0]
    assert bytes_of(victim) == before


@pytest.mark.parametrize("table", FENCED)
def test_a_customer_gives_nothing_to_another(table: str, attacker: Tenant, victim: Tenant) -> None:
    column, before = owner_columns()[table], bytes_of(victim)
    with rls.as_customer(attacker.user):
        given = changed(f"UPDATE {table} SET {column} = %s WHERE {column} = %s", victim.id, attacker.id)  # noqa: S608 - catalogue
    assert given == 0
    assert bytes_of(victim) == before


@pytest.mark.parametrize("table", OWNED_TABLES)
def test_a_customer_inserts_nothing_for_another(table: str, attacker: Tenant, victim: Tenant) -> None:
    """A copy of the victim's own row, which breaks nothing else, is refused by the wall itself."""
    copy = (
        f"INSERT INTO {table} SELECT (jsonb_populate_record(NULL::{table}, "
        "%s::jsonb || jsonb_build_object('id', gen_random_uuid()))).*"
    )
    [[row]] = rows(f"SELECT to_jsonb(t)::text FROM {table} t WHERE user_id = %s LIMIT 1", victim.id)  # noqa: S608 - catalogue
    with rls.as_customer(attacker.user), pytest.raises(DatabaseError) as refused, transaction.atomic():
        rows(copy + " RETURNING 1", row)
    assert refused.value.__cause__.sqlstate == "42501"


@pytest.mark.parametrize("table", FENCED)
def test_nobody_meets_nothing_at_all(table: str, victim: Tenant) -> None:
    """The role that logs in, even where it owns the tables."""
    column = owner_columns()[table]
    with rls.as_login_role():
        assert changed(f"SELECT * FROM {table} WHERE {column} = %s", victim.id) == 0  # noqa: S608 - names from the catalogue


@pytest.mark.django_db
def test_every_table_with_an_owner_is_fenced_also_against_who_owns_it() -> None:
    relations = {name: found for name, *found in rows(RELATIONS)}
    owners = {name for name, (kind, _, _, _, owned, refers) in relations.items() if kind in "rp" and (owned or refers)}
    without_rls = {name for name in owners | {"users_user"} if relations[name][1:3] != [True, True]}
    assert without_rls == set()
    assert set(FENCED) <= owners | {"users_user"}


@pytest.mark.django_db
def test_views_ask_as_who_reads_them() -> None:
    views = {name: options for name, kind, _, _, options, *_ in rows(RELATIONS) if kind in "vmf"}
    assert {name for name, options in views.items() if "security_invoker=true" not in options} == set()


@pytest.mark.django_db
def test_functions_with_the_powers_of_their_owner_look_names_up_in_a_fixed_place() -> None:
    assert [name for name, settings in rows(DEFINERS) if "search_path" not in settings] == []


@pytest.mark.django_db
def test_uniqueness_ends_at_the_owner() -> None:
    """Across owners it would be an oracle: a refusal would say what somebody else has."""
    strays = [(table, index) for table, index, first in rows(UNIQUES) if first != "user_id"]
    assert [(table, index) for table, index in strays if index not in UNIQUE_FOR_ALL.get(table, set())] == []


@pytest.mark.django_db
def test_the_roles_of_requests_go_round_no_policy() -> None:
    powers = f"SELECT rolname FROM pg_roles WHERE rolname IN ({ROLES}) AND (rolsuper OR rolbypassrls OR rolcanlogin)"  # noqa: S608 - constants
    assert rows(powers) == []
    assert rows(f"SELECT tablename FROM pg_tables WHERE tableowner IN ({ROLES})") == []  # noqa: S608 - constants


def test_every_model_with_an_owner_has_a_factory_so_that_it_is_attacked() -> None:
    assert {model for model in apps.get_models() if issubclass(model, OwnedModel)} <= set(FACTORIES)


def test_the_roles_are_those_that_the_code_knows() -> None:
    assert {f"'{role}'" for role in Role if role} == set(ROLES.split(", "))

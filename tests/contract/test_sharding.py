"""Unique constraints of owned tables, which allow sharding by owner: each includes the owner or a random key.

A server with the rows of some users can only enforce a constraint that includes the user. See docs/scaling.md.
"""

import pytest
from django.apps import apps
from django.db import connection, models

from core.models.base import OwnedModel

OWNED = [model for model in apps.get_models() if issubclass(model, OwnedModel)]
# Ids assigned by Stripe, and digests of 256 random bits. Both are looked up before the owner is known.
FOUND_WITHOUT_OWNER = {
    "billing_adjustment": {"stripe_id"},
    "billing_billinghistory": {"stripe_invoice_id"},
    "billing_stripecustomer": {"stripe_id"},
    "billing_subscription": {"stripe_subscription_id"},
    "users_impersonation": {"digest"},
    "users_personalaccesstoken": {"digest"},
    "users_usersession": {"digest"},
}
UNIQUE = """
SELECT indexrelid::regclass::text, array_agg(attname::text) FROM pg_index
  JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY (indkey::int2[])
 WHERE indrelid = %s::regclass AND (indisunique OR indisexclusion) AND NOT indisprimary GROUP BY indexrelid
"""


def unique_columns(model: type[models.Model]) -> dict[str, set[str]]:
    """Return the columns of each unique index of a table, without the primary key."""
    with connection.cursor() as cursor:
        cursor.execute(UNIQUE, [model._meta.db_table])
        return {index: set(columns) for index, columns in cursor.fetchall()}


@pytest.mark.django_db
@pytest.mark.parametrize("model", OWNED, ids=lambda model: model._meta.db_table)
def test_a_unique_constraint_includes_the_owner(model: type[models.Model]) -> None:
    across = [columns for columns in unique_columns(model).values() if "user_id" not in columns]
    known = FOUND_WITHOUT_OWNER.get(model._meta.db_table)
    assert across == ([known] if known else [])


@pytest.mark.parametrize("model", OWNED, ids=lambda model: model._meta.db_table)
def test_a_primary_key_is_random_or_the_owner(model: type[models.Model]) -> None:
    key = model._meta.pk
    assert isinstance(key, models.UUIDField) or key.column == "user_id"

"""Compiled queries of instances, which return the same instances as the queryset under the same access checks."""

from typing import Any
from uuid import uuid4

import pytest
from django.db import Error, connection, transaction
from django.db.models import Model
from django.db.utils import ProgrammingError
from django.test.utils import CaptureQueriesContext

from core import context, rls
from core.context import Role
from core.fast_lists.compiled_instances import CompiledInstanceQuery
from core.fast_lists.compiled_queries import UncompilableError
from dev.factories import AccountFactory, TokenFactory, TransactionFactory
from dev.factories.finance import category_of
from finance.models import EncryptedFinancialProfile, FinancialTransaction
from users.models import PersonalAccessToken, User

pytestmark = pytest.mark.django_db


def values_of(row: Model) -> dict[str, Any]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def compiled_and_queryset(text: str = "groceries") -> tuple[CompiledInstanceQuery, Any]:
    """Return a compiled query of one category, and its queryset."""
    queryset = FinancialTransaction.objects.select_related("user", "financial_profile").order_by("pk")
    return CompiledInstanceQuery(lambda values: queryset.filter(**values), category=str), queryset.filter(category=text)


def test_it_returns_the_same_instances_as_the_queryset() -> None:
    account = AccountFactory(account_number="DE02120300000000202051")
    TransactionFactory.create_batch(3, user=account.user, financial_profile=account, category="groceries")
    TransactionFactory(category="groceries", financial_profile=None, metadata={"deep": [1, None, {"x": "y"}]})
    TransactionFactory(category="rent")
    compiled, queryset = compiled_and_queryset()
    for _ in range(2):
        pairs = list(zip(compiled(category="groceries"), queryset, strict=True))
        assert len(pairs) == 4
        for ours, theirs in pairs:
            assert ours == theirs
            assert not ours._state.adding
            assert values_of(ours) == values_of(theirs)
            assert values_of(ours.user) == values_of(theirs.user)
            assert ours.financial_profile == theirs.financial_profile


def test_related_rows_need_no_further_query() -> None:
    token = TokenFactory()
    compiled = CompiledInstanceQuery(
        lambda values: PersonalAccessToken.objects.select_related("user").filter(**values), token_key=str
    )
    compiled(token_key=token.token_key)
    with CaptureQueriesContext(connection) as queries:
        (found,) = compiled(token_key=token.token_key)
        assert found.user == token.user
    assert len(queries) == 1


def test_encrypted_fields_are_decrypted() -> None:
    stored = AccountFactory(account_number="DE02120300000000202051")
    compiled = CompiledInstanceQuery(lambda values: EncryptedFinancialProfile.objects.filter(**values), pk=type(stored.pk))
    (found,) = compiled(pk=stored.pk)
    assert found.account_number == "DE02120300000000202051"


def test_an_instance_can_be_changed_and_saved() -> None:
    stored = TransactionFactory(category="groceries")
    compiled, _ = compiled_and_queryset()
    (found,) = compiled(category="groceries")
    found.category = category_of(found.user, "rent")
    found.save()
    stored.refresh_from_db()
    assert stored.category == "rent"


def test_a_query_without_a_match_returns_no_rows() -> None:
    compiled, _ = compiled_and_queryset()
    assert compiled(category="nowhere") == []


def test_row_level_security_applies(alice: User, bob: User) -> None:
    mine, theirs = TransactionFactory(user=alice), TransactionFactory(user=bob)
    unfiltered = CompiledInstanceQuery(lambda values: FinancialTransaction.objects.exclude(pk=values["pk"]), pk=type(mine.pk))
    for user, row in ((alice, mine), (bob, theirs), (alice, mine)):
        with rls.as_customer(user):
            assert unfiltered(pk=uuid4()) == [row]
    with rls.as_login_role():
        assert unfiltered(pk=uuid4()) == []


def test_an_error_is_djangos_and_the_connection_stays_usable() -> None:
    TransactionFactory(category="groceries")
    compiled, queryset = compiled_and_queryset()
    compiled(category="groceries")
    with context.using_role(Role.ACCOUNTS), pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        compiled(category="groceries")
    assert len(compiled(category="groceries")) == queryset.count() == 1


def test_sql_that_depends_on_the_value_is_refused() -> None:
    patterns = CompiledInstanceQuery(
        lambda values: FinancialTransaction.objects.filter(category__icontains=values["text"]), text=str
    )
    with pytest.raises(UncompilableError):
        patterns(text="x")


@pytest.mark.django_db(transaction=True)
class TestBeginning:
    """Queries outside of a transaction, of which the first may begin one."""

    def test_without_autocommit_it_begins_a_transaction(self, alice: User, bob: User) -> None:
        for user in (alice, bob):
            TransactionFactory(user=user, category="groceries")
        compiled, _ = compiled_and_queryset()
        with rls.as_customer(alice):
            compiled(category="groceries")
            connection.set_autocommit(False)
            try:
                assert [row.user_id for row in compiled(category="groceries")] == [alice.pk]
                assert connection.connection.info.transaction_status.name == "INTRANS"
                # the ORM's next query is in the same transaction and under the same access check
                assert FinancialTransaction.objects.count() == 1
            finally:
                connection.rollback()
                connection.set_autocommit(True)

    def test_a_dead_connection_is_djangos_error(self) -> None:
        compiled, _ = compiled_and_queryset()
        compiled(category="groceries")
        connection.connection.pgconn.finish()
        with pytest.raises(Error):
            compiled(category="groceries")
        connection.close()
        assert compiled(category="groceries") == []

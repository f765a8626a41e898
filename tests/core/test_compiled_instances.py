"""Kept queries: the same instances as the queryset's, under the same walls, inside a transaction or at its beginning."""

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
from finance.models import EncryptedFinancialProfile, FinancialTransaction
from users.models import PersonalAccessToken, User

pytestmark = pytest.mark.django_db


def values_of(row: Model) -> dict[str, Any]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def everything(text: str = "groceries") -> tuple[CompiledInstanceQuery, Any]:
    """A kept query of one category, and its queryset."""
    queryset = FinancialTransaction.objects.select_related("user", "financial_profile").order_by("pk")
    return CompiledInstanceQuery(lambda values: queryset.filter(**values), category=str), queryset.filter(category=text)


def test_the_same_instances_as_the_querysets() -> None:
    account = AccountFactory(account_number="DE02120300000000202051")
    TransactionFactory.create_batch(3, user=account.user, financial_profile=account, category="groceries")
    TransactionFactory(category="groceries", financial_profile=None, metadata={"deep": [1, None, {"x": "y"}]})
    TransactionFactory(category="rent")
    kept, queryset = everything()
    for _ in range(2):
        pairs = list(zip(kept(category="groceries"), queryset, strict=True))
        assert len(pairs) == 4
        for ours, theirs in pairs:
            assert ours == theirs
            assert not ours._state.adding
            assert values_of(ours) == values_of(theirs)
            assert values_of(ours.user) == values_of(theirs.user)
            assert ours.financial_profile == theirs.financial_profile


def test_related_rows_are_there_without_another_query() -> None:
    token = TokenFactory()
    kept = CompiledInstanceQuery(
        lambda values: PersonalAccessToken.objects.select_related("user").filter(**values), token_key=str
    )
    kept(token_key=token.token_key)
    with CaptureQueriesContext(connection) as asked:
        (found,) = kept(token_key=token.token_key)
        assert found.user == token.user
    assert len(asked) == 1


def test_sealed_fields_open() -> None:
    made = AccountFactory(account_number="DE02120300000000202051")
    kept = CompiledInstanceQuery(lambda values: EncryptedFinancialProfile.objects.filter(**values), pk=type(made.pk))
    (found,) = kept(pk=made.pk)
    assert found.account_number == "DE02120300000000202051"


def test_an_instance_can_be_changed_and_saved() -> None:
    made = TransactionFactory(category="groceries")
    kept, _ = everything()
    (found,) = kept(category="groceries")
    found.category = "rent"
    found.save()
    made.refresh_from_db()
    assert made.category == "rent"


def test_nothing_found_is_no_rows() -> None:
    kept, _ = everything()
    assert kept(category="nowhere") == []


def test_the_databases_wall_stands(alice: User, bob: User) -> None:
    mine, his = TransactionFactory(user=alice), TransactionFactory(user=bob)
    unfiltered = CompiledInstanceQuery(lambda values: FinancialTransaction.objects.exclude(pk=values["pk"]), pk=type(mine.pk))
    for user, row in ((alice, mine), (bob, his), (alice, mine)):
        with rls.as_customer(user):
            assert unfiltered(pk=uuid4()) == [row]
    with rls.as_login_role():
        assert unfiltered(pk=uuid4()) == []


def test_a_refusal_is_djangos_error_and_leaves_the_connection_usable() -> None:
    TransactionFactory(category="groceries")
    kept, queryset = everything()
    kept(category="groceries")
    with context.using_role(Role.ACCOUNTS), pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        kept(category="groceries")
    assert len(kept(category="groceries")) == queryset.count() == 1


def test_sql_that_depends_on_the_value_is_refused() -> None:
    patterns = CompiledInstanceQuery(
        lambda values: FinancialTransaction.objects.filter(category__icontains=values["text"]), text=str
    )
    with pytest.raises(UncompilableError):
        patterns(text="x")


@pytest.mark.django_db(transaction=True)
class TestBeginning:
    """Outside a transaction, where the first statement may begin one."""

    def test_without_autocommit_it_begins_the_transaction_under_its_reach(self, alice: User, bob: User) -> None:
        for user in (alice, bob):
            TransactionFactory(user=user, category="groceries")
        kept, _ = everything()
        with rls.as_customer(alice):
            kept(category="groceries")
            connection.set_autocommit(False)
            try:
                assert [row.user_id for row in kept(category="groceries")] == [alice.pk]
                assert connection.connection.info.transaction_status.name == "INTRANS"
                # what the ORM asks next is in the same transaction, and has its reach without another word
                assert FinancialTransaction.objects.count() == 1
            finally:
                connection.rollback()
                connection.set_autocommit(True)

    def test_a_dead_connection_is_djangos_error(self) -> None:
        kept, _ = everything()
        kept(category="groceries")
        connection.connection.pgconn.finish()
        with pytest.raises(Error):
            kept(category="groceries")
        connection.close()
        assert kept(category="groceries") == []

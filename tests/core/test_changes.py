"""Positions and the change log: which rows of a user each committed transaction changed."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from django.db import ProgrammingError, connection, connections, transaction

from core import changes, clock, context, rls
from core.changes import LAST_ID, MAX_CHANGES, Change, PositionExpiredError, position_of
from core.context import Role
from dev.factories import AlertFactory, TransactionFactory
from system.models import SystemAlert
from tests.conftest import use_staff_role
from users.models import User

WRITERS = 8
WRITES = 12
ALERT_TABLE = "system_systemalert"


def changes_since(user_id: UUID, position: int, *, after: UUID = LAST_ID, limit: int = MAX_CHANGES) -> list[Change]:
    return changes.changes_since(user_id, position, after=after, limit=limit).entries


def rows_of(found: list[Change], table: str = ALERT_TABLE) -> list[tuple[str, str]]:
    return [(change.row_key, change.action) for change in found if change.table_name == table]


def execute(sql: str, *values: object) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall() if cursor.description else []


@contextmanager
def threads(count: int) -> Iterator[ThreadPoolExecutor]:
    """Yield threads with connections of their own, which wait at most ten seconds for a lock."""
    with ThreadPoolExecutor(count, initializer=use_staff_role) as pool:
        yield pool
        list(pool.map(lambda _: connections.close_all(), range(count * 4)))


@pytest.mark.django_db(transaction=True)
class TestPositionOfAUser:
    def test_it_rises_once_for_each_transaction(self, alice: User) -> None:
        before = position_of(alice.pk)
        with transaction.atomic():
            first, second = AlertFactory(user=alice), AlertFactory(user=alice)
            SystemAlert.objects.filter(pk=first.pk).update(title="Another")
        third = AlertFactory(user=alice)
        assert position_of(alice.pk) == before + 2
        found = changes_since(alice.pk, before)
        assert [change.position for change in found] == [before + 1] * 3 + [before + 2]
        assert rows_of(found) == [
            (str(first.pk), "insert"),
            (str(second.pk), "insert"),
            (str(first.pk), "update"),
            (str(third.pk), "insert"),
        ]

    def test_a_deleted_row_is_listed(self, alice: User) -> None:
        alert = AlertFactory(user=alice)
        before = position_of(alice.pk)
        key = alert.pk
        alert.delete()
        assert rows_of(changes_since(alice.pk, before)) == [(str(key), "delete")]

    def test_a_write_that_changes_nothing_does_not_raise_it(self, alice: User) -> None:
        alert = AlertFactory(user=alice)
        before = position_of(alice.pk)
        SystemAlert.objects.filter(pk=alert.pk).update(title=alert.title)
        assert position_of(alice.pk) == before

    def test_a_transaction_that_is_rolled_back_does_not_raise_it(self, alice: User) -> None:
        before = position_of(alice.pk)
        with transaction.atomic():
            AlertFactory(user=alice)
            transaction.set_rollback(True)
        assert (position_of(alice.pk), changes_since(alice.pk, before)) == (before, [])

    def test_a_savepoint_that_is_rolled_back_leaves_no_entry(self, alice: User) -> None:
        before = position_of(alice.pk)
        with transaction.atomic():
            with transaction.atomic():
                AlertFactory(user=alice)
                transaction.set_rollback(True)
            kept = AlertFactory(user=alice)
        assert rows_of(changes_since(alice.pk, before)) == [(str(kept.pk), "insert")]
        assert position_of(alice.pk) == before + 1

    def test_a_write_of_another_user_does_not_raise_it(self, alice: User, bob: User) -> None:
        before = position_of(alice.pk)
        AlertFactory(user=bob)
        assert position_of(alice.pk) == before

    def test_a_statement_over_several_users_raises_each(self, alice: User, bob: User) -> None:
        alerts = [AlertFactory(user=alice), AlertFactory(user=bob)]
        before = [position_of(user.pk) for user in (alice, bob)]
        SystemAlert.objects.filter(pk__in=[alert.pk for alert in alerts]).update(title="Another")
        assert [position_of(user.pk) for user in (alice, bob)] == [position + 1 for position in before]

    def test_nothing_is_pending_after_a_commit(self, alice: User) -> None:
        AlertFactory(user=alice)
        with rls.as_login_role(), transaction.atomic():
            execute("ALTER TABLE core_pendingposition NO FORCE ROW LEVEL SECURITY")
            pending = execute("TABLE core_pendingposition")
            execute("ALTER TABLE core_pendingposition FORCE ROW LEVEL SECURITY")
        assert pending == []

    def test_a_second_writer_does_not_wait_for_an_open_transaction(self, alice: User) -> None:
        before = position_of(alice.pk)
        with threads(1) as pool, transaction.atomic():
            TransactionFactory.create_batch(20, user=alice)
            beside = pool.submit(lambda: AlertFactory(user=alice)).result(timeout=60)
            assert rows_of(changes_since(alice.pk, before)) == [(str(beside.pk), "insert")]
        assert position_of(alice.pk) == before + 2

    def test_writers_of_the_same_users_in_another_order_both_commit(self, alice: User, bob: User) -> None:
        together = Barrier(2)

        def write(users: tuple[User, User]) -> None:
            for _ in range(10):
                with transaction.atomic():
                    for user in users:
                        AlertFactory(user=user)
                    together.wait(60)

        before = [position_of(user.pk) for user in (alice, bob)]
        with threads(2) as pool:
            list(pool.map(write, [(alice, bob), (bob, alice)]))
        assert [position_of(user.pk) for user in (alice, bob)] == [position + 20 for position in before]

    def test_each_writer_sees_their_own_write_at_once(self, alice: User) -> None:
        """Eight writers of one user beside others: no position is skipped, and each is the order of the commits."""
        before = position_of(alice.pk)

        def write(_: int) -> list[UUID]:
            written = []
            for _ in range(WRITES):
                known = position_of(alice.pk)
                alert = AlertFactory(user=alice)
                assert (str(alert.pk), "insert") in rows_of(changes_since(alice.pk, known))
                written.append(alert.pk)
            return written

        def write_for_others(_: int) -> None:
            with transaction.atomic():
                TransactionFactory.create_batch(10)

        with threads(WRITERS + 2) as pool:
            others = [pool.submit(write_for_others, number) for number in range(4)]
            written = list(pool.map(write, range(WRITERS)))
            assert [other.result() for other in others] == [None] * 4
        found = changes_since(alice.pk, before)
        assert [change.position for change in found] == list(range(before + 1, before + 1 + WRITERS * WRITES))
        order = [UUID(key) for key, _ in rows_of(found)]
        assert {key for keys in written for key in keys} == set(order)
        assert all(sorted(keys, key=order.index) == keys for keys in written)

    def test_a_client_that_follows_misses_nothing(self, alice: User) -> None:
        before = position_of(alice.pk)
        with threads(4) as pool:
            writing = [pool.submit(lambda: [AlertFactory(user=alice).pk for _ in range(15)]) for _ in range(4)]
            seen: list[str] = []
            known = before
            while not all(future.done() for future in writing) or known < position_of(alice.pk):
                found = changes_since(alice.pk, known)
                seen += [key for key, _ in rows_of(found)]
                known = max([known, *(change.position for change in found)])
            assert sorted(seen) == sorted(str(key) for future in writing for key in future.result())


@pytest.fixture
def entries(alice: User) -> list[Change]:
    """Return the entries of three alerts, in a test that commits nothing."""
    AlertFactory.create_batch(3, user=alice)
    execute("SET CONSTRAINTS raise_positions IMMEDIATE")
    return changes_since(alice.pk, 0)


@pytest.mark.django_db
class TestChangesOfAUser:
    def test_they_are_read_in_pages(self, alice: User, entries: list[Change]) -> None:
        paged: list[Change] = []
        while page := changes_since(
            alice.pk, *([paged[-1].position] if paged else [0]), **({"after": paged[-1].id} if paged else {}), limit=2
        ):
            paged += page
        assert paged == entries

    def test_another_customer_reads_none(self, alice: User, bob: User, entries: list[Change]) -> None:
        with rls.as_customer(bob):
            assert (position_of(alice.pk), changes_since(alice.pk, 0)) == (0, [])
        with rls.as_customer(alice):
            assert changes_since(alice.pk, 0) == entries

    @pytest.mark.parametrize("table", ["core_position", "core_changeset", "core_change", "core_pendingposition"])
    @pytest.mark.parametrize("statement", ["DELETE FROM {}", "UPDATE {} SET user_id = NULL", "INSERT INTO {} DEFAULT VALUES"])
    @pytest.mark.parametrize("role", [Role.CUSTOMER, Role.STAFF, Role.ACCOUNTS])
    def test_no_serving_role_can_write_them(self, table: str, statement: str, role: Role, alice: User) -> None:
        with pytest.raises(ProgrammingError, match="permission denied"), context.using_role(role, alice.pk):
            execute(statement.format(table))

    def test_expired_ones_are_reported(self, alice: User, entries: list[Change]) -> None:
        old = clock.now() - timedelta(days=changes.RETENTION_DAYS + 40)
        with rls.as_login_role():
            execute("ALTER TABLE core_changeset NO FORCE ROW LEVEL SECURITY")
            execute("UPDATE core_changeset SET id = core_uuid7(%s)", old)
            execute("ALTER TABLE core_changeset FORCE ROW LEVEL SECURITY")
        with rls.as_staff():
            changes.keep_months()
        with pytest.raises(PositionExpiredError):
            changes_since(alice.pk, 0)
        assert changes_since(alice.pk, position_of(alice.pk)) == []

    def test_recent_ones_are_retained(self, alice: User, entries: list[Change]) -> None:
        with rls.as_staff():
            changes.keep_months()
        assert changes_since(alice.pk, 0) == entries

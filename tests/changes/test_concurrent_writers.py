"""Eight writers of one user at the same time, while clients follow the changes: none is skipped."""

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from uuid import UUID

import pytest
from django.db import connections, transaction
from rest_framework.test import APIClient

from core.changes import changes_since, position_of
from dev.factories import TagFactory, TransactionFactory
from finance.models import FinancialTransaction, Tag
from tests.changes.follower import Follower, differences, state_of_lists
from tests.conftest import ClientFor, use_staff_role
from tests.long_series import size
from users.models import User

WRITERS = 8
CHANGES = size(800, whole=10_000)


@contextmanager
def threads(count: int) -> Iterator[ThreadPoolExecutor]:
    """Yield threads with connections of their own."""
    with ThreadPoolExecutor(count, initializer=use_staff_role) as pool:
        yield pool
        list(pool.map(lambda _: connections.close_all(), range(count * 4)))


class Writer:
    """A writer of tags and transactions, in transactions of one to eight changes."""

    def __init__(self, number: int, user: User, client: APIClient) -> None:
        self.user, self.random, self.client = user, random.Random(number), client
        self.prefix, self.count = f"writer {number}", 0
        self.tags: list[UUID] = []
        self.rows: list[UUID] = []
        self.written: set[tuple[str, str]] = set()

    def run(self) -> "Writer":
        while self.count < CHANGES // WRITERS:
            with transaction.atomic():
                for _ in range(self.random.choice([1, 1, 1, 2, 3, 8])):
                    self.change()
            if self.random.random() < 0.02:
                self.see_own_write()
        return self

    def change(self) -> None:
        kind = self.random.choice(["tag", "row", "row", "rename", "edit", "edit", "delete"])
        if kind == "tag":
            self.tags.append(TagFactory(user=self.user, name=f"{self.prefix} {self.count}").pk)
            self.wrote("tag", self.tags[-1])
        elif kind == "row" or not self.rows:
            self.rows.append(TransactionFactory(user=self.user, financial_profile=None).pk)
            self.wrote("transaction", self.rows[-1])
        elif kind == "rename" and self.tags:
            key = self.random.choice(self.tags)
            Tag.objects.filter(pk=key).update(name=f"{self.prefix} {self.count}")
            self.wrote("tag", key)
        elif kind == "delete":
            key = self.rows.pop(self.random.randrange(len(self.rows)))
            FinancialTransaction.objects.filter(pk=key).delete()
            self.wrote("transaction", key)
        else:
            key = self.random.choice(self.rows)
            FinancialTransaction.objects.filter(pk=key).update(note=f"{self.prefix} {self.count}")
            self.wrote("transaction", key)

    def wrote(self, name: str, key: UUID) -> None:
        self.count += 1
        self.written.add((name, str(key)))

    def see_own_write(self) -> None:
        """Read what changed since before a write, which must contain it."""
        follower = Follower(self.client, limit=200, types="tag")
        follower.catch_up()
        with transaction.atomic():
            self.tags.append(TagFactory(user=self.user, name=f"{self.prefix} {self.count}").pk)
        self.wrote("tag", self.tags[-1])
        assert str(self.tags[-1]) in {change["id"] for change in follower.catch_up()}


@pytest.mark.long
@pytest.mark.django_db(transaction=True)
def test_followers_miss_no_change_of_eight_writers(alice: User, api: ClientFor) -> None:
    TransactionFactory.create_batch(40, user=alice)
    client, before = api(alice), position_of(alice.pk)
    following = [Follower(api(alice), limit=limit) for limit in (7, 200)]  # from the beginning, while others write
    seen = {(change["type"], change["id"]) for follower in following for change in follower.read_page()["changes"]}
    with threads(WRITERS) as pool:
        running = [pool.submit(Writer(number, alice, api(alice)).run) for number in range(WRITERS)]
        while not all(future.done() for future in running):
            for follower in following:
                seen |= {(change["type"], change["id"]) for change in follower.read_page()["changes"]}
        writers = [future.result() for future in running]
    for follower in following:
        seen |= {(change["type"], change["id"]) for change in follower.catch_up()}
    written = set().union(*(writer.written for writer in writers))
    expected = state_of_lists(client)
    for follower in following:
        assert differences(follower.state, expected) == {}
    assert written - seen == set()
    log = changes_since(alice.pk, before, limit=1_000_000)
    assert {entry.position for entry in log.entries} == set(range(before + 1, log.last_position + 1))
    assert sum(writer.count for writer in writers) >= CHANGES

"""Fixtures of all tests: the database, two customers, the staff, and API clients."""

import gc
import io
import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from unittest.mock import patch

import pytest
import time_machine
from django.conf import settings
from django.core.cache import cache
from django.db import connections, transaction
from django.template.base import Template
from django.test import TransactionTestCase
from hypothesis import settings as settings_of_hypothesis
from pytest_django import DjangoDbBlocker
from rest_framework.test import APIClient

from core import clock, context, rls
from core.context import Role
from dev.factories import AccountFactory, TokenFactory, UserFactory
from dev.factories.users import hashed_password
from tests import long_series
from tests.account_api import log_in_again, with_session
from tests.database import Baseline, end_other_sessions, ensure_template
from users.hashers import Argon2Hasher
from users.models import User

Storing = Callable[[], AbstractContextManager[None]]
PRODUCTION_COSTS = (Argon2Hasher.time_cost, Argon2Hasher.memory_cost)
LOWEST_COSTS = (1, 8)
NO_LIMITS = "-c lock_timeout=0 -c statement_timeout=0 -c idle_in_transaction_session_timeout=0"
RENDER = Template._render
[CONSOLE] = [handler for handler in logging.getLogger().handlers if handler.name == "console"]
ClientFor = Callable[[User], APIClient]


@pytest.fixture(scope="session", autouse=True)
def django_test_environment(django_test_environment: None) -> None:
    """Render as in production. Django's instrumented renderer copies each context: a fifth of an admin page's time."""
    Template._render = RENDER


@pytest.fixture(scope="session")
def django_db_modify_db_settings(request: pytest.FixtureRequest, django_db_blocker: DjangoDbBlocker) -> None:
    """Use one connection without a pool per process: a pool would keep the test database open while it is dropped.

    Commits do not wait for the disk, because no test crashes this server. The database is a copy of the template. Time limits
    are off, because they would make tests depend on the load of the machine; their own tests set them.
    """
    connection = connections["default"]
    options = connection.settings_dict["OPTIONS"]
    options.pop("pool", None)
    options["options"] = f"-c synchronous_commit=off -c jit=off {NO_LIMITS}"
    test = connection.settings_dict["TEST"]
    with django_db_blocker.unblock():
        test["TEMPLATE"] = ensure_template(connection, f"{test['NAME']}_template")
    request.getfixturevalue("django_db_modify_db_settings_parallel_suffix")  # adds the worker's suffix; the template has none


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Baseline]:
    """Restore the rows that the migrations created after each test with `transaction=True`."""
    connection = connections["default"]
    with django_db_blocker.unblock():
        baseline = Baseline(connection)
    with patch.object(TransactionTestCase, "_fixture_teardown", lambda test_case: baseline.restore()):
        yield baseline
    with django_db_blocker.unblock():
        end_other_sessions(connection)


@pytest.fixture(scope="module")
def storing(django_db_setup: Baseline, django_db_blocker: DjangoDbBlocker) -> Iterator[Storing]:
    """Return a context manager in which a fixture of the module stores rows for all tests of the module.

    The rows are committed, and removed after the module. An open transaction would block the tests of the audit log in other
    workers, which wait for every transaction of the server.
    """

    @contextmanager
    def stored() -> Iterator[None]:
        with django_db_blocker.unblock(), rls.as_staff(), transaction.atomic():
            yield
            connections["default"].run_on_commit.clear()  # no test runs these on-commit callbacks

    yield stored
    with django_db_blocker.unblock():
        django_db_setup.restore()


# The same examples in each run, so that a change that breaks nothing doesn't fail. Look for new ones with
# `make test ARGS="--hypothesis-profile=explore tests/finance/statements"`, and add what fails as a test of its own.
settings_of_hypothesis.register_profile("fixed", derandomize=True, database=None)
settings_of_hypothesis.register_profile("explore", derandomize=False, print_blob=True)
settings_of_hypothesis.load_profile("fixed")


def pytest_configure(config: pytest.Config) -> None:
    """Save time: no search for static files in each client, passwords hashed at the lowest cost, and each log line only once.

    pytest shows the log of a failed test. The console's handler formats and redacts every line again, see `console`.
    A page of the back office that calculates with a masked value fails.
    """
    long_series.configure(config)
    settings.WHITENOISE_USE_FINDERS = False
    settings.MASKED_VALUES_RAISE = True
    logging.getLogger().removeHandler(CONSOLE)
    Argon2Hasher.time_cost, Argon2Hasher.memory_cost = LOWEST_COSTS


@pytest.hookimpl(trylast=True)  # after `-k` and `-m` have made their choice
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Function]) -> None:
    """Keep a sample of each long series, unless the whole series are chosen with `-m long`."""
    kept = long_series.chosen(items)
    config.hook.pytest_deselected(items=list(set(items).difference(kept)))
    items[:] = kept


def pytest_collection_finish() -> None:
    """Exclude the ten thousand collected tests from garbage collection."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


@pytest.fixture
def console() -> Iterator[io.StringIO]:
    """Capture the output of the console's log handler."""
    output, root = io.StringIO(), logging.getLogger()
    before = CONSOLE.setStream(output)
    root.addHandler(CONSOLE)
    yield output
    root.removeHandler(CONSOLE)
    CONSOLE.setStream(before)


@pytest.fixture
def production_hasher(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Hash passwords at the production cost, for tests that check or set several at the same time."""
    for name, cost in zip(("time_cost", "memory_cost"), PRODUCTION_COSTS, strict=True):
        monkeypatch.setattr(Argon2Hasher, name, cost)
    hashed_password.cache_clear()
    yield
    hashed_password.cache_clear()


def use_staff_role() -> None:
    """Set the staff role in a new thread, which does not inherit it: `ThreadPoolExecutor(initializer=use_staff_role)`."""
    context.update(role=Role.STAFF)


@pytest.fixture
def _django_db_helper(_django_db_helper: None) -> Iterator[None]:
    """Run the test's own queries as staff, who see all rows. Requests and jobs set their own role, as in production."""
    with rls.as_staff():
        yield


@pytest.fixture(autouse=True)
def _no_limits_from_the_test_before() -> None:
    """Clear the rate limits, which are counted in the cache and outlive a test."""
    cache.clear()


@pytest.fixture
def stopped_clock() -> Iterator[None]:
    """Stop Python's clock, so that a one-time code stays valid on a slow machine."""
    with time_machine.travel(clock.now(), tick=False):
        yield


@pytest.fixture
def alice(db: None) -> User:
    return UserFactory.create(email="alice@example.com")


@pytest.fixture
def bob(db: None) -> User:
    return UserFactory.create(email="bob@example.com")


@pytest.fixture
def staff(db: None) -> User:
    return UserFactory.create(email="support@example.com", is_staff=True)


@pytest.fixture
def administrator(db: None) -> User:
    return UserFactory.create(email="admin@example.com", is_staff=True, is_superuser=True)


@pytest.fixture
def api() -> ClientFor:
    """Return a function that creates an API client of a user, with a personal access token."""

    def client_for(user: User, scope: str = "read-write") -> APIClient:
        token = TokenFactory(user=user, scope=scope)
        client = APIClient(raise_request_exception=False)
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {token.text}")
        return client

    return client_for


@pytest.fixture
def as_alice(alice: User, api: ClientFor) -> APIClient:
    return api(alice)


@pytest.fixture
def as_owner(alice: User) -> APIClient:
    """Return alice's app after a login and a reauthentication, as changes of credentials require."""
    return with_session(log_in_again(alice.email))


@pytest.fixture
def account(alice: User) -> object:
    return AccountFactory(user=alice, profile_name="Checking")

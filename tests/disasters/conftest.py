"""The database server of these tests, which they may damage."""

from collections.abc import Iterator

import pytest

from tests.disasters.service import Database, database_in


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    with database_in(tmp_path_factory.mktemp("disasters") / "postgres") as database:
        database.manage("migrate", "-v0")
        yield database

"""A fresh clone gets a database by asking for its URL."""

import socket
from pathlib import Path

import psycopg
import pytest

from dev.postgres import DevDatabaseError, binaries, ensure_running, service
from dev.postgres.folder import Folder
from tests.dev.postgres.conftest import GRACE, User, ask, eventually, server_pid

pytestmark = pytest.mark.faults


@pytest.fixture
def odd_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "xx_XX.UTF-8")
    monkeypatch.setenv("LANG", "nowhere")
    monkeypatch.setenv("PGPORT", "1")


@pytest.mark.usefixtures("odd_locale")
def test_it_starts_below_a_missing_parent_with_a_space_under_an_unknown_locale(empty: Folder) -> None:
    url = ensure_running(empty.root, grace=GRACE)

    assert ask(url, "SELECT current_user || ' ' || current_database()") == "mingus mingus"
    assert ask(url, "SHOW server_encoding") == "UTF8"
    assert ask(url, "SELECT datctype FROM pg_database WHERE datname = 'mingus'") == "C.UTF-8"
    assert ask(url, "SELECT lower('ÄÉ')") == "äé"
    assert ask(url, "SHOW fsync") == "on"


def test_the_role_owns_its_database_and_may_make_others_but_is_no_superuser(folder: Folder) -> None:
    url = ensure_running(folder.root, grace=GRACE)

    flags = "SELECT (rolsuper, rolcreatedb, rolcreaterole, rolbypassrls)::text FROM pg_roles WHERE rolname = 'mingus'"
    assert ask(url, flags) == "(f,t,t,f)"
    owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'mingus'"
    assert ask(url, owner) == "mingus"


def test_it_lets_nobody_in_without_the_password(folder: Folder) -> None:
    url = ensure_running(folder.root, grace=GRACE)
    password = folder.password.read_text()

    assert folder.password.stat().st_mode & 0o777 == 0o600
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(url.replace(password, "guess"))
    with pytest.raises(psycopg.OperationalError, match="no pg_hba.conf entry"):
        psycopg.connect(url.replace("//mingus:", "//postgres:"))


def test_it_uses_the_server_that_already_runs(folder: Folder) -> None:
    first = ensure_running(folder.root, grace=GRACE)
    pid = server_pid(folder)

    assert ensure_running(folder.root, grace=GRACE) == first
    assert server_pid(folder) == pid


def test_processes_that_start_at_once_share_one_server(empty: Folder) -> None:
    first, second, third = User(empty.root), User(empty.root), User(empty.root)

    assert first.url == second.url == third.url
    assert "already exists" not in empty.log.read_text()
    first.leave()
    second.leave()
    third.leave()


def test_it_takes_another_port_when_its_own_is_taken(folder: Folder) -> None:
    folder.root.chmod(0o700)
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        folder.port.write_text(str(stranger.getsockname()[1]))

        assert f":{stranger.getsockname()[1]}/" not in ensure_running(folder.root, grace=GRACE)


def test_it_recovers_from_a_start_killed_while_the_cluster_was_being_made(empty: Folder) -> None:
    user = User(empty.root)
    assert eventually(lambda: bool(list(empty.root.glob("unfinished-*/cluster/data/base"))))
    user.kill()
    assert not empty.cluster.exists()

    assert ask(ensure_running(empty.root, grace=GRACE), "SELECT 1") == "1"


def test_it_says_when_the_data_are_of_another_major_version(own_folder: Folder) -> None:
    (own_folder.data / "PG_VERSION").write_text("16\n")

    with pytest.raises(DevDatabaseError, match=r"(?s)PostgreSQL 16.*PostgreSQL 18.*pg_dump.*rm -rf"):
        ensure_running(own_folder.root, grace=GRACE)


def test_it_says_when_the_data_are_damaged(own_folder: Folder) -> None:
    own_folder.password.unlink()

    with pytest.raises(DevDatabaseError, match=r"damaged.*password.*rm -rf"):
        ensure_running(own_folder.root, grace=GRACE)


def test_it_quotes_the_log_of_a_server_that_cannot_start(own_folder: Folder) -> None:
    with (own_folder.data / "postgresql.conf").open("a") as configuration:
        configuration.write("no_such_setting = 1\n")

    with pytest.raises(DevDatabaseError, match=r"(?s)no_such_setting.*Set right.*DATABASE_URL"):
        ensure_running(own_folder.root, grace=GRACE)


def test_it_says_how_to_install_missing_programs(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "_PACKAGE", "no_such_package")

    with pytest.raises(DevDatabaseError, match="make setup"):
        ensure_running(folder.root, grace=GRACE)


def test_it_says_when_the_folder_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(DevDatabaseError, match=r"Not a directory.*DATABASE_URL"):
        ensure_running(tmp_path / "file" / "postgres")


def test_a_slow_start_says_what_it_waits_for(
    folder: Folder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(service, "_SILENT_SECONDS", 0.0)
    ensure_running(folder.root, grace=GRACE)

    assert capsys.readouterr().err == f"MINGUS: starting the development database in {folder.root} …\n"

"""First start of the embedded database, and the errors that prevent it."""

import socket
from pathlib import Path

import psycopg
import pytest

from dev.postgres import DevDatabaseError, binaries, ensure_running, service
from dev.postgres.folder import Folder
from tests.dev.postgres.conftest import GRACE, User, eventually, fetch_value, server_pid

pytestmark = pytest.mark.faults


@pytest.fixture
def odd_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "xx_XX.UTF-8")
    monkeypatch.setenv("LANG", "nowhere")
    monkeypatch.setenv("PGPORT", "1")


@pytest.mark.usefixtures("odd_locale")
def test_it_starts_below_a_missing_parent_in_an_unknown_locale(empty: Folder) -> None:
    url = ensure_running(empty.root, grace=GRACE)

    assert fetch_value(url, "SELECT current_user || ' ' || current_database()") == "mingus mingus"
    assert fetch_value(url, "SHOW server_encoding") == "UTF8"
    assert fetch_value(url, "SELECT datctype FROM pg_database WHERE datname = 'mingus'") == "C.UTF-8"
    assert fetch_value(url, "SELECT lower('ÄÉ')") == "äé"
    assert fetch_value(url, "SHOW fsync") == "on"


def test_the_role_may_create_databases_but_is_no_superuser(folder: Folder) -> None:
    url = ensure_running(folder.root, grace=GRACE)

    flags = "SELECT (rolsuper, rolcreatedb, rolcreaterole, rolbypassrls)::text FROM pg_roles WHERE rolname = 'mingus'"
    assert fetch_value(url, flags) == "(f,t,t,f)"
    owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'mingus'"
    assert fetch_value(url, owner) == "mingus"


def test_a_connection_without_the_password_is_refused(folder: Folder) -> None:
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
    with socket.create_server(("127.0.0.1", 0)) as listener:
        folder.port.write_text(str(listener.getsockname()[1]))

        assert f":{listener.getsockname()[1]}/" not in ensure_running(folder.root, grace=GRACE)


def test_it_recovers_from_a_start_killed_during_initdb(empty: Folder) -> None:
    user = User(empty.root)
    assert eventually(lambda: bool(list(empty.root.glob("unfinished-*/cluster/data/base"))))
    user.kill()
    assert not empty.cluster.exists()

    assert fetch_value(ensure_running(empty.root, grace=GRACE), "SELECT 1") == "1"


def test_data_of_another_major_version_are_refused(own_folder: Folder) -> None:
    (own_folder.data / "PG_VERSION").write_text("16\n")

    with pytest.raises(DevDatabaseError, match=r"(?s)PostgreSQL 16.*PostgreSQL 18.*pg_dump.*rm -rf"):
        ensure_running(own_folder.root, grace=GRACE)


def test_damaged_data_are_refused_with_a_remedy(own_folder: Folder) -> None:
    own_folder.password.unlink()

    with pytest.raises(DevDatabaseError, match=r"damaged.*password.*rm -rf"):
        ensure_running(own_folder.root, grace=GRACE)


def test_it_quotes_the_log_of_a_server_that_cannot_start(own_folder: Folder) -> None:
    with (own_folder.data / "postgresql.conf").open("a") as configuration:
        configuration.write("no_such_setting = 1\n")

    with pytest.raises(DevDatabaseError, match=r"(?s)no_such_setting.*Fix the reported.*DATABASE_URL"):
        ensure_running(own_folder.root, grace=GRACE)


def test_missing_programs_are_refused_with_a_remedy(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "_PACKAGE", "no_such_package")

    with pytest.raises(DevDatabaseError, match="make setup"):
        ensure_running(folder.root, grace=GRACE)


def test_a_folder_that_cannot_be_created_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(DevDatabaseError, match=r"Not a directory.*DATABASE_URL"):
        ensure_running(tmp_path / "file" / "postgres")


def test_a_slow_start_prints_its_progress(
    folder: Folder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(service, "_SILENT_SECONDS", 0.0)
    ensure_running(folder.root, grace=GRACE)

    assert capsys.readouterr().err == f"MINGUS: starting the development database in {folder.root} …\n"

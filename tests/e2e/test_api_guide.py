"""The tour with curl in docs/api.md, run as it is written."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from finance.models import EncryptedFinancialProfile, StatementImport
from tests.commands.conftest import ROOT, Server
from users.models import User, UserProfile

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """Run the server with its worker, whose emails are in its log, where the tour finds them."""
    server = Server(tmp_path, options=["--workers", "1", "--with-worker"])
    (tmp_path / ".mail").mkdir()
    (tmp_path / ".mail" / "server.log").symlink_to(server.log)
    yield server
    server.close()


def test_the_tour_runs_as_it_is_written(server: Server, tmp_path: Path) -> None:
    tour = re.search(r"^```bash\n(.*?)^```$", (ROOT / "docs" / "api.md").read_text(), re.DOTALL | re.MULTILINE)[1]
    script = tour.replace("BASE=http://127.0.0.1:8000", f"BASE=http://127.0.0.1:{server.port}")
    assert script != tour
    done = subprocess.run(["bash", "-eu", "-c", script], cwd=tmp_path, check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count('"type":"validation_error"') == done.stdout.count('"type":"client_error"') == 0, done.stdout
    assert [int(text) for text in re.findall(r'"created":(\d+)', done.stdout)] == [2, 0]  # a preview, and the repeated import
    assert User.objects.get(email="carol@example.com").is_verified
    assert UserProfile.objects.get(user__email="carol@example.com").timezone == "America/New_York"
    assert EncryptedFinancialProfile.objects.count() == 1
    assert StatementImport.objects.exclude(undone_at=None).count() == 1

"""The files of the production image, and the start of the product from them alone."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from docker.utils.build import exclude_paths

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "SECRET_KEY": "image" * 12,
    "FIELD_ENCRYPTION_KEYS": "1a" * 32,
    "METRICS_TOKEN": "m" * 32,
    "ALLOWED_HOSTS": "mingus.example",
    "SITE_URL": "https://mingus.example",
    "DATABASE_URL": "postgresql://mingus@127.0.0.1:1/mingus",
}


def files_of_the_image() -> list[Path]:
    """Return the files that `COPY . .` copies: all that .dockerignore does not exclude."""
    patterns = (ROOT / ".dockerignore").read_text().splitlines()
    copied = exclude_paths(str(ROOT), patterns)
    return sorted(Path(path) for path in copied if (ROOT / path).is_file())


def test_the_image_copies_only_the_folder_and_the_packages() -> None:
    copies = [line for line in (ROOT / "Dockerfile").read_text().splitlines() if line.startswith(("COPY", "ADD"))]
    assert copies == ["COPY pyproject.toml uv.lock ./", "COPY --from=packages /venv /venv", "COPY . ."]


def test_the_image_contains_the_product_and_no_tests_or_tools() -> None:
    tops = {path.parts[0] for path in files_of_the_image()}
    assert tops >= {"manage.py", "mingus", "core", "users", "billing", "finance", "health", "career", "analytics", "system"}
    assert not tops & {"tests", "dev", "benchmarks", "docs", "tools", "findings", ".git", ".ci", "Makefile"}


def test_the_image_contains_the_sql_of_the_migrations() -> None:
    sql = {path.relative_to(ROOT) for path in ROOT.glob("*/migrations/sql/*.sql")}
    assert Path("core/migrations/sql/roles.sql") in sql
    assert sql <= set(files_of_the_image())


def test_the_product_starts_from_the_files_of_the_image(tmp_path: Path) -> None:
    for path in files_of_the_image():
        (tmp_path / path.parent).mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, tmp_path / path)
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    done = subprocess.run(command, cwd=tmp_path, env=ENVIRONMENT, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "System check identified no issues (0 silenced).\n"), done.stderr

"""`python -m benchmarks.memory import FILE ACCOUNT` or `export USER`: the memory it takes beyond an idle process.

It reads the kernel's high-water mark of this address space and not getrusage's `ru_maxrss`, which starts at the size of the
parent when a process is spawned.
"""

import io
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from uuid import UUID

from benchmarks.production import configure

STATUS = Path("/proc/self/status")


def peak() -> int:
    """Return the maximum of resident bytes since the process started."""
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def of_import(path: str, account_id: str) -> int:
    """Return the bytes of an import beyond those of a process that has connected and made a dry run with one row."""
    modules = ("finance.models", "finance.services", "finance.statements.source", "core.clock")
    models, services, sources, clock = (import_module(name) for name in modules)
    account = models.EncryptedFinancialProfile.objects.get(pk=account_id)
    content = io.BytesIO(b"Date,Description,Amount\n2026-03-02,Coffee House,-5.00\n")
    one_row = sources.StatementSource(file=content, filename="one.csv")
    services.import_statement(one_row, account=account, now=clock.now(), dry_run=True)
    before = peak()
    with Path(path).open("rb") as file:
        source = sources.StatementSource(file=file, filename="statement.csv")
        services.import_statement(source, account=account, now=clock.now())
    return peak() - before


def of_export(user_id: str) -> int:
    """Return the bytes of an export beyond those of a process that has connected and exported a user without rows."""
    exports, rls, models = (import_module(name) for name in ("benchmarks.exports", "core.rls.roles", "users.models"))
    for piece in exports.csv_of(UUID(int=0)):
        len(piece)
    before = peak()
    with rls.as_customer(models.User(pk=UUID(user_id))):
        for piece in exports.csv_of(UUID(user_id)):
            len(piece)
    return peak() - before


if __name__ == "__main__":
    configure()
    measurements: dict[str, Callable[..., int]] = {"import": of_import, "export": of_export}
    sys.stdout.write(f"{measurements[sys.argv[1]](*sys.argv[2:])}\n")

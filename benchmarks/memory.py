"""`python -m benchmarks.memory FILE ACCOUNT`: the memory that importing FILE takes beyond what the process has anyhow.

The kernel's high-water mark of this address space is read rather than getrusage's `ru_maxrss`, which begins with the
parent's size when a process is spawned.
"""

import io
import sys
from importlib import import_module
from pathlib import Path

from benchmarks.production import configure

STATUS = Path("/proc/self/status")


def peak() -> int:
    """Bytes that were resident at most since the process began."""
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def extra(path: str, account_id: str) -> int:
    """Bytes above a process that has connected, and has looked an import of one row over without keeping it."""
    models, services, clock = (import_module(name) for name in ("finance.models", "finance.services", "mingus.kit.clock"))
    account = models.EncryptedFinancialProfile.objects.get(pk=account_id)
    one_row = io.BytesIO(b"Date,Description,Amount\n2026-03-02,Coffee House,-5.00\n")
    services.import_statement(account=account, file=one_row, filename="one.csv", now=clock.now(), dry_run=True)
    before = peak()
    with Path(path).open("rb") as file:
        services.import_statement(account=account, file=file, filename="statement.csv", now=clock.now())
    return peak() - before


if __name__ == "__main__":
    configure()
    sys.stdout.write(f"{extra(*sys.argv[1:])}\n")

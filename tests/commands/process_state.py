"""The state of a process in /proc."""

from pathlib import Path


def is_alive(pid: int) -> bool:
    """Return True if the process runs. A killed process whose parent has not read its status does not.

    Its first thread may have ended before the others, which hold its sockets until they end, too.
    """
    process = Path(f"/proc/{pid}")
    try:
        return "\nState:\tZ" not in (process / "status").read_text() or len(list((process / "task").iterdir())) > 1
    except (FileNotFoundError, ProcessLookupError):
        return False

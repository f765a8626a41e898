"""`python -m dev.postgres status|stop|url`: control the development database from a terminal."""

import argparse
import sys
import time
from pathlib import Path

from dev.postgres.cluster import read_pid
from dev.postgres.errors import DevDatabaseError
from dev.postgres.folder import DEFAULT_FOLDER, prepare
from dev.postgres.locks import exclusive
from dev.postgres.server import is_running
from dev.postgres.service import ensure_running, stop
from dev.postgres.watcher import watch

_LOCK_SECONDS = 60.0


def main(arguments: list[str]) -> int:
    """Run the command line. Return the exit status: 1 for a server that is stopped or cannot be used, otherwise 0."""
    options = _parser().parse_args(arguments)
    try:
        return _run(options)
    except DevDatabaseError as error:
        print(error, file=sys.stderr)
        return 1


def _run(options: argparse.Namespace) -> int:
    match options.action:
        case "status":
            return _print_status(options.folder)
        case "stop":
            print("stopped" if stop(options.folder) else "was not running")
        case "url":
            print(ensure_running(options.folder))
        case "watch":
            watch(options.folder, options.lock, options.grace)
    return 0


def _print_status(root: Path) -> int:
    if root.exists():
        folder = prepare(root)
        with exclusive(folder.start_lock, time.monotonic() + _LOCK_SECONDS):
            if is_running(folder):
                print(f"running, process {read_pid(folder)}, port {folder.port.read_text()}, in {root}")
                return 0
    print(f"stopped, in {root}")
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m dev.postgres", description=__doc__)
    actions = parser.add_subparsers(dest="action", required=True, metavar="status|stop|url")
    for action in ("status", "stop", "url"):
        actions.add_parser(action).add_argument("--folder", type=Path, default=DEFAULT_FOLDER, help="default: %(default)s")
    watcher = actions.add_parser("watch")
    watcher.add_argument("folder", type=Path)
    watcher.add_argument("lock", type=int)
    watcher.add_argument("grace", type=float)
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

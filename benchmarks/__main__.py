"""Benchmarks of MINGUS against a bare WSGI function and other frameworks. See benchmarks/README.md."""

import argparse
import os
import sys
from importlib import import_module
from pathlib import Path

from benchmarks.production import configure
from benchmarks.scale import CHANGES_PART, OPERATIONS_PART, PARTS, SEARCH_PART, SERVER_PARTS, Scale


def parsed(arguments: list[str]) -> Scale:
    """Return the arguments of the command line as a Scale."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="measurements of each contender (%(default)s)")
    parser.add_argument("--rows", type=int, default=200_000, help="transactions in the table (%(default)s)")
    parser.add_argument(
        "--only",
        choices=[*PARTS, SEARCH_PART, CHANGES_PART, OPERATIONS_PART, *SERVER_PARTS],
        help="measure one part; write nothing to results/",
    )
    parser.add_argument(
        "--base", type=Path, help="a checkout of e81ec44 with its own .venv, served beside today's build (or BENCH_BASE)"
    )
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="measure small sizes coarsely; write nothing to results/")
    size.add_argument("--full", action="store_true", help="import 200,000 rows, export 1,000,000")
    given = parser.parse_args(arguments)
    if given.rounds < 1 or given.rows < 2_000:
        parser.error("--rounds must be 1 or more, --rows 2000 or more")
    base = given.base or (Path(os.environ["BENCH_BASE"]) if os.environ.get("BENCH_BASE") else None)
    if base and not (base / ".venv" / "bin" / "python").exists():
        parser.error(f"{base} has no .venv. Run there: make setup")
    return Scale.of(
        rounds=given.rounds,
        rows=given.rows,
        only=given.only,
        quick=given.quick,
        full=given.full,
        base=base.resolve() if base else None,
    )


if __name__ == "__main__":
    scale = parsed(sys.argv[1:])
    configure()
    # The suite imports models, which need configured settings.
    import_module("benchmarks.suite").run(scale)

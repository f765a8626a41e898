"""`manage.py write_migrations`: write the models' tables into the migrations that create them."""

import ast
import re
import subprocess
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import migrations
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.graph import MigrationGraph
from django.db.migrations.operations.models import IndexOperation
from django.db.migrations.questioner import MigrationQuestioner
from django.db.migrations.state import ProjectState
from django.db.migrations.writer import MigrationWriter
from django.db.models import Q

from core.postgres.operations import CreatePartitionedModel
from core.postgres.partitions import PartitionedQuerySet

TABLES = re.compile(r"(?<=\n {8}# Tables\n).*?(?=^ {8}#|^ {4}\]$)", re.DOTALL | re.MULTILINE)
OPERATIONS = re.compile(r"(?<=\n {4}operations = \[\n).*(?=^ {4}\]$)", re.DOTALL | re.MULTILINE)
IMPORT = re.compile(r"^import ([\w.]+)$", re.MULTILINE)
TEXT = re.compile(r"""^(?P<indent> +)(?P<name>\w+=)?(?P<quote>["'])(?P<text>.+)(?P=quote)(?P<comma>,?)$""", re.MULTILINE)
MAX_LINE = 128


class Command(BaseCommand):
    help = (
        "Until 0.1.0: write the models' tables into the initial migrations, between the comment `# Tables` and the next one. "
        "Other operations in these files are written by hand and do not change."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        for app_label, operations in operations_by_app().items():
            folder = Path(apps.get_app_config(app_label).path, "migrations")
            for path in folder.glob("0*.py") if folder.parents[1] == settings.BASE_DIR else ():
                if TABLES.search(path.read_text()):
                    write_tables(path, app_label, operations)
                    self.stdout.write(str(path.relative_to(settings.BASE_DIR)))


def operations_by_app() -> dict[str, list[Any]]:
    """Return the operations that `makemigrations` would write for an empty database, without triggers."""
    state = ProjectState.from_apps(apps)
    for model in state.models.values():
        model.options.pop("triggers", None)  # the migrations have core.postgres.operations.add_triggers instead
    all_apps = MigrationQuestioner(specified_apps={config.label for config in apps.get_app_configs()})
    changes = MigrationAutodetector(ProjectState(), state, all_apps).changes(MigrationGraph())
    return {label: [operation for part in parts for operation in part.operations] for label, parts in changes.items()}


def write_tables(path: Path, app_label: str, operations: list[Any]) -> None:
    """Replace the tables in a migration's file, and import what they need."""
    tables, imports = source_of([with_partitions(item, app_label) for item in merge(operations, app_label)], app_label)
    lines = TABLES.sub(lambda _: tables, path.read_text(), count=1).splitlines(keepends=True)
    after_docstring = ast.parse("".join(lines)).body[1].lineno - 1
    path.write_text("".join([*lines[:after_docstring], *imports, *lines[after_docstring:]]))
    ruff("check", "--fix", "--select", "F401,I", str(path))
    ruff("format", str(path))
    path.write_text(TEXT.sub(wrap, path.read_text()))
    ruff("format", str(path))


def merge(operations: list[Any], app_label: str) -> list[Any]:
    """Return the operations with each index and constraint moved into its CreateModel.

    A check of a foreign key stays behind the AddField of the key, whose table is created after this one.
    """
    merged: list[Any] = []
    for operation in operations:
        tables = {created.name_lower: number for number, created in enumerate(merged) if hasattr(created, "name_lower")}
        number = tables.get(getattr(operation, "model_name_lower", ""))
        if isinstance(operation, IndexOperation) and number is not None and has_fields_of(merged[number], operation):
            merged[number : number + 1] = merged[number].reduce(operation, app_label)
        else:
            merged.append(operation)
    return merged


def has_fields_of(created: migrations.CreateModel, operation: IndexOperation) -> bool:
    """Return True if a table is created with all fields that a check refers to."""
    condition = getattr(getattr(operation, "constraint", None), "condition", None)
    checked = condition.referenced_base_fields if isinstance(condition, Q) else set()
    return checked <= {name for name, _ in created.fields}


def with_partitions(operation: Any, app_label: str) -> Any:
    """Return the operation, as a CreatePartitionedModel if the table is partitioned by month."""
    if not isinstance(operation, migrations.CreateModel) or not operation.options.get("managed", True):
        return operation
    rows = apps.get_model(app_label, operation.name)._default_manager.all()
    return CreatePartitionedModel(**operation.deconstruct()[2]) if isinstance(rows, PartitionedQuerySet) else operation


def source_of(operations: list[Any], app_label: str) -> tuple[str, list[str]]:
    """Return the source text of operations, and the import statements for its names."""
    initial = type("Migration", (migrations.Migration,), {"operations": operations})
    text = MigrationWriter(initial("0001_initial", app_label), include_header=False).as_string()
    source, imports = OPERATIONS.findall(text)[0], ["from django.db import migrations, models\n"]
    for module in sorted(IMPORT.findall(text), key=len, reverse=True):
        name = re.compile(rf"\b{re.escape(module)}\.(\w+)")
        imports.append(f"from {module} import {', '.join(sorted(set(name.findall(source))))}\n")
        source = name.sub(r"\1", source)
    return source, [*imports, *re.findall(r"^from .+\n", text, re.MULTILINE)]


def wrap(found: re.Match[str]) -> str:
    """Return a text argument, split over several lines if it exceeds MAX_LINE."""
    if len(found[0]) <= MAX_LINE:
        return found[0]
    indent, name, quote, text, comma = found.group("indent", "name", "quote", "text", "comma")
    indent_of_parts = f"{indent}    " if name else indent
    at_most = rf"(?:\\.|[^\\]){{1,{MAX_LINE - len(indent_of_parts) - 3}}}"  # do not split an escape such as \n
    parts = "\n".join(
        f"{indent_of_parts}{quote}{part}{quote}" for part in re.findall(rf"{at_most}(?:(?<= )|$)|{at_most}", text)
    )
    return f"{indent}{name}(\n{parts}\n{indent}){comma}" if name else parts + comma


def ruff(*arguments: str) -> None:
    subprocess.run([settings.BASE_DIR / ".venv/bin/ruff", *arguments, "--quiet"], cwd=settings.BASE_DIR, check=True)

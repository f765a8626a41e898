"""Lint of the project's own migrations for operations that would lock or break a running deployment.

Initial migrations are skipped: no deployment runs on a database before them. Until 0.1.0 there are no others.
The linter is called as a library, because its command requires an entry in INSTALLED_APPS.
"""

import os
import re
import sys
from pathlib import Path

import django
from django.apps import apps
from django_migration_linter import MigrationLinter
from django_migration_linter.sql_analyser import postgresql
from django_migration_linter.sql_analyser.base import has_add_unique

REPOSITORY = Path(__file__).resolve().parents[1]


def own_apps() -> list[str]:
    """Return the labels of the apps in this repository; migrations of other apps can't be changed here."""
    return [config.label for config in apps.get_app_configs() if _is_own(Path(config.path))]


def _is_own(path: Path) -> bool:
    return path.is_relative_to(REPOSITORY) and not path.is_relative_to(REPOSITORY / ".venv")


def indexes_a_table_in_use(sql_statements: list[str], **_: object) -> bool:
    """Return True if an index is created without CONCURRENTLY on a table that this migration does not create.

    The linter's own check reads the first index only, and takes the condition of a partial index for the table's name.
    """
    created = {found[1] for sql in sql_statements if (found := re.match(r'CREATE TABLE ("\w+")', sql))}
    indexed = {found[1] for sql in sql_statements if (found := re.match(r'CREATE (?:UNIQUE )?INDEX "\w+" ON ("\w+")', sql))}
    return not indexed <= created


def adds_unique(sql_statements: list[str], **options: object) -> bool:
    """Return True if a unique constraint is added without an existing index, which locks the table."""
    return bool(
        has_add_unique([sql for sql in sql_statements if not sql.rstrip(";").partition(" UNIQUE USING INDEX ")[2]], **options)
    )


CHECKS = {"CREATE_INDEX": indexes_a_table_in_use, "ADD_UNIQUE": adds_unique}


def main() -> int:
    """Return the exit status: 1 if a migration is dangerous."""
    vars(postgresql)["has_create_index"] = indexes_a_table_in_use
    analyser = postgresql.PostgresqlAnalyser
    for check in [*analyser.base_migration_checks, *analyser.migration_checks]:
        check.fn = CHECKS.get(check.code, check.fn)
    linter = MigrationLinter(
        str(REPOSITORY),
        include_apps=own_apps(),
        no_cache=True,
        ignore_initial_migrations=True,
        quiet=["ok", "ignore"],
        all_warnings_as_errors=True,
    )
    linter.lint_all_migrations()
    linter.print_summary()
    return int(linter.has_errors)


if __name__ == "__main__":
    sys.path.insert(0, str(REPOSITORY))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mingus.settings")
    django.setup()
    sys.exit(main())

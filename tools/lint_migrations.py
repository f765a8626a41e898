"""Lints the project's own migrations for what would lock or break a running deployment.

The linter is called as a library, because its command would have to be an installed app in settings.
"""

import os
import sys
from pathlib import Path

import django
from django.apps import apps
from django_migration_linter import MigrationLinter

REPOSITORY = Path(__file__).resolve().parents[1]


def own_apps() -> list[str]:
    """Labels of the apps below the repository: the others' migrations are not ours to change."""
    return [config.label for config in apps.get_app_configs() if _is_own(Path(config.path))]


def _is_own(path: Path) -> bool:
    return path.is_relative_to(REPOSITORY) and not path.is_relative_to(REPOSITORY / ".venv")


def main() -> int:
    """Exit status 1 when a migration is dangerous."""
    linter = MigrationLinter(
        str(REPOSITORY),
        include_apps=own_apps(),
        no_cache=True,
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

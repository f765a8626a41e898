"""Migration operations that Django does not have."""

from django.db import migrations


def composite_foreign_key(child: str, column: str, parent: str, *, name: str) -> migrations.RunSQL:
    """Keep a child with its owner's parent: (user_id, column) of `child` must be (user_id, id) of a row of `parent`.

    Foreign-key checks ignore row policies, so without this a user's row could hang on another user's. The check is
    immediate, so that it fails inside the statement and not at the commit, where nobody can answer it any more.
    """
    add = f"ALTER TABLE {child} ADD CONSTRAINT {name} FOREIGN KEY (user_id, {column}) REFERENCES {parent} (user_id, id)"
    return migrations.RunSQL(add, f"ALTER TABLE {child} DROP CONSTRAINT {name}")

"""The digest of an audit event in SQL, to forge events as a superuser could."""

OWN = ("id", "at", "user_id", "row_key", "action", "changes_digest")
SHARED = (
    *("actor_id", "impersonator_id", "source", "reason", "request_id"),
    *("database_user", "role", "transaction_id", "table_name"),
)


def digest_sql(**expressions: str) -> str:
    """Return the SQL of the digest of an event whose columns are `expressions` in place of those of the row."""
    columns = {name: name for name in (*OWN, *SHARED)} | expressions
    shared = ", ".join(columns[name] for name in SHARED)
    return """
        sha256(
            convert_to(jsonb_build_array({id}, extract(epoch FROM {at}), {user_id}, {row_key}, {action})::text, 'UTF8')
            || sha256(convert_to(jsonb_build_array({shared})::text, 'UTF8'))
            || {changes_digest})
    """.format(**columns, shared=shared)

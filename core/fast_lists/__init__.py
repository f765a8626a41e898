"""Lists answered from SQL that is compiled once. The middleware in `fast_path` is the only entry point.

With `FAST_LISTS=0` that middleware is not there, and queries for instances (`compiled_instances`) are compiled by the ORM at
every request: nothing is prepared on a connection then, and each list answers the same, more slowly.
"""

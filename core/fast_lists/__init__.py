"""Lists, locks and writes of rows whose SQL is compiled once. The middleware in `fast_path` is the entry point of lists.

With `FAST_LISTS=0` the middleware is disabled, the ORM compiles every query, and no statement is prepared. Responses are the
same, but slower.
"""

"""Lists answered from SQL that is compiled once: the middleware in `fast_path` is the only entry point."""

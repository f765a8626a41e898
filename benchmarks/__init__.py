"""Benchmarks of MINGUS against a bare WSGI function and other frameworks. See README.md."""

"""The roof of the project (settings, urls, checks) and, in `core`, the floor under its apps."""

__version__ = "0.1.0"

"""Settings, URLs, system checks and management commands of the project."""

__version__ = "0.1.0"

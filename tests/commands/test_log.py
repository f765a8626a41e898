"""Loggers, which write each record once because only the root has a handler."""

import logging

import pytest


@pytest.mark.parametrize("name", ["django", "django.request", "django.server", "core.jobs", "procrastinate"])
def test_a_logger_passes_its_records_to_the_root_only(name: str) -> None:
    logger = logging.getLogger(name)
    assert logger.handlers == []
    assert logger.propagate

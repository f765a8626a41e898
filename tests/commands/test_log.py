"""A line is written once: Django's own handlers are gone, and ours is at the root."""

import logging

import pytest


@pytest.mark.parametrize("name", ["django", "django.request", "django.server", "core.jobs", "procrastinate"])
def test_a_logger_hands_its_lines_to_the_root_only(name: str) -> None:
    logger = logging.getLogger(name)
    assert logger.handlers == []
    assert logger.propagate

"""A customer with something of everything, and what an export of his says."""

import io
import json
import zipfile
from typing import Any

import pytest
from django.apps import apps
from rest_framework.test import APIClient

from core.models.base import BaseModel
from dev.factories import FACTORIES
from tests.commands.conftest import no_jobs
from users.models import AccountErasure, User
from users.privacy import archive
from users.privacy.policies import declared

__all__ = ["no_jobs"]

OURS = [model for model in declared() if issubclass(model, BaseModel) and model not in (User, AccountErasure)]


def furnish(user: User, number: int = 2) -> None:
    """Rows of every model that can belong to a user; of a profile there is one."""
    for model in OURS:
        one_only = any(field.name == "user" and field.unique for field in model._meta.concrete_fields)
        FACTORIES[model].create_batch(1 if one_only else number, user=user)


def zip_of(user: User) -> bytes:
    """What an export of `user` would be now."""
    sink = io.BytesIO()
    archive.write(user, sink)
    return sink.getvalue()


def opened(data: bytes) -> dict[str, bytes]:
    """The files of a zip by name."""
    with zipfile.ZipFile(io.BytesIO(data)) as found:
        return {name: found.read(name) for name in found.namelist()}


def rows_in(data: bytes, label: str) -> list[dict[str, Any]]:
    """The rows of a model that an export holds."""
    name = archive.name_of(apps.get_model(label))
    return [json.loads(text) for text in opened(data)[name].splitlines()]


def data_files(data: bytes, *folders: str) -> dict[str, bytes]:
    """The files of a zip that lie in `folders`."""
    return {name: text for name, text in opened(data).items() if name.split("/")[0] in folders}


@pytest.fixture
def signed_in(alice: User) -> APIClient:
    """Alice in a session that began with her password."""
    client = APIClient(raise_request_exception=False)
    client.force_login(alice)
    return client

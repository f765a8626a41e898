"""Helpers that create a customer's rows and read their data export."""

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
from users.privacy.policies import models_with_policy

__all__ = ["no_jobs"]

OURS = [model for model in models_with_policy() if issubclass(model, BaseModel) and model not in (User, AccountErasure)]


def create_rows(user: User, number: int = 2) -> None:
    """Create rows of every model that can belong to a user, one of each model that allows only one."""
    for model in OURS:
        one_only = any(field.name == "user" and field.unique for field in model._meta.concrete_fields)
        FACTORIES[model].create_batch(1 if one_only else number, user=user)


def zip_of(user: User) -> bytes:
    """Return the bytes of a new export of `user`."""
    sink = io.BytesIO()
    archive.write(user, sink)
    return sink.getvalue()


def files_in(data: bytes) -> dict[str, bytes]:
    """Return the files of a zip by name."""
    with zipfile.ZipFile(io.BytesIO(data)) as found:
        return {name: found.read(name) for name in found.namelist()}


def rows_in(data: bytes, label: str) -> list[dict[str, Any]]:
    """Return an export's rows of a model."""
    name = archive.name_of(apps.get_model(label))
    return [json.loads(text) for text in files_in(data)[name].splitlines()]


def data_files(data: bytes, *folders: str) -> dict[str, bytes]:
    """Return the files of a zip in `folders` by name."""
    return {name: text for name, text in files_in(data).items() if name.split("/")[0] in folders}


@pytest.fixture
def signed_in(alice: User) -> APIClient:
    """Return a client with alice's session, which began with a password."""
    client = APIClient(raise_request_exception=False)
    client.force_login(alice)
    return client

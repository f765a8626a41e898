"""Uploads that are imported into an account, or applied as a bulk call, and runs of rules, by a job."""

from typing import Any, BinaryIO

import orjson
from django.utils.module_loading import import_string
from drf_standardized_errors.formatter import flatten_errors
from rest_framework.exceptions import APIException

from core import clock
from core.errors import DomainError
from finance.serializers.imports import ImportResultSerializer
from finance.serializers.moves import MoveResultSerializer
from finance.serializers.rules import RuleResultSerializer
from finance.serializers.undo import UndoableBulkResultSerializer
from finance.services.import_jobs import import_upload
from finance.services.move_jobs import move_upload
from finance.services.rule_runs import apply_upload
from users.models import Upload
from users.models.uploads import UploadKind
from users.upload_serializers import RESULTS
from users.uploads import Progress, register


def import_as_json(upload: Upload, file: BinaryIO, on_progress: Progress) -> dict[str, Any]:
    """Import an upload, and return what the API returns for a small file."""
    return dict(ImportResultSerializer(import_upload(upload, file, on_progress)).data)


def change_as_json(upload: Upload, file: BinaryIO, on_progress: Progress) -> dict[str, Any]:
    """Apply a bulk call, and return what the API returns for a small one. Raise DomainError for the first of its errors."""
    view = import_string("finance.views.accounts.TransactionViewSet").for_job(
        upload.user
    )  # views import much, this is for jobs
    try:
        form = view.get_serializer(data=orjson.loads(file.read()))
        form.is_valid(raise_exception=True)
        result: dict[str, Any] = view.apply_bulk(form.validated_data, on_progress)
    except APIException as error:
        first = flatten_errors(error.detail)[0]
        raise DomainError(first.code, first.detail, field=first.attr, status=error.status_code) from error
    return result


def move_as_json(upload: Upload, file: BinaryIO, on_progress: Progress) -> dict[str, Any]:
    """Move in the accounts of an upload, and return what the API returns for a small file."""
    return dict(MoveResultSerializer(move_upload(upload, file, on_progress)).data)


def run_as_json(upload: Upload, file: BinaryIO, on_progress: Progress) -> dict[str, Any]:
    """Apply rules, and return what the API returns for few transactions."""
    return dict(RuleResultSerializer(apply_upload(upload, on_progress, now=clock.now())).data)


register(UploadKind.BULK, work=change_as_json)
register(UploadKind.MOVE, work=move_as_json)
register(UploadKind.RULES, work=run_as_json)
register(UploadKind.IMPORT, UploadKind.DRY_RUN, work=import_as_json)
RESULTS += [ImportResultSerializer, MoveResultSerializer, RuleResultSerializer, UndoableBulkResultSerializer]

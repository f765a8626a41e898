"""Uploads that are imported into an account by a job."""

from typing import Any, BinaryIO

from finance.serializers.imports import ImportResultSerializer
from finance.services.import_jobs import import_upload
from users.models import Upload
from users.models.uploads import UploadKind
from users.upload_serializers import RESULTS
from users.uploads import Progress, register


def import_as_json(upload: Upload, file: BinaryIO, on_progress: Progress) -> dict[str, Any]:
    """Import an upload, and return what the API returns for a small file."""
    return dict(ImportResultSerializer(import_upload(upload, file, on_progress)).data)


register(UploadKind.IMPORT, UploadKind.DRY_RUN, work=import_as_json)
RESULTS.append(ImportResultSerializer)

"""Uploads of exports that are imported into an empty account by a job."""

from typing import Any, BinaryIO

from users.models import Upload
from users.models.uploads import UploadKind
from users.privacy.restore import restore
from users.serializers import RestoredSerializer
from users.upload_serializers import RESULTS
from users.uploads import Progress, register


def restore_as_json(upload: Upload, file: BinaryIO, on_progress: Progress) -> dict[str, Any]:
    """Import an export, and return what the API returns for a small file."""
    return dict(RestoredSerializer({"rows": restore(upload.user, file, on_progress=on_progress)}).data)


register(UploadKind.RESTORE, work=restore_as_json)
RESULTS.append(RestoredSerializer)

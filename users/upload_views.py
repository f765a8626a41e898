"""API views of uploaded files that a job processes."""

from typing import Any

from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter
from rest_framework.response import Response

from core.api.actions import row_action
from core.api.viewsets import OwnedReadOnlyViewSet
from users import uploads
from users.filters import UploadFilter
from users.models import Upload
from users.upload_serializers import UploadDetailSerializer, UploadSerializer

LOCATION = OpenApiParameter("Location", str, "header", description="The URL of the upload.", response=[202])


def accepted(upload: Upload) -> Response:
    """Return the response to a request whose file is processed by a job: 202 with the upload's URL in `Location`."""
    location = reverse("upload-detail", kwargs={"pk": upload.pk})
    return Response(UploadDetailSerializer(upload).data, status=202, headers={"Location": location})


class UploadViewSet(OwnedReadOnlyViewSet):
    about = (
        "An upload is a statement or an export that is imported by a job, because it is large. Read it until `status` is "
        "`done`, `failed` or `canceled`. It is deleted a day later."
    )
    queryset = Upload.objects.all()
    serializer_class = UploadSerializer
    filterset_class = UploadFilter

    def get_serializer_class(self) -> Any:
        return UploadSerializer if self.action == "list" else UploadDetailSerializer

    @row_action(
        summary="Cancel an upload",
        description="Cancels an upload that is waiting or being processed. Nothing is imported, and the file is deleted. "
        "Returns 409 if it has ended.",
    )
    def cancel(self, upload: Upload) -> None:
        uploads.cancel(upload)

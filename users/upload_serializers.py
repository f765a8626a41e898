"""Serializers of uploaded files that a job processes."""

from typing import Any

from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from core.api.examples import EXAMPLE_ID, EXAMPLE_TIME
from core.api.serializers import BaseSerializer
from users.models import Upload


@extend_schema_serializer(description="A file that a job processes, and the progress of the job.")
class UploadSerializer(BaseSerializer):
    class Meta:
        model = Upload
        fields = [
            "id",
            "kind",
            "status",
            "progress",
            "filename",
            "size",
            "finished_at",
            "expires_at",
            "created_at",
            "updated_at",
        ]
        read_only_fields = fields
        example: dict[str, Any] = {
            "id": EXAMPLE_ID,
            "kind": "import",
            "status": "queued",
            "progress": 0,
            "filename": "2009-to-2025.csv",
            "size": 26214400,
            "finished_at": None,
            "expires_at": None,
            "created_at": EXAMPLE_TIME,
            "updated_at": EXAMPLE_TIME,
        }


@extend_schema_serializer(description="The error because of which a file was refused. Nothing was changed.")
class UploadErrorSerializer(serializers.Serializer):
    code = serializers.CharField(help_text="A stable code of the error.")
    detail = serializers.CharField(help_text="A message that says what to do.")
    attr = serializers.CharField(allow_null=True, help_text="The invalid field of the request, or null.")


# The serializers of results, added by the modules `upload_kinds`.
RESULTS: list[type[serializers.Serializer]] = []
UPLOAD_RESULT = PolymorphicProxySerializer(
    component_name="UploadResult",
    serializers=lambda: sorted(RESULTS, key=lambda result: result.__name__),
    resource_type_field_name=None,
    many=False,
)


@extend_schema_serializer(description="A file that a job processes, the progress of the job, and its result or error.")
class UploadDetailSerializer(UploadSerializer):
    result = serializers.SerializerMethodField(
        allow_null=True,
        help_text="What a small file's request returns at once. Null until `status` is `done`.",
    )
    error = serializers.SerializerMethodField(help_text="Why the file was refused. Null unless `status` is `failed`.")

    class Meta(UploadSerializer.Meta):
        fields = [*UploadSerializer.Meta.fields, "result", "error"]
        read_only_fields = fields
        example = UploadSerializer.Meta.example | {"result": None, "error": None}

    @extend_schema_field(UPLOAD_RESULT)
    def get_result(self, upload: Upload) -> Any:
        return upload.result

    @extend_schema_field(UploadErrorSerializer(allow_null=True))
    def get_error(self, upload: Upload) -> Any:
        return upload.error

"""Views of attachments."""

from base64 import b64encode
from itertools import chain
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils.http import content_disposition_header
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from core import rls
from core.api import etag
from core.api.examples import response_example
from core.api.viewsets import DestroyMixin, OwnedReadOnlyViewSet, UpdateMixin
from core.encryption.key_ring import EncryptionError
from core.errors import ConflictError
from finance import services
from finance.attachment_filters import AttachmentFilter
from finance.models import Attachment
from finance.serializers.attachments import AttachmentFormSerializer, AttachmentSerializer

CONTENT_TYPES = {"pdf": "application/pdf", "png": "image/png", "jpeg": "image/jpeg"}


class AttachmentViewSet(UpdateMixin, DestroyMixin, OwnedReadOnlyViewSet):
    about = (
        "Attachments are PDF, PNG or JPEG files of transactions, such as receipts. They are encrypted. When its transaction is "
        "deleted, an attachment remains for 30 days. PATCH can move it to another transaction."
    )
    closed_to_impersonation = True
    queryset = Attachment.objects.all()
    serializer_class = AttachmentSerializer
    filterset_class = AttachmentFilter
    ordering_fields = ("created_at",)
    search_fields = ("name",)
    file_actions = ("create", "download")

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        """Use the parser of multipart forms for an upload, and those of JSON for all else."""
        if request.method == "POST":
            self.parser_classes = (MultiPartParser,)
        return super().initialize_request(request, *args, **kwargs)

    @extend_schema(
        summary="Attach a file to a transaction",
        description="Stores one PDF, PNG or JPEG file of at most 10 MB. Its content determines its type. A transaction has at "
        "most 30 attachments, and all attachments of a user together at most 100 MB. Returns 413 if the body is too large.",
        request={"multipart/form-data": AttachmentFormSerializer},
        responses={201: AttachmentSerializer},
        examples=[response_example(AttachmentSerializer, "201")],
    )
    def create(self, request: Request) -> Response:
        form = self.parsed(AttachmentFormSerializer)
        added = services.attach(owner=request.user, target=form["transaction"], file=form["file"], name=form.get("name", ""))
        return self.row_response(added, status=201)

    @extend_schema(
        summary="Download an attachment",
        description="Returns the file. `Repr-Digest` has its SHA-256 (RFC 9530). Returns 409 if it can't be decrypted.",
        responses={(200, content_type): OpenApiTypes.BINARY for content_type in CONTENT_TYPES.values()},
    )
    @action(detail=True, methods=["get"])
    def download(self, request: Request, pk: Any) -> HttpResponse | StreamingHttpResponse:
        attachment = self.get_object()
        # the contents never change, but the name in the response does
        headers = {"ETag": etag.etag_of(attachment), "Cache-Control": "private, no-store"}
        if etag.is_sent(request, headers["ETag"]):
            return HttpResponse(status=304, headers=headers)
        chunks = attachment.read_file()
        try:
            whole = chain([next(chunks)], chunks)
        except EncryptionError as error:
            raise ConflictError("unreadable", "This file can't be decrypted. Ask support to restore it.") from error
        headers |= {
            "Content-Disposition": content_disposition_header(True, attachment.name) or "attachment",
            "Content-Length": str(attachment.size),
            "X-Content-Type-Options": "nosniff",
            "Repr-Digest": f"sha-256=:{b64encode(bytes.fromhex(attachment.sha256)).decode()}:",
        }
        content_type = CONTENT_TYPES[attachment.media_type]
        return StreamingHttpResponse(rls.iterate_in_context(whole), content_type=content_type, headers=headers)

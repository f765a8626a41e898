"""The views of the two OpenAPI documents: of the API for apps, and of its operations for staff."""

from functools import cache
from typing import Any

from django.http import HttpResponse
from drf_spectacular.settings import patched_settings
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request

from mingus.spectacular_settings import CUSTOMERS, STAFF


class OpenAPIDocumentView(SpectacularAPIView):
    """The OpenAPI document in YAML or JSON.

    It takes a second or two to generate, so each process does it once for a media type, whatever the query.
    """

    content_negotiation_class = DefaultContentNegotiation
    is_for_staff = False

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        renderer = request.accepted_renderer
        name = "mingus-staff" if self.is_for_staff else "mingus"
        headers = {"Cache-Control": "max-age=3600", "Content-Disposition": f'inline; filename="{name}.{renderer.format}"'}
        content = document(renderer.media_type, is_for_staff=self.is_for_staff)
        return HttpResponse(content, renderer.media_type, headers=headers)


@cache
def document(media_type: str, *, is_for_staff: bool) -> bytes:
    """Return the document in one of the view's media types."""
    renderer = next(each for each in OpenAPIDocumentView.renderer_classes if each.media_type == media_type)
    with patched_settings(STAFF if is_for_staff else CUSTOMERS):
        schema = OpenAPIDocumentView.generator_class().get_schema(request=None, public=True)
    rendered: Any = renderer().render(schema, renderer_context={})
    return rendered if isinstance(rendered, bytes) else rendered.encode()

"""The view of the OpenAPI document."""

from functools import cache
from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request


class OpenAPIDocumentView(SpectacularAPIView):
    """The OpenAPI document in YAML or JSON.

    It takes a second or two to generate, so each process does it once for a media type, whatever the query.
    """

    content_negotiation_class = DefaultContentNegotiation

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        renderer = request.accepted_renderer
        headers = {"Cache-Control": "max-age=3600", "Content-Disposition": f'inline; filename="mingus.{renderer.format}"'}
        return HttpResponse(document(renderer.media_type), renderer.media_type, headers=headers)


@cache
def document(media_type: str) -> bytes:
    """Return the document in one of the view's media types."""
    renderer = next(each for each in OpenAPIDocumentView.renderer_classes if each.media_type == media_type)
    schema = OpenAPIDocumentView.generator_class().get_schema(request=None, public=True)
    rendered: Any = renderer().render(schema, renderer_context={})
    return rendered if isinstance(rendered, bytes) else rendered.encode()

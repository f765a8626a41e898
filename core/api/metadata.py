"""The response to OPTIONS."""

from typing import TYPE_CHECKING

from django.urls import reverse
from rest_framework.metadata import BaseMetadata
from rest_framework.request import Request

if TYPE_CHECKING:
    from rest_framework.views import APIView


class Metadata(BaseMetadata):
    """The name and description of a view, and the URL of the OpenAPI document.

    DRF's own class lists the fields of one serializer, although the actions of a view have different ones.
    """

    def determine_metadata(self, request: Request, view: "APIView") -> dict[str, str]:
        schema = request.build_absolute_uri(reverse("schema"))
        return {"name": view.get_view_name(), "description": getattr(view, "about", ""), "schema": schema}

"""What OPTIONS answers."""

from typing import TYPE_CHECKING

from django.urls import reverse
from rest_framework.metadata import BaseMetadata
from rest_framework.request import Request

if TYPE_CHECKING:
    from rest_framework.views import APIView


class Metadata(BaseMetadata):
    """What is at an address, and where its fields are described; `Allow` names the methods.

    DRF's own lists the fields of the view's one serializer, which many an action doesn't have; the schema knows each action's.
    """

    def determine_metadata(self, request: Request, view: "APIView") -> dict[str, str]:
        """`name` and `description` of the view, and the address of the `schema`."""
        schema = request.build_absolute_uri(reverse("schema"))
        return {"name": view.get_view_name(), "description": view.get_view_description(), "schema": schema}

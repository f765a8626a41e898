"""A client that requests each page of a list by both paths and compares the responses."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from rest_framework.test import APIClient

from core.fast_lists import fast_path

Responses = list[HttpResponse | None]


@dataclass
class ListClient:
    """A client that requests each page twice: by the plain path, and by the compiled path if there is one."""

    client: APIClient
    responses: Responses

    def page(self, path: str, params: dict[str, Any] | None = None) -> Any:
        """Return the page after checking that both responses are the same."""
        fast_path.COMPILED_LISTS.clear()
        plain, again = self.client.get(path, params), self.client.get(path, params)
        assert again.status_code == plain.status_code == 200, plain.content
        assert again.content == plain.content
        assert headers_of(again) == headers_of(plain)
        return again.json()

    @property
    def was_compiled(self) -> bool:
        return self.responses[-1] is not None


def headers_of(response: Any) -> dict[str, str]:
    """Return the headers of a response that do not differ between equal requests."""
    return {name: value for name, value in response.headers.items() if name != "X-Request-Id"}

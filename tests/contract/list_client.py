"""A client that requests each page of a list by both paths and compares the responses."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from rest_framework.test import APIClient

from core.fast_lists import fast_path

Answers = list[HttpResponse | None]


@dataclass
class Asker:
    """Asks for each page twice: the plain path first, and whatever path there is after it."""

    client: APIClient
    answers: Answers

    def page(self, path: str, params: dict[str, Any] | None = None) -> Any:
        """The page, the same by both paths."""
        fast_path.COMPILED_LISTS.clear()
        plainly, again = self.client.get(path, params), self.client.get(path, params)
        assert again.status_code == plainly.status_code == 200, plainly.content
        assert again.content == plainly.content
        assert sent(again) == sent(plainly)
        return again.json()

    @property
    def was_compiled(self) -> bool:
        return self.answers[-1] is not None


def sent(answer: Any) -> dict[str, str]:
    """An answer's headers, but for what differs from one to the next."""
    return {name: value for name, value in answer.headers.items() if name != "X-Request-Id"}

"""The operations of the OpenAPI document, with a name, a summary, a description and an example of each."""

import re
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ComponentRegistry
from drf_spectacular.utils import OpenApiExample, OpenApiParameter
from rest_framework import serializers

from core.api.examples import example_of
from core.api.permissions import PublicReadStaffWrite

SUMMARIES = {
    "list": "List {}",
    "retrieve": "Read {}",
    "create": "Create {}",
    "update": "Replace {}",
    "partial_update": "Change {}",
    "destroy": "Delete {}",
    "bulk": "Create, update and delete many {}",
}
ARTICLES = {"a", "an", "the"}
VERBS = {
    "list": "list",
    "retrieve": "get",
    "create": "create",
    "update": "replace",
    "partial_update": "update",
    "destroy": "delete",
    "bulk": "bulk change",
}
PLURAL = ("list", "bulk")
DESCRIPTIONS = {
    "list": "Returns a page of {}.",
    "retrieve": "Returns {} with its `ETag`.",
    "create": "Creates {}.",
    "update": "Replaces {}. Required fields must be sent; optional fields that are left out keep their values.",
    "partial_update": "Changes the fields of {} that are sent.",
    "destroy": "Deletes {}.",
}


class Schema(AutoSchema):
    """The schema of one view.

    The standard actions are described by SUMMARIES or the view's `summaries`, DESCRIPTIONS and the view's `about`, other
    actions by their `extend_schema`, examples by the serializer's `Meta.example`. No docstring is public.
    """

    def get_summary(self) -> str | None:
        return self._about_action(SUMMARIES | getattr(self.view, "summaries", {}))

    def get_description(self) -> str:  # type: ignore[override]  # drf-spectacular calls it without arguments
        return " ".join(filter(None, [self._about_action(DESCRIPTIONS), getattr(self.view, "about", "")]))

    def get_operation_id(self) -> str:
        """Return the summary as one word, such as `pauseSubscription`, with the usual verbs for the standard actions."""
        action: str = getattr(self.view, "action", "")
        summary = self.get_summary() or action
        if action in VERBS and summary == self._about_action(SUMMARIES):
            return camel_case(f"{VERBS[action]} {self._noun(plural=action in PLURAL)}")
        return camel_case(summary)

    def _about_action(self, sentences: dict[str, str]) -> str | None:
        action = getattr(self.view, "action", "")
        return sentences[action].format(self._noun(plural=action in PLURAL)) if action in sentences else None

    def _noun(self, *, plural: bool) -> str:
        queryset = getattr(self.view, "queryset", None)
        if queryset is None:
            return self.view.get_view_name().lower()
        meta = queryset.model._meta
        name = str(meta.verbose_name)
        return str(meta.verbose_name_plural) if plural else f"{'an' if name[0] in 'aeio' else 'a'} {name}"

    def get_examples(self) -> list[OpenApiExample]:
        responses = self.get_response_serializers()
        found = next(iter(responses.values())) if isinstance(responses, dict) else responses
        serializer = found() if isinstance(found, type) else getattr(found, "child", found)
        example = example_of(serializer) if isinstance(serializer, serializers.Serializer) else None
        return [OpenApiExample("Example", value=example, response_only=True)] if example else []

    def get_auth(self) -> list[dict[str, Any]]:
        """Return the authentication methods, with none as an option where reading is public."""
        is_public = self.method == "GET" and PublicReadStaffWrite in getattr(self.view, "permission_classes", ())
        return [*super().get_auth(), *([{}] if is_public else [])]

    def get_operation(
        self, path: str, path_regex: str, path_prefix: str, method: str, registry: ComponentRegistry
    ) -> dict[str, Any] | None:
        """Return the operation, whose description may name the view's `{row}` and `{rows}`."""
        operation: dict[str, Any] | None = super().get_operation(path, path_regex, path_prefix, method, registry)
        return operation and operation | {"description": self._filled(operation["description"])}

    def _resolve_path_parameters(self, variables: list[str]) -> list[dict[str, Any]]:
        """Describe the parameters in the path: by the view's `path_texts`, or `id` as the key of its model."""
        texts: dict[str, str] = {"id": "The id of the {row}.", **getattr(self.view, "path_texts", {})}
        found: list[dict[str, Any]] = super()._resolve_path_parameters(variables)
        return [parameter | {"description": self._filled(texts[parameter["name"]])} for parameter in found]

    def _filled(self, text: str) -> str:
        queryset = getattr(self.view, "queryset", None)
        if queryset is None:
            return text
        names = queryset.model._meta
        return text.replace("{row}", str(names.verbose_name)).replace("{rows}", str(names.verbose_name_plural))

    def get_override_parameters(self) -> list[Any]:
        if self.method == "POST":
            text = "A unique string, such as a UUID. A retry with the same key within 24 hours returns the first response."
            return [OpenApiParameter("Idempotency-Key", str, "header", description=text)]
        if self.method in {"PUT", "PATCH", "DELETE"}:
            text = "An ETag. If the object was changed since, the request fails with status 412."
            return [OpenApiParameter("If-Match", str, "header", description=text)]
        if getattr(self.view, "action", "") in {"list", "retrieve"}:
            text = "The ETag of an earlier response. If it is still valid, the response is 304 without a body."
            return [OpenApiParameter("If-None-Match", str, "header", description=text)]
        return []


def camel_case(words: str) -> str:
    """Return words without their articles as one word: `Pause a subscription` is `pauseSubscription`."""
    first, *others = [word for word in re.findall(r"[A-Za-z0-9]+", words) if word not in ARTICLES]
    return first.lower() + "".join(word[0].upper() + word[1:] for word in others)

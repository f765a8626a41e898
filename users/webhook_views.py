"""API views of webhooks."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from core import clock
from core.api.actions import post_action, row_action
from core.api.examples import response_example
from core.api.viewsets import OwnedReadOnlyViewSet, OwnedViewSet
from users.filters import WebhookFilter, WebhookMessageFilter
from users.models import WebhookEndpoint, WebhookMessage
from users.permissions import RecentlyReauthenticated, RecentlyReauthenticatedForRow
from users.views import REAUTHENTICATION
from users.webhook_serializers import (
    ReplayedSerializer,
    ReplaySerializer,
    WebhookMessageDetailSerializer,
    WebhookMessageSerializer,
    WebhookSecretSerializer,
    WebhookSerializer,
)
from users.webhooks import endpoints


@extend_schema_view(
    create=extend_schema(
        description="Creates a webhook. Its secret is returned only once. The URL must be https, with a name as its host. "
        f"A user can have {endpoints.MAX_ENDPOINTS} webhooks, else 409 `too_many_webhooks`. {REAUTHENTICATION}"
    ),
    update=extend_schema(description=f"Replaces a webhook. {REAUTHENTICATION}"),
    partial_update=extend_schema(
        description="Changes a webhook. After `is_enabled` was set, it gets messages about later changes. " + REAUTHENTICATION
    ),
    destroy=extend_schema(description=f"Deletes a webhook with its messages. {REAUTHENTICATION}"),
)
class WebhookViewSet(OwnedViewSet):
    about = (
        "A webhook is a URL of the user's program that gets a signed message when the user's data has changed "
        "(standardwebhooks.com). Messages contain the keys of the changed objects, which the program then reads."
    )
    closed_to_impersonation = True
    queryset = WebhookEndpoint.objects.all()
    serializer_class = WebhookSerializer
    filterset_class = WebhookFilter
    permissions_by_action: ClassVar[dict[str, Any]] = {
        "create": (RecentlyReauthenticated,),
        **dict.fromkeys(("update", "partial_update", "destroy", "rotate_secret"), (RecentlyReauthenticatedForRow,)),
    }

    def get_serializer_class(self) -> Any:
        return WebhookSecretSerializer if self.action in {"create", "rotate_secret"} else WebhookSerializer

    @row_action(
        responses=WebhookSecretSerializer,
        summary="Replace the secret of a webhook",
        description="Returns a new secret, only once. For 24 hours messages are signed with the former secret, too. "
        + REAUTHENTICATION,
    )
    def rotate_secret(self, endpoint: WebhookEndpoint) -> None:
        endpoints.rotate_secret(endpoint, now=clock.now())

    @post_action(
        summary="Send a test message",
        description="Queues a message of the type `webhook.test`. Returns 409 `webhook_disabled` if the webhook is disabled.",
        responses={202: WebhookMessageSerializer},
        examples=[response_example(WebhookMessageSerializer, "202")],
    )
    def test(self, request: Request, pk: Any) -> Response:
        message = endpoints.send_test(self.get_object(), now=clock.now())
        return Response(WebhookMessageSerializer(message, context=self.get_serializer_context()).data, status=202)

    @post_action(
        request=ReplaySerializer,
        summary="Replay the messages of a webhook",
        description="Sends the messages that were created since a time again, with their ids, except those that are being "
        "delivered. Returns 409 `webhook_disabled` if the webhook is disabled.",
        responses={202: ReplayedSerializer},
        examples=[response_example(ReplayedSerializer, "202")],
    )
    def replay(self, request: Request, pk: Any) -> Response:
        queued = endpoints.replay_since(self.get_object(), now=clock.now(), **self.parsed(ReplaySerializer))
        return Response(ReplayedSerializer({"queued": queued}).data, status=202)


class WebhookMessageViewSet(OwnedReadOnlyViewSet):
    about = "A message to a webhook, with the attempts to deliver it. Messages are deleted after 30 days."
    closed_to_impersonation = True
    queryset = WebhookMessage.objects.all()
    serializer_class = WebhookMessageSerializer
    filterset_class = WebhookMessageFilter

    def get_queryset(self) -> QuerySet[Any]:
        found = super().get_queryset()
        return found if self.action == "list" else found.select_related("endpoint")

    def get_serializer_class(self) -> Any:
        return WebhookMessageSerializer if self.action == "list" else WebhookMessageDetailSerializer

    @row_action(
        summary="Replay a message",
        description="Sends a message again, with its id. Returns 409 if it is being delivered, or if the webhook is disabled.",
    )
    def replay(self, message: WebhookMessage) -> None:
        endpoints.replay(message, now=clock.now())

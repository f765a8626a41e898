"""API views of alerts, important dates and notification preferences."""

from dataclasses import replace
from typing import Any, cast

from django.db.models import F
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core import clock
from core.api import etag
from core.api.actions import post_action
from core.api.examples import response_example
from core.api.viewsets import DestroyMixin, OwnedReadOnlyViewSet, OwnedViewSet
from core.fast_lists.sql_serializer import SqlSerializer
from system import services
from system.filters import AlertFilter, ImportantDateFilter, NotificationPreferenceFilter, PushDeviceFilter
from system.models import ImportantDate, NotificationPreference, PushDevice, SystemAlert
from system.models.alerts import PER_USER_COLUMNS
from system.serializers import (
    ActionSerializer,
    AlertSerializer,
    ImportantDateSerializer,
    NewPushDeviceSerializer,
    NotificationPreferenceSerializer,
    PushDeviceSerializer,
    PushKeySerializer,
    ReadAllResultSerializer,
)

OWN = {name: F(f"own_{name}") for name in PER_USER_COLUMNS} | {"priority_score": F("priority_score")}


class AlertViewSet(OwnedReadOnlyViewSet):
    about = "An alert is for the user or for all users. Its read and action fields are the user's own in both cases."
    queryset = SystemAlert.objects.all()
    serializer_class = AlertSerializer
    filterset_class = AlertFilter
    ordering_fields = ("created_at", "expires_at", "priority_score")
    search_fields = ("title", "message")

    def get_sql_serializer(self) -> SqlSerializer:
        """Return the list's columns, with the user's own read state in place of the row's."""
        sql_serializer = cast("SqlSerializer", super().get_sql_serializer())
        expressions = zip(sql_serializer.names, sql_serializer.expressions, strict=True)
        return replace(sql_serializer, expressions=tuple(OWN.get(name, expression) for name, expression in expressions))

    def with_owner(self, row: SystemAlert) -> SystemAlert:
        return row.as_seen_by_user()

    @post_action(
        summary="Mark an alert as read",
        description="Marks an alert or a broadcast as read by the user. Idempotent: the first `read_at` stays.",
    )
    def read(self, request: Request, pk: Any) -> Response:
        services.mark_read(self._matching(), user=request.user, now=clock.now())
        return self.row_response(self.get_object())

    @post_action(
        summary="Record the action on an alert",
        description="Records that the user took the required action, and marks the alert as read. A repeated request only "
        "replaces the notes if it has any. Fails with 409 if the alert requires no action.",
        request=ActionSerializer,
    )
    def take_action(self, request: Request, pk: Any) -> Response:
        alert, form = self._matching(), self.parsed(ActionSerializer)
        services.take_action(alert, user=request.user, now=clock.now(), notes=form.get("action_notes"))
        return self.row_response(self.get_object())

    @post_action(
        summary="Mark all alerts as read",
        description="Marks all alerts of the user and all broadcasts as read by the user, expired ones too. Idempotent.",
        responses=ReadAllResultSerializer,
        detail=False,
    )
    def read_all(self, request: Request) -> Response:
        count = services.mark_all_read(user=request.user, now=clock.now())
        return Response(ReadAllResultSerializer({"marked_read": count}).data)

    def _matching(self) -> SystemAlert:
        """Return the row after checking If-Match. It is not locked, because all users read a broadcast concurrently."""
        alert: SystemAlert = self.get_object()
        etag.require_match(self.request, alert)
        return alert


class ImportantDateViewSet(OwnedViewSet):
    about = (
        "Each occurrence of an active date is announced once, `reminder_days` before it, by an alert and, depending on the "
        "user's notification preferences, by email."
    )
    queryset = ImportantDate.objects.all()
    serializer_class = ImportantDateSerializer
    filterset_class = ImportantDateFilter
    ordering = "date_value"
    ordering_fields = ("date_value", "date_name", "created_at", "next_occurrence", "days_until_due", "days_overdue")
    search_fields = ("date_name", "description")


class NotificationPreferenceViewSet(OwnedViewSet):
    about = "There is at most one preference per type of notification. Without one, the defaults of the fields apply."
    queryset = NotificationPreference.objects.all()
    serializer_class = NotificationPreferenceSerializer
    filterset_class = NotificationPreferenceFilter
    ordering_fields = ("created_at", "notification_type")


class PushDeviceViewSet(DestroyMixin, OwnedReadOnlyViewSet):
    about = "A device gets the user's alerts by Web Push, for the types of notifications whose `push_enabled` is true."
    closed_to_impersonation = True
    queryset = PushDevice.objects.all()
    serializer_class = PushDeviceSerializer
    filterset_class = PushDeviceFilter
    ordering_fields = ("created_at", "name", "last_sent_at")
    search_fields = ("name",)

    def get_serializer_class(self) -> Any:
        return NewPushDeviceSerializer if self.action == "create" else PushDeviceSerializer

    @extend_schema(
        summary="Register a device for push notifications",
        description="Stores the subscription of a browser or phone, or new keys of a known one, and switches push on for the "
        "types of notifications. Fails with 409 `push_not_configured` if this server sends none, and with 400 "
        "`unknown_push_service` if the endpoint is not one of a known push service.",
        request=NewPushDeviceSerializer,
        responses={201: PushDeviceSerializer},
    )
    def create(self, request: Request) -> Response:
        form = self.parsed(NewPushDeviceSerializer)
        device = services.register_device(
            user=request.user, name=form["name"], subscription=form["subscription"], types=form["notification_types"]
        )
        shown = PushDeviceSerializer(device, context=self.get_serializer_context())
        return self.saved_response(shown, status=201)

    @extend_schema(
        summary="Get the key for push notifications",
        description="Returns the server's public key (VAPID). Fails with 409 `push_not_configured` if it sends none.",
        responses=PushKeySerializer,
        examples=[response_example(PushKeySerializer, "200")],
    )
    @action(detail=False, url_path="public-key")
    def public_key(self, request: Request) -> Response:
        return Response(PushKeySerializer({"public_key": services.require_configured()}).data)

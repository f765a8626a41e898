"""What reaches the user, in the API."""

from dataclasses import replace
from typing import Any, cast

from django.db.models import F
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core import clock
from core.api import etag
from core.api.viewsets import OwnedReadOnlyViewSet, OwnedViewSet
from core.fast_lists.sql_serializer import SqlSerializer
from system import services
from system.filters import AlertFilter, ImportantDateFilter, NotificationPreferenceFilter
from system.models import ImportantDate, NotificationPreference, SystemAlert
from system.models.alerts import READING
from system.serializers import (
    ActionSerializer,
    AlertSerializer,
    ImportantDateSerializer,
    NotificationPreferenceSerializer,
    ReadAllResultSerializer,
)

OWN = {name: F(f"own_{name}") for name in READING} | {"priority_score": F("priority_score")}


class AlertViewSet(OwnedReadOnlyViewSet):
    """Alerts and broadcasts. Staff send them; a user reads them, and says what he did."""

    queryset = SystemAlert.objects.all()
    serializer_class = AlertSerializer
    filterset_class = AlertFilter
    ordering_fields = ("created_at", "expires_at", "priority_score")
    search_fields = ("title", "message")

    def get_sql_serializer(self) -> SqlSerializer:
        """The list's columns, the user's own reading in place of the row's."""
        sql_serializer = cast("SqlSerializer", super().get_sql_serializer())
        expressions = zip(sql_serializer.names, sql_serializer.expressions, strict=True)
        return replace(sql_serializer, expressions=tuple(OWN.get(name, expression) for name, expression in expressions))

    def with_owner(self, row: SystemAlert) -> SystemAlert:
        return row.as_seen_by_user()

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def read(self, request: Request, pk: Any) -> Response:
        """Mark an alert as read. Doing it twice changes nothing."""
        services.mark_read(self._matching(), user=request.user, now=clock.now())
        return self.row_response(self.get_object())

    @extend_schema(request=ActionSerializer)
    @action(detail=True, methods=["post"], url_path="take-action")
    def take_action(self, request: Request, pk: Any) -> Response:
        """Say that you did what an alert asks of you. Once more it only replaces the notes."""
        alert, form = self._matching(), self.parsed(ActionSerializer)
        services.take_action(alert, user=request.user, now=clock.now(), notes=form.get("action_notes"))
        return self.row_response(self.get_object())

    @extend_schema(request=None, responses=ReadAllResultSerializer)
    @action(detail=False, methods=["post"], url_path="read-all", filterset_class=None, pagination_class=None)
    def read_all(self, request: Request) -> Response:
        """Mark everything as read, alerts and broadcasts."""
        count = services.mark_all_read(user=request.user, now=clock.now())
        return Response(ReadAllResultSerializer({"marked_read": count}).data)

    def _matching(self) -> SystemAlert:
        """The row of the path in the state that If-Match names; not locked, since everybody reads a broadcast at once."""
        alert: SystemAlert = self.get_object()
        etag.require_match(self.request, alert)
        return alert


class ImportantDateViewSet(OwnedViewSet):
    """Days to be reminded of."""

    queryset = ImportantDate.objects.all()
    serializer_class = ImportantDateSerializer
    filterset_class = ImportantDateFilter
    ordering = "date_value"
    ordering_fields = ("date_value", "date_name", "created_at", "next_occurrence", "days_until_due", "days_overdue")
    search_fields = ("date_name", "description")


class NotificationPreferenceViewSet(OwnedViewSet):
    """By which way and when you want to hear of what. Where there is none for a kind of thing, the defaults hold."""

    queryset = NotificationPreference.objects.all()
    serializer_class = NotificationPreferenceSerializer
    filterset_class = NotificationPreferenceFilter
    ordering_fields = ("created_at", "notification_type")

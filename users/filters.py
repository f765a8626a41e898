"""Filters of the lists of a user's own rows."""

from core.api.filters.filtersets import StrictFilterSet
from system.models import AccessEvent
from users.models import (
    DataExport,
    OnboardingProgress,
    PersonalAccessToken,
    Upload,
    UserSession,
    WebhookEndpoint,
    WebhookMessage,
)


class OnboardingFilter(StrictFilterSet):
    class Meta:
        model = OnboardingProgress
        fields = {
            "step_name": ["exact"],
            "is_completed": ["exact"],
            "step_order": ["exact", "gte", "lte"],
            "step_data": ["contains"],
        }


class TokenFilter(StrictFilterSet):
    class Meta:
        model = PersonalAccessToken
        fields = {
            "name": ["exact", "icontains"],
            "scope": ["exact"],
            "access_ends_at": ["gte", "lte", "isnull"],
            "created_at": ["gte", "lte"],
        }


class SessionFilter(StrictFilterSet):
    class Meta:
        model = UserSession
        fields = {"created_at": ["gte", "lte"], "last_seen_at": ["gte", "lte"]}


class ExportFilter(StrictFilterSet):
    class Meta:
        model = DataExport
        fields = {"state": ["exact"], "created_at": ["gte", "lte"]}


class UploadFilter(StrictFilterSet):
    class Meta:
        model = Upload
        fields = {"kind": ["exact", "in"], "status": ["exact", "in"], "created_at": ["gte", "lte"]}


class AccessLogFilter(StrictFilterSet):
    class Meta:
        model = AccessEvent
        fields = {"action": ["exact", "in"], "what": ["exact"], "created_at": ["gte", "lte"]}


class WebhookFilter(StrictFilterSet):
    class Meta:
        model = WebhookEndpoint
        fields = {
            "name": ["exact", "icontains"],
            "is_enabled": ["exact"],
            "event_types": ["contains"],
            "failing_since": ["isnull"],
            "created_at": ["gte", "lte"],
        }


class WebhookMessageFilter(StrictFilterSet):
    class Meta:
        model = WebhookMessage
        fields = {
            "endpoint": ["exact", "in"],
            "event_type": ["exact", "in"],
            "status": ["exact", "in"],
            "position": ["isnull"],
            "created_at": ["gte", "lte"],
        }

"""Accounts, profiles, onboarding steps and tokens as JSON."""

from datetime import timedelta
from typing import Any

from rest_framework import serializers

from core import clock
from core.api.derived_fields import public_names
from core.api.examples import EXAMPLE_ID, EXAMPLE_TIME
from core.api.serializers import BaseSerializer, StrictSerializer
from system.models import AccessEvent
from users import services
from users.models import AccountErasure, DataExport, OnboardingProgress, PersonalAccessToken, User, UserProfile, UserSession

MAX_TOKEN_LIFETIME = timedelta(days=366)
DEFAULT_TOKEN_LIFETIME = timedelta(days=90)


class UserSerializer(BaseSerializer):
    """The account. A new `email` takes effect once its owner has confirmed it by the link that is sent there."""

    email = serializers.EmailField(max_length=254)

    class Meta:
        model = User
        fields = [
            "id",
            "email",
            "is_active",
            "is_verified",
            "is_staff",
            "last_login_at",
            "is_locked",
            "created_at",
            "updated_at",
        ]
        read_only_fields = [name for name in fields if name != "email"]
        example = {
            "id": "3e2f6a44-6a0e-4b0b-8a54-0f3c1c9f7b11",
            "email": "alice@example.com",
            "is_verified": True,
            "last_login_at": EXAMPLE_TIME,
        }

    def update(self, instance: User, validated_data: dict[str, Any]) -> User:  # type: ignore[override]
        email = validated_data.get("email", instance.email)
        services.request_email_change(request=self.context["request"], user=instance, email=email)
        return instance


class ProfileSerializer(BaseSerializer):
    class Meta:
        model = UserProfile
        fields = public_names(UserProfile)
        example = {"first_name": "Alice", "last_name": "Archer", "zip_code": "10001", "timezone": "America/New_York"}


class AccessLogSerializer(BaseSerializer):
    """A look of a colleague's: who is his first name and role. SECURITY: never his account."""

    class Meta:
        model = AccessEvent
        fields = ["id", "created_at", "who", "action", "what", "row_id", "reason"]
        read_only_fields = fields
        example = {
            "who": "Sam, support",
            "action": "view",
            "what": "finance.financialtransaction",
            "row_id": EXAMPLE_ID,
            "reason": "Ticket 4711",
        }


class OnboardingSerializer(BaseSerializer):
    class Meta:
        model = OnboardingProgress
        fields = public_names(OnboardingProgress)
        example = {
            "step_name": "income",
            "step_order": 2,
            "is_completed": True,
            "completed_at": EXAMPLE_TIME,
            "step_data": {"source": "salary"},
        }


class TokenSerializer(BaseSerializer):
    """A token without its text: that is shown once, by the POST that makes it."""

    expires_at = serializers.DateTimeField(source="expiry", required=False)

    class Meta:
        model = PersonalAccessToken
        fields = ["id", "name", "scope", "expires_at", "last_used_at", "created_at"]
        read_only_fields = ["last_used_at", "created_at"]
        example = {
            "id": EXAMPLE_ID,
            "name": "Spreadsheet",
            "scope": "read",
            "expires_at": "2026-05-30T09:30:00Z",
            "last_used_at": None,
            "created_at": EXAMPLE_TIME,
        }

    def validate_expires_at(self, value: Any) -> Any:
        now = clock.now()
        if not now < value <= now + MAX_TOKEN_LIFETIME:
            raise serializers.ValidationError("Choose an instant in the future, at most 366 days ahead.", "out_of_range")
        return value

    def create(self, validated_data: dict[str, Any]) -> PersonalAccessToken:
        now = clock.now()
        token, text = services.create_token(
            user=self.context["request"].user,
            name=validated_data["name"],
            scope=validated_data.get("scope", PersonalAccessToken._meta.get_field("scope").default),
            expires_at=validated_data.get("expiry", now + DEFAULT_TOKEN_LIFETIME),
            now=now,
        )
        token.text = text
        return token


class NewTokenSerializer(TokenSerializer):
    """A token that was just made, with its text."""

    token = serializers.CharField(source="text", read_only=True, help_text="Shown once. Store it now.")

    class Meta(TokenSerializer.Meta):
        fields = [*TokenSerializer.Meta.fields, "token"]
        example = TokenSerializer.Meta.example | {"token": "mgs_5f0c…"}


class ExportSerializer(BaseSerializer):
    """An export and how far it is."""

    class Meta:
        model = DataExport
        fields = ["id", "state", "progress", "size", "sha256", "ready_at", "expires_at", "created_at", "updated_at"]
        read_only_fields = fields
        example = {
            "id": EXAMPLE_ID,
            "state": "ready",
            "progress": 100,
            "size": 184320,
            "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "ready_at": EXAMPLE_TIME,
            "expires_at": EXAMPLE_TIME,
            "created_at": EXAMPLE_TIME,
            "updated_at": EXAMPLE_TIME,
        }


class ExportFileSerializer(StrictSerializer):
    """The zip of an export."""

    file = serializers.FileField(help_text="The zip as it was downloaded.")


class RestoredSerializer(serializers.Serializer):
    """What was brought in: the number of rows by file."""

    rows = serializers.DictField(child=serializers.IntegerField())

    class Meta:
        example = {"rows": {"data/users_userprofile.jsonl": 1, "data/finance_financialtransaction.jsonl": 1204}}


class PasswordSerializer(StrictSerializer):
    """The password once more, before something that can't be taken back."""

    password = serializers.CharField(max_length=1000, trim_whitespace=False, write_only=True)


class ErasureSerializer(BaseSerializer):
    """An erasure that has begun."""

    class Meta:
        model = AccountErasure
        fields = ["id", "created_at"]
        read_only_fields = fields
        example = {"id": EXAMPLE_ID, "created_at": EXAMPLE_TIME}


class SessionSerializer(BaseSerializer):
    """A session and the device that it began on."""

    is_current = serializers.BooleanField(read_only=True, help_text="Whether it is the one that asks.")

    class Meta:
        model = UserSession
        fields = ["id", "user_agent", "address", "is_current", "created_at", "last_seen_at", "expires_at"]
        annotated = ("is_current",)
        example = {
            "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "address": "203.0.113.7",
            "is_current": True,
            "expires_at": "2026-03-15T09:30:00Z",
        }


class EndedSerializer(StrictSerializer):
    ended = serializers.IntegerField(help_text="How many sessions were ended.")

    class Meta:
        example = {"ended": 2}

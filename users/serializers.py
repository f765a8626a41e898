"""Serializers of accounts, profiles, onboarding steps, sessions, tokens, exports and erasures."""

from datetime import timedelta
from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from core import clock
from core.api.examples import EXAMPLE_ID, EXAMPLE_TIME
from core.api.serializers import BaseSerializer, StrictSerializer
from system.models import AccessEvent
from users import email_changes, services
from users.models import AccountErasure, DataExport, OnboardingProgress, PersonalAccessToken, User, UserProfile, UserSession

MAX_TOKEN_LIFETIME = timedelta(days=366)
DEFAULT_TOKEN_LIFETIME = timedelta(days=90)


@extend_schema_serializer(description="An account of a customer or of a staff member.")
class UserSerializer(BaseSerializer):
    email = serializers.EmailField(max_length=254, help_text="In lower case. A new one takes effect once it is confirmed.")

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
            "pending_email",
            "created_at",
            "updated_at",
        ]
        read_only_fields = [name for name in fields if name != "email"]
        example = {
            "id": "3e2f6a44-6a0e-4b0b-8a54-0f3c1c9f7b11",
            "email": "alice@example.com",
            "is_verified": True,
            "last_login_at": EXAMPLE_TIME,
            "pending_email": "alice.archer@example.com",
        }

    def update(self, instance: User, validated_data: dict[str, Any]) -> User:  # type: ignore[override]
        email = validated_data.get("email", instance.email)
        email_changes.request_change(request=self.context["request"], user=instance, email=email)
        return instance


@extend_schema_serializer(description="The name, address, household and work of a user.")
class ProfileSerializer(BaseSerializer):
    class Meta:
        model = UserProfile
        extra_kwargs = {
            "first_name": {"required": True, "allow_blank": False},
            "last_name": {"required": True, "allow_blank": False},
            "zip_code": {"required": True, "allow_blank": False},
            "country": {"help_text": "ISO 3166-1 code of the country of the address. Default: US."},
            "education_level": {"help_text": "Highest completed level, which job security analyses use. Empty: unknown."},
            "naics_code": {"help_text": "NAICS code of the industry, 2 to 6 digits. Empty: unknown."},
            "full_name": {"help_text": "First and last name, with a space between them."},
            "age": {"help_text": "Whole years, in the user's time zone. Null without a date of birth."},
            "is_complete": {"help_text": "True if both names, ZIP code, annual income and industry are filled in."},
            "profile_completion_percentage": {"help_text": "Percent of nine fields that are filled in, rounded down."},
            "onboarding_completed": {"help_text": "True if there are onboarding steps and all are completed."},
        }
        example = {"first_name": "Alice", "last_name": "Archer", "zip_code": "10001", "timezone": "America/New_York"}


@extend_schema_serializer(description="An access by staff to the user's data.")
class AccessLogSerializer(BaseSerializer):
    class Meta:  # SECURITY: without the account of the staff member
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


@extend_schema_serializer(description="A step of the onboarding, with the data that the user entered.")
class OnboardingSerializer(BaseSerializer):
    class Meta:
        model = OnboardingProgress
        example = {
            "step_name": "income",
            "step_order": 2,
            "is_completed": True,
            "completed_at": EXAMPLE_TIME,
            "step_data": {"source": "salary"},
        }


@extend_schema_serializer(description="A personal access token. Its text is only in the response to its creation.")
class TokenSerializer(BaseSerializer):
    expires_at = serializers.DateTimeField(
        source="expiry", required=False, help_text="When the token expires, within 366 days. Default: in 90 days."
    )

    class Meta:
        model = PersonalAccessToken
        fields = ["id", "name", "scope", "expires_at", "access_ends_at", "last_used_at", "created_at"]
        read_only_fields = ["access_ends_at", "last_used_at", "created_at"]
        example = {
            "id": EXAMPLE_ID,
            "name": "Spreadsheet",
            "scope": "read",
            "expires_at": "2026-05-30T09:30:00Z",
            "access_ends_at": "2026-04-01T15:30:00Z",
            "last_used_at": None,
            "created_at": EXAMPLE_TIME,
        }

    def validate_expires_at(self, value: Any) -> Any:
        now = clock.now()
        if not now < value <= now + MAX_TOKEN_LIFETIME:
            raise serializers.ValidationError("Choose a time in the future, at most 366 days from now.", "out_of_range")
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


@extend_schema_serializer(description="A new personal access token, with its text.")
class NewTokenSerializer(TokenSerializer):
    token = serializers.CharField(source="text", read_only=True, help_text="The token. Returned only once; store it now.")

    class Meta(TokenSerializer.Meta):
        fields = [*TokenSerializer.Meta.fields, "token"]
        example = TokenSerializer.Meta.example | {"token": "mgs_5f0c…"}


@extend_schema_serializer(description="An export of the user's data, and its progress.")
class ExportSerializer(BaseSerializer):
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


@extend_schema_serializer(description="The file of an export.")
class ExportFileSerializer(StrictSerializer):
    file = serializers.FileField(help_text="The ZIP file as it was downloaded.")


@extend_schema_serializer(description="The result of importing an export.")
class RestoredSerializer(serializers.Serializer):
    rows = serializers.DictField(child=serializers.IntegerField(), help_text="The number of imported rows by file.")

    class Meta:
        example = {"rows": {"data/users_userprofile.jsonl": 1, "data/finance_financialtransaction.jsonl": 1204}}


@extend_schema_serializer(description="The password of the account, to confirm an action that can't be undone.")
class PasswordSerializer(StrictSerializer):
    password = serializers.CharField(max_length=1000, trim_whitespace=False, write_only=True, help_text="The current password.")


@extend_schema_serializer(description="An erasure of the account that has started.")
class ErasureSerializer(BaseSerializer):
    class Meta:
        model = AccountErasure
        fields = ["id", "created_at"]
        read_only_fields = fields
        example = {"id": EXAMPLE_ID, "created_at": EXAMPLE_TIME}


@extend_schema_serializer(description="A session, and the device that started it.")
class SessionSerializer(BaseSerializer):
    is_current = serializers.BooleanField(read_only=True, help_text="True for the session of this request.")

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


@extend_schema_serializer(description="The result of ending other sessions, or of revoking tokens.")
class EndedSerializer(StrictSerializer):
    ended = serializers.IntegerField(help_text="The number of sessions that were ended, or of tokens that were revoked.")

    class Meta:
        example = {"ended": 2}

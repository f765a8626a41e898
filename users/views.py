"""The account's own pages of the API."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from mingus.kit.api.permissions import SignedInWithPassword
from mingus.kit.api.viewsets import (
    Created,
    Deleted,
    Listed,
    OwnedBaseViewSet,
    OwnedReadOnlyViewSet,
    OwnedSingletonViewSet,
    OwnedViewSet,
)
from system.models import AccessEvent
from users.filters import AccessLogFilter, OnboardingFilter, TokenFilter
from users.models import OnboardingProgress, PersonalAccessToken, User, UserProfile
from users.serializers import (
    AccessLogSerializer,
    NewTokenSerializer,
    OnboardingSerializer,
    ProfileSerializer,
    TokenSerializer,
    UserSerializer,
)


class MeViewSet(OwnedSingletonViewSet):
    """The signed-in account."""

    queryset = User.objects.all()
    serializer_class = UserSerializer


class AccessLogViewSet(Listed, OwnedBaseViewSet):
    """When colleagues of support looked at your data, what they saw and why."""

    queryset = AccessEvent.objects.all()
    serializer_class = AccessLogSerializer
    filterset_class = AccessLogFilter


class ProfileViewSet(OwnedSingletonViewSet):
    """The signed-in user's profile. PUT creates it the first time."""

    queryset = UserProfile.objects.select_related("user")
    serializer_class = ProfileSerializer
    creates_on_put = True


class OnboardingViewSet(OwnedViewSet):
    """The steps of getting started."""

    queryset = OnboardingProgress.objects.all()
    serializer_class = OnboardingSerializer
    filterset_class = OnboardingFilter
    ordering = "step_order"
    ordering_fields = ("step_order", "created_at")

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def complete(self, request: Request, pk: str) -> Response:
        """Tick a step off. Doing it twice changes nothing."""
        step = self.locked_object()
        step.complete()
        return self.answer(step)


class TokenViewSet(Created, Deleted, OwnedReadOnlyViewSet):
    """Personal access tokens: make one, see when it was used last, revoke it."""

    queryset = PersonalAccessToken.objects.all()
    serializer_class = TokenSerializer
    filterset_class = TokenFilter

    def get_serializer_class(self) -> Any:
        return NewTokenSerializer if self.action == "create" else TokenSerializer

    def get_permissions(self) -> Any:
        return [*super().get_permissions(), *([SignedInWithPassword()] if self.action == "create" else [])]

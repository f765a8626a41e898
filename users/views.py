"""The account's own pages of the API."""

from typing import Any, cast

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from mingus.kit import clock
from mingus.kit.api.viewsets import Created, Deleted, OwnedReadOnlyViewSet, OwnedSingletonViewSet, OwnedViewSet
from users import services
from users.filters import OnboardingFilter, SessionFilter, TokenFilter
from users.models import OnboardingProgress, PersonalAccessToken, User, UserProfile, UserSession
from users.models.session import UserSessionQuerySet
from users.permissions import FullySignedIn
from users.serializers import (
    EndedSerializer,
    NewTokenSerializer,
    OnboardingSerializer,
    ProfileSerializer,
    SessionSerializer,
    TokenSerializer,
    UserSerializer,
)


class MeViewSet(OwnedSingletonViewSet):
    """The signed-in account."""

    queryset = User.objects.all()
    serializer_class = UserSerializer


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
        return [*super().get_permissions(), *([FullySignedIn()] if self.action == "create" else [])]


class SessionViewSet(Deleted, OwnedReadOnlyViewSet):
    """Where the account is signed in: see it, and end what should not be."""

    queryset = UserSession.objects.all()
    serializer_class = SessionSerializer
    filterset_class = SessionFilter
    ordering_fields = ("created_at", "last_seen_at")

    def get_queryset(self) -> QuerySet[Any]:
        return cast("UserSessionQuerySet", super().get_queryset()).open(clock.now())

    def perform_destroy(self, instance: UserSession) -> None:
        services.end_session(instance)

    @extend_schema(request=None, responses=EndedSerializer)
    @action(detail=False, methods=["post"], url_path="end-others")
    def end_others(self, request: Request) -> Response:
        """End every session but the one that asks."""
        ended = services.end_other_sessions(cast("User", request.user), getattr(request.auth, "digest", ""))
        return Response(EndedSerializer({"ended": ended}).data)

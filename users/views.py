"""The account's own pages of the API."""

from itertools import chain
from typing import Any, ClassVar, cast

from django.contrib.auth import authenticate, logout
from django.db.models import Q, QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from core import clock, jobs, rls
from core.api.errors import problem
from core.api.examples import response_example
from core.api.permissions import RequiresPasswordSession, RequiresPasswordSessionToRead
from core.api.viewsets import (
    CreateMixin,
    DestroyMixin,
    ListMixin,
    OwnedBaseViewSet,
    OwnedReadOnlyViewSet,
    OwnedSingletonViewSet,
    OwnedViewSet,
)
from core.postgres.expressions import ClockNow, true_when
from system.models import AccessEvent
from users import services
from users.filters import AccessLogFilter, ExportFilter, OnboardingFilter, SessionFilter, TokenFilter
from users.models import DataExport, OnboardingProgress, PersonalAccessToken, User, UserProfile, UserSession
from users.models.erasure import AskedBy
from users.models.session import UserSessionQuerySet
from users.permissions import FullySignedIn
from users.privacy import exports
from users.privacy.restore import restore
from users.serializers import (
    AccessLogSerializer,
    EndedSerializer,
    ErasureSerializer,
    ExportFileSerializer,
    ExportSerializer,
    NewTokenSerializer,
    OnboardingSerializer,
    PasswordSerializer,
    ProfileSerializer,
    RestoredSerializer,
    SessionSerializer,
    TokenSerializer,
    UserSerializer,
)
from users.tasks import make_export, start_erasure

WRONG_PASSWORD = OpenApiResponse(description="The password is wrong, or the account is locked after too many guesses.")


class MeViewSet(OwnedSingletonViewSet):
    """The signed-in account."""

    queryset = User.objects.all()
    serializer_class = UserSerializer
    permissions_by_action: ClassVar[dict[str, Any]] = {"destroy": (RequiresPasswordSession,)}

    @extend_schema(
        request=PasswordSerializer,
        responses={202: ErasureSerializer, 403: WRONG_PASSWORD},
        examples=[response_example(ErasureSerializer, "202")],
    )
    def destroy(self, request: Request) -> Response | HttpResponse:
        """Erase the account and everything in it. Access ends at once, a job does the rest; nobody can bring it back."""
        user: Any = request.user
        if not confirmed(request, user, self.parsed(PasswordSerializer)["password"]):
            # answered, not raised: an exception would take back that the attempt was counted
            return problem(403, "wrong_password", "This is not the account's password, or it is locked after too many guesses.")
        erasure = start_erasure(user, asked_by=AskedBy.CUSTOMER)
        with rls.as_accounts():
            logout(request._request)
        return Response(ErasureSerializer(erasure).data, status=202)


def confirmed(request: Request, user: User, password: str) -> bool:
    """Whether `password` is the user's; an attempt is counted and locks the account as one to log in does."""
    with rls.as_accounts():
        return authenticate(request._request, email=user.email, password=password) is not None


class ExportViewSet(OwnedReadOnlyViewSet):
    """Exports of everything that MINGUS holds about the user: ask for one, see how far it is, download it within a week."""

    closed_to_impersonation = True
    queryset = DataExport.objects.all()
    serializer_class = ExportSerializer
    filterset_class = ExportFilter
    permissions_by_action: ClassVar[dict[str, Any]] = dict.fromkeys(
        ("create", "retrieve", "download"), (RequiresPasswordSessionToRead,)
    )

    @extend_schema(request=None, responses={202: ExportSerializer}, examples=[response_example(ExportSerializer, "202")])
    def create(self, request: Request) -> Response:
        """Ask for an export. A job makes it; its `progress` is in percent. One at a time, three a day."""
        export = exports.request_export(request.user, now=clock.now())
        jobs.enqueue(make_export, user=str(export.user_id), export=str(export.pk))
        return self.row_response(export, status=202)

    @extend_schema(responses={(200, "application/zip"): OpenApiTypes.BINARY})
    @action(detail=True, methods=["get"])
    def download(self, request: Request, pk: Any) -> StreamingHttpResponse:
        """The zip, once it is ready. README.txt in it says what is where."""
        export = self.get_object()
        pieces = exports.pieces_of(export)
        whole = chain([next(pieces)], pieces)  # the first is read while a refusal can still be answered
        name = f"mingus-export-{export.created_at:%Y-%m-%d}.zip"
        headers = {
            "Content-Disposition": f'attachment; filename="{name}"',
            "Content-Length": str(export.size),
            "Cache-Control": "no-store",
        }
        return StreamingHttpResponse(rls.iterate_in_context(whole), content_type="application/zip", headers=headers)

    def handle_exception(self, exc: Exception) -> Response:
        answer = super().handle_exception(exc)
        if isinstance(exc, exports.TooManyExportsError):
            answer["Retry-After"] = str(exc.seconds_left)
        return answer


class ExportImportView(OwnedBaseViewSet):
    """Taking an export in."""

    closed_to_impersonation = True
    queryset = DataExport.objects.all()
    parser_classes = (MultiPartParser,)
    permissions_by_action: ClassVar[dict[str, Any]] = {"create": (RequiresPasswordSession,)}

    @extend_schema(
        summary="Import an export",
        request={"multipart/form-data": ExportFileSerializer},
        responses={201: RestoredSerializer},
        examples=[response_example(RestoredSerializer, "201")],
    )
    def create(self, request: Request) -> Response:
        """Bring an export into an empty account, all of it or nothing. An export of the account has the same data then."""
        upload = self.parsed(ExportFileSerializer)["file"]
        counts = restore(cast("User", request.user), upload.file)
        return Response(RestoredSerializer({"rows": counts}).data, status=201)


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
        return self.row_response(step)


class TokenViewSet(CreateMixin, DestroyMixin, OwnedReadOnlyViewSet):
    """Personal access tokens: make one, see when it was used last, revoke it."""

    queryset = PersonalAccessToken.objects.all()
    serializer_class = TokenSerializer
    filterset_class = TokenFilter
    closed_to_impersonation = True
    permissions_by_action: ClassVar[dict[str, Any]] = {"create": (FullySignedIn,)}

    def get_serializer_class(self) -> Any:
        return NewTokenSerializer if self.action == "create" else TokenSerializer


class SessionViewSet(DestroyMixin, OwnedReadOnlyViewSet):
    """Where the account is signed in: see it, and end what should not be."""

    closed_to_impersonation = True
    queryset = UserSession.objects.all()
    serializer_class = SessionSerializer
    filterset_class = SessionFilter
    ordering_fields = ("created_at", "last_seen_at")

    def get_queryset(self) -> QuerySet[Any]:
        asking = getattr(getattr(self.request, "auth", None), "digest", "")
        found = cast("UserSessionQuerySet", super().get_queryset()).open(ClockNow())
        return found.annotate(is_current=true_when(Q(digest=asking)))

    def perform_destroy(self, instance: UserSession) -> None:
        with rls.as_accounts():
            UserSession.objects.filter(pk=instance.pk).end()

    @extend_schema(request=None, responses=EndedSerializer)
    @action(detail=False, methods=["post"], url_path="end-others")
    def end_others(self, request: Request) -> Response:
        """End every session but the one that asks."""
        ended = services.end_other_sessions(cast("User", request.user), getattr(request.auth, "digest", ""))
        return Response(EndedSerializer({"ended": ended}).data)


class AccessLogViewSet(ListMixin, OwnedBaseViewSet):
    """When colleagues of support looked at your data, what they saw and why."""

    queryset = AccessEvent.objects.all()
    serializer_class = AccessLogSerializer
    filterset_class = AccessLogFilter

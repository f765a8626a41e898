"""API views of the account, its profile, sessions, tokens and exports."""

from itertools import chain
from typing import Any, ClassVar, cast

from django.contrib.auth import authenticate, logout
from django.db import DEFAULT_DB_ALIAS
from django.db.models import Q, QuerySet
from django.http import Http404, HttpResponse, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from core import clock, jobs, rls
from core.api.actions import post_action, row_action
from core.api.errors import problem
from core.api.examples import response_example
from core.api.permissions import RequiresPasswordSession, RequiresPasswordSessionToRead
from core.api.viewsets import (
    CreateMixin,
    DestroyMixin,
    ListMixin,
    OwnedBaseViewSet,
    OwnedReadOnlyViewSet,
    OwnedViewSet,
)
from core.postgres.expressions import ClockNow, true_when
from system.models import AccessEvent
from users import services
from users.filters import AccessLogFilter, ExportFilter, OnboardingFilter, SessionFilter, TokenFilter
from users.models import DataExport, OnboardingProgress, PersonalAccessToken, User, UserProfile, UserSession
from users.models.erasure import RequestedBy
from users.models.session import UserSessionQuerySet
from users.models.uploads import UploadKind
from users.permissions import RecentlyReauthenticated, RecentlyReauthenticatedForRow, RequiresPasswordSessionForRow
from users.privacy import exports
from users.privacy.export_reader import ExportReader
from users.privacy.restore import require_empty, restore
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
from users.singleton_views import OwnedSingletonViewSet
from users.tasks import make_export, queue_upload, start_erasure
from users.upload_serializers import UploadDetailSerializer
from users.upload_views import LOCATION, accepted

REAUTHENTICATION = (
    "Requires a session in which the password or a second factor was entered again in the last five minutes "
    "(`POST /_allauth/app/v1/auth/reauthenticate`), else 403 `reauthentication_required`."
)
WRONG_PASSWORD = OpenApiResponse(description="The password is wrong, or the account is locked after too many wrong passwords.")


@extend_schema_view(
    partial_update=extend_schema(
        summary="Update the current user",
        description="Changes the email address, once the new one is confirmed. The former address then gets a link to undo it. "
        + REAUTHENTICATION,
    ),
)
class MeViewSet(OwnedSingletonViewSet):
    about = "The user is the signed-in account. A new `email` takes effect once it is confirmed by the link sent to it."
    queryset = User.objects.all()
    serializer_class = UserSerializer
    summaries: ClassVar = {"retrieve": "Get the current user"}
    permissions_by_action: ClassVar[dict[str, Any]] = {
        "partial_update": (RecentlyReauthenticated,),
        "erase": (RequiresPasswordSession,),
    }

    @extend_schema(
        summary="Erase the current user",
        description="Erases the account and all its data, which can't be undone. Access ends at once. A job erases the data. "
        "Returns 403 `wrong_password` if the password is wrong, or the account is locked after too many wrong ones.",
        request=PasswordSerializer,
        responses={202: ErasureSerializer, 403: WRONG_PASSWORD},
        examples=[response_example(ErasureSerializer, "202")],
    )
    def erase(self, request: Request) -> Response | HttpResponse:
        user: Any = request.user
        if not is_password_correct(request, user, self.parsed(PasswordSerializer)["password"]):
            # returned, not raised: an exception would roll back the counted attempt
            return problem(403, "wrong_password", "The password is wrong or the account is locked. Correct it, or retry later.")
        erasure = start_erasure(user, requested_by=RequestedBy.CUSTOMER)
        with rls.as_accounts():
            logout(request._request)
        return Response(ErasureSerializer(erasure).data, status=202)


def is_password_correct(request: Request, user: User, password: str) -> bool:
    """Return True if `password` is the user's. A wrong one counts toward the lockout, as at login."""
    with rls.as_accounts():
        return authenticate(request._request, email=user.email, password=password, session=request.auth) is not None


class ExportViewSet(OwnedReadOnlyViewSet):
    about = "An export contains all data that MINGUS stores about the user. It can be downloaded for a week."
    closed_to_impersonation = True
    queryset = DataExport.objects.all()
    serializer_class = ExportSerializer
    filterset_class = ExportFilter
    permissions_by_action: ClassVar[dict[str, Any]] = dict.fromkeys(
        ("create", "retrieve", "download"), (RequiresPasswordSessionToRead,)
    )

    @extend_schema(
        summary="Request a data export",
        description="A job creates the export; `progress` is in percent. Limits: one at a time (409), three in 24 hours (429).",
        request=None,
        responses={202: ExportSerializer},
        examples=[response_example(ExportSerializer, "202")],
    )
    def create(self, request: Request) -> Response:
        export = exports.request_export(request.user, now=clock.now())
        jobs.enqueue(make_export, user=str(export.user_id), export=str(export.pk))
        return self.row_response(export, status=202)

    @extend_schema(
        summary="Download a data export",
        description="Returns the ZIP file of an export whose `state` is `ready`, else 409. Its README.txt describes the files.",
        responses={(200, "application/zip"): OpenApiTypes.BINARY},
    )
    @action(detail=True, methods=["get"])
    def download(self, request: Request, pk: Any) -> StreamingHttpResponse:
        export = self.get_object()
        chunks = exports.chunks_of(export)
        whole = chain([next(chunks)], chunks)  # reads the first chunk while an error response is still possible
        name = f"mingus-export-{export.created_at:%Y-%m-%d}.zip"
        headers = {
            "Content-Disposition": f'attachment; filename="{name}"',
            "Content-Length": str(export.size),
            "Cache-Control": "no-store",
        }
        return StreamingHttpResponse(rls.iterate_in_context(whole), content_type="application/zip", headers=headers)


class ExportImportView(OwnedBaseViewSet):
    about = "Imports an export into an empty account, all of it or nothing."
    closed_to_impersonation = True
    queryset = DataExport.objects.all()
    parser_classes = (MultiPartParser,)
    permissions_by_action: ClassVar[dict[str, Any]] = {"create": (RequiresPasswordSession,)}

    @extend_schema(
        summary="Import a data export",
        description="Imports an export, all of it or nothing. Returns 409 if the account is not empty. An export of more than "
        "500 rows or 1 MB of unpacked files is imported by a job: the response is 202, and the upload at `Location` has the "
        "progress, and later the result. Returns 429 if too many uploads wait.",
        request={"multipart/form-data": ExportFileSerializer},
        parameters=[LOCATION],
        responses={201: RestoredSerializer, 202: UploadDetailSerializer},
        examples=[response_example(RestoredSerializer, "201"), response_example(UploadDetailSerializer, "202")],
    )
    def create(self, request: Request) -> Response:
        upload, user = self.parsed(ExportFileSerializer)["file"], cast("User", request.user)
        if not ExportReader(upload.file).is_large:
            return Response(RestoredSerializer({"rows": restore(user, upload.file)}).data, status=201)
        require_empty(user)
        stored = {"file": upload.file, "filename": upload.name, "size": upload.size, "options": {}}
        return accepted(queue_upload(user=user, kind=UploadKind.RESTORE, **stored))


class ProfileViewSet(OwnedSingletonViewSet):
    about = "The profile belongs to the signed-in user. Each account has one, at first with the defaults."
    queryset = UserProfile.objects.select_related("user")
    serializer_class = ProfileSerializer

    def _one(self, queryset: QuerySet[Any]) -> UserProfile:
        """Return the profile. Create it for an account without one, which no other endpoint could give it."""
        try:
            return super()._one(queryset)
        except Http404:
            UserProfile.objects.using(DEFAULT_DB_ALIAS).get_or_create(user=cast("User", self.request.user))
            return super()._one(queryset.using(DEFAULT_DB_ALIAS))


class OnboardingViewSet(OwnedViewSet):
    about = "A new account has eight onboarding steps. A step stores the data that the user entered."
    queryset = OnboardingProgress.objects.all()
    serializer_class = OnboardingSerializer
    filterset_class = OnboardingFilter
    ordering = "step_order"
    ordering_fields = ("step_order", "created_at")

    @row_action(
        summary="Complete an onboarding step",
        description="Marks a step as completed. A step that is completed already is not changed.",
    )
    def complete(self, step: OnboardingProgress) -> None:
        step.complete()


@extend_schema_view(
    create=extend_schema(
        description="Creates a token. Its text is returned only once. The plan must include `api_access`, else 403 "
        f"`plan_required`; the token ends with it. {REAUTHENTICATION}"
    ),
    destroy=extend_schema(description=f"Revokes a token at once. {REAUTHENTICATION}"),
)
class TokenViewSet(CreateMixin, DestroyMixin, OwnedReadOnlyViewSet):
    about = "Programs access the API with a token. Only a session can create one, and only then its text is returned."
    queryset = PersonalAccessToken.objects.all()
    serializer_class = TokenSerializer
    filterset_class = TokenFilter
    closed_to_impersonation = True
    permissions_by_action: ClassVar[dict[str, Any]] = {
        "create": (RecentlyReauthenticated,),
        "destroy": (RecentlyReauthenticatedForRow,),
        "revoke_all": (RecentlyReauthenticated,),
    }

    def get_serializer_class(self) -> Any:
        return NewTokenSerializer if self.action == "create" else TokenSerializer

    @post_action(
        summary="Revoke all tokens",
        description=f"Revokes all tokens of the user at once. {REAUTHENTICATION}",
        responses=EndedSerializer,
        detail=False,
    )
    def revoke_all(self, request: Request) -> Response:
        return Response(EndedSerializer({"ended": services.revoke_tokens(cast("User", request.user))}).data)


class SessionViewSet(DestroyMixin, OwnedReadOnlyViewSet):
    about = "A session is a login on a device. Deleting it ends the login."
    closed_to_impersonation = True
    depends_on_session = True
    queryset = UserSession.objects.all()
    serializer_class = SessionSerializer
    filterset_class = SessionFilter
    ordering_fields = ("created_at", "last_seen_at")
    permissions_by_action: ClassVar[dict[str, Any]] = {
        "destroy": (RequiresPasswordSessionForRow,),
        "end_others": (RequiresPasswordSession,),
    }

    def get_queryset(self) -> QuerySet[Any]:
        own_digest = getattr(getattr(self.request, "auth", None), "digest", "")
        found = cast("UserSessionQuerySet", super().get_queryset()).open(ClockNow())
        return found.annotate(is_current=true_when(Q(digest=own_digest)))

    def perform_destroy(self, instance: UserSession) -> None:
        with rls.as_accounts():
            UserSession.objects.filter(pk=instance.pk).end()

    @post_action(
        summary="End all other sessions",
        description="Ends every session of the user except the one of this request.",
        responses=EndedSerializer,
        detail=False,
    )
    def end_others(self, request: Request) -> Response:
        ended = services.end_other_sessions(cast("User", request.user), getattr(request.auth, "digest", ""))
        return Response(EndedSerializer({"ended": ended}).data)


class AccessLogViewSet(ListMixin, OwnedBaseViewSet):
    about = "An access event records an access of staff to the user's data, and the reason."
    queryset = AccessEvent.objects.all()
    serializer_class = AccessLogSerializer
    filterset_class = AccessLogFilter

"""URLs under `/api/v1/users/`."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from users.upload_views import UploadViewSet
from users.views import (
    AccessLogViewSet,
    ExportImportView,
    ExportViewSet,
    MeViewSet,
    OnboardingViewSet,
    ProfileViewSet,
    SessionViewSet,
    TokenViewSet,
)

router = SimpleRouter(use_regex_path=False)
router.register("onboarding", OnboardingViewSet)
router.register("sessions", SessionViewSet)
router.register("tokens", TokenViewSet)
router.register("me/export", ExportViewSet)
router.register("me/uploads", UploadViewSet)

urlpatterns = [
    path("me/", MeViewSet.as_view({"get": "retrieve", "patch": "partial_update"}), name="me"),
    path("me/erase/", MeViewSet.as_view({"post": "erase"}), name="erase"),
    path("me/access-log/", AccessLogViewSet.as_view({"get": "list"}), name="access-log"),
    path("me/import/", ExportImportView.as_view({"post": "create"}), name="import"),
    path("profile/", ProfileViewSet.as_view({"get": "retrieve", "put": "update", "patch": "partial_update"}), name="profile"),
    *router.urls,
]

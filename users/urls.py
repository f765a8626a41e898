"""`/api/v1/users/`."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from users.views import AccessLogViewSet, MeViewSet, OnboardingViewSet, ProfileViewSet, TokenViewSet

router = SimpleRouter(use_regex_path=False)
router.register("onboarding", OnboardingViewSet)
router.register("tokens", TokenViewSet)

urlpatterns = [
    path("me/", MeViewSet.as_view({"get": "retrieve", "patch": "partial_update"}), name="me"),
    path("me/access-log/", AccessLogViewSet.as_view({"get": "list"}), name="access-log"),
    path("profile/", ProfileViewSet.as_view({"get": "retrieve", "put": "update", "patch": "partial_update"}), name="profile"),
    *router.urls,
]

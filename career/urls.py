"""URLs under `/api/v1/career/`."""

from rest_framework.routers import SimpleRouter

from career.views import JobSecurityViewSet, MilestoneViewSet

router = SimpleRouter(use_regex_path=False)
router.register("job-security", JobSecurityViewSet)
router.register("milestones", MilestoneViewSet)

urlpatterns = router.urls

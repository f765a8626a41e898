"""What lists of users' own things can be filtered by."""

from mingus.kit.api.filtersets import StrictFilterSet
from system.models import AccessEvent
from users.models import OnboardingProgress, PersonalAccessToken


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
        fields = {"name": ["exact", "icontains"], "scope": ["exact"], "created_at": ["gte", "lte"]}


class AccessLogFilter(StrictFilterSet):
    class Meta:
        model = AccessEvent
        fields = {"action": ["exact", "in"], "what": ["exact"], "created_at": ["gte", "lte"]}

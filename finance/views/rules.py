"""Views of rules and of their runs."""

from typing import Any, ClassVar, cast

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from core import clock
from core.api.actions import post_action
from core.api.examples import response_example
from core.api.viewsets import OwnedViewSet
from finance import services
from finance.filters import RuleFilter
from finance.models import EditRun, Rule
from finance.models.edit_runs import EditKind
from finance.serializers.rules import (
    RuleApplyFormSerializer,
    RulePreviewFormSerializer,
    RulePreviewSerializer,
    RuleResultSerializer,
    RuleSerializer,
)
from finance.views.undo import UNDO, EditRunViewSet
from users.models import Upload, User
from users.upload_serializers import UploadDetailSerializer
from users.upload_views import LOCATION, accepted

JOB = (
    " More than 1,000 transactions are changed by a job: the response is 202, and the upload at `Location` has the progress, "
    "and later the result. Returns 429 if too many uploads wait."
)
RESULT: Any = {
    "parameters": [LOCATION],
    "responses": {200: RuleResultSerializer, 202: UploadDetailSerializer},
    "examples": [response_example(RuleResultSerializer, "200"), response_example(UploadDetailSerializer, "202")],
}


class RuleViewSet(OwnedViewSet[Rule]):
    about = (
        "A rule changes the transactions that its search finds: those of each import, if it is active, and others on demand. "
        "What the user has chosen is never changed. Rules run in their `order`, and each sees what those before it changed."
    )
    queryset = Rule.objects.all()
    serializer_class = RuleSerializer
    filterset_class = RuleFilter
    ordering = "order"
    ordering_fields = ("order", "name", "created_at")
    search_fields = ("name", "search")

    @post_action(
        summary="Preview a rule",
        description="Returns what the rule would change, and changes nothing: the values before and after of each field, "
        "and the fields that are left as they are, with the reason.",
        request=RulePreviewFormSerializer,
        responses=RulePreviewSerializer,
    )
    def preview(self, request: Request, pk: Any) -> Response:
        rule, page = self.get_object(), self.parsed(RulePreviewFormSerializer)
        found = services.RuleOnRows(rule, now=clock.now()).preview(**page)
        return Response(RulePreviewSerializer(found).data)

    @post_action(
        summary="Apply a rule",
        description="Makes the changes of the preview, also for a rule that is not active. Returns 409 if another number of "
        f"transactions than `expected_count` would change.{JOB}",
        request=RuleApplyFormSerializer,
        **RESULT,
    )
    def apply(self, request: Request, pk: Any) -> Response:
        rule, form = self.get_object(), self.parsed(RuleApplyFormSerializer)
        return self._applied(rule, **form)

    @post_action(
        detail=False,
        url_path="apply",
        summary="Apply all rules",
        description="Applies the active rules to all transactions, one after the other, all or none. A rule with `stop` ends "
        f"them for the transactions that it finds.{JOB}",
        **RESULT,
    )
    def apply_all(self, request: Request) -> Response:
        return self._applied(None)

    def _applied(self, rule: Rule | None, **options: Any) -> Response:
        user = cast("User", self.request.user)
        result = services.apply_or_queue(user=user, rule=rule, now=clock.now(), **options)
        return accepted(result) if isinstance(result, Upload) else Response(RuleResultSerializer(result).data)


@extend_schema_view(undo=extend_schema(summary="Undo a rule run", description=f"Undoes a run of a rule. {UNDO}"))
class RuleRunViewSet(EditRunViewSet):
    about = "A run of a rule names the rule and its version. It is an edit, which `edit-runs/` lists, too, for 30 days."
    queryset = EditRun.objects.filter(kind=EditKind.RULE)
    summaries: ClassVar[dict[str, str]] = {"list": "List rule runs", "retrieve": "Read a rule run"}

"""Plans, subscriptions, feature access and invoices in the API."""

from typing import Any

from django.db.models import Q, QuerySet
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from billing import services, tasks
from billing.filters import FeatureAccessFilter, InvoiceFilter, PlanFilter, SubscriptionFilter
from billing.gating import DENIALS, PROBLEM
from billing.models import BillingHistory, FeatureAccess, StripeCustomer, Subscription, SubscriptionPlan
from billing.serializers import (
    CancelSerializer,
    ChangePlanSerializer,
    CheckoutSerializer,
    ExplanationSerializer,
    FeatureAccessSerializer,
    FeatureNameSerializer,
    GiveBackSerializer,
    InvoiceSerializer,
    PlanSerializer,
    PreviewSerializer,
    StripePageSerializer,
    SubscriptionSerializer,
    UseSerializer,
)
from core import clock, jobs
from core.api.examples import response_example
from core.api.permissions import PublicReadStaffWrite, TokenScopePermission, is_staff
from core.api.viewsets import OwnedReadOnlyViewSet, UnownedViewSet

NOT_PAID_FOR = OpenApiResponse(PROBLEM, "It would have to be paid for.")
UNAVAILABLE = OpenApiResponse(PROBLEM, "Payments are not connected, or Stripe does not answer now.")


class PlanViewSet(UnownedViewSet):
    """What can be subscribed to. Everybody reads what is offered, staff see what was retired too and may change it."""

    queryset = SubscriptionPlan.objects.all()
    serializer_class = PlanSerializer
    filterset_class = PlanFilter
    permission_classes = (PublicReadStaffWrite, TokenScopePermission)
    ordering = "price"
    ordering_fields = ("price", "name", "created_at")
    search_fields = ("name", "description")

    def get_queryset(self) -> QuerySet[Any]:
        """For a customer what is offered, and what he has."""
        if is_staff(self.request):
            return super().get_queryset()
        offered = Q(is_active=True)
        if self.request.user.is_authenticated:  # nobody's request can't look at subscriptions
            offered |= Q(pk__in=Subscription.objects.for_user(self.request.user).values("plan"))
        return super().get_queryset().filter(offered)

    def perform_update(self, serializer: Any) -> None:
        super().perform_update(serializer)
        if {"features", "limits"} & set(serializer.validated_data):
            jobs.enqueue(tasks.regrant_plan, plan_id=str(serializer.instance.pk))

    def perform_destroy(self, instance: SubscriptionPlan) -> None:
        services.delete_plan(instance)


class SubscriptionViewSet(OwnedReadOnlyViewSet):
    """The user's subscriptions, of which at most one runs."""

    queryset = Subscription.objects.all()
    serializer_class = SubscriptionSerializer
    filterset_class = SubscriptionFilter
    ordering_fields = ("created_at", "current_period_end")

    def locked_object(self) -> Any:
        """Return the subscription, locked after the Stripe customer. A sync takes the locks in the same order."""
        StripeCustomer.objects.for_user(self.request.user).select_for_update().first()
        return super().locked_object()

    @extend_schema(request=CancelSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: Any) -> Response:
        """Cancel a subscription, at the end of its period or at once."""
        subscription, form = self.locked_object(), self.parsed(CancelSerializer)
        cancel = services.cancel_at_period_end if form["at_period_end"] else services.cancel_now
        cancel(subscription, now=clock.now())
        return self.row_response(subscription)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def reactivate(self, request: Request, pk: Any) -> Response:
        """Take a cancellation back. That can be done until the period has ended."""
        subscription = self.locked_object()
        services.reactivate(subscription, now=clock.now())
        return self.row_response(subscription)

    @extend_schema(request=ChangePlanSerializer, responses={200: SubscriptionSerializer, 402: NOT_PAID_FOR})
    @action(detail=True, methods=["post"], url_path="change-plan")
    def change_plan(self, request: Request, pk: Any) -> Response:
        """Move a subscription to another plan. What was used this month stays counted."""
        subscription, form = self.locked_object(), self.parsed(ChangePlanSerializer)
        services.change_plan(subscription, plan=form["plan"], now=clock.now())
        return self.row_response(subscription)

    @extend_schema(
        request=ChangePlanSerializer,
        responses={200: PreviewSerializer, 503: UNAVAILABLE},
        examples=[response_example(PreviewSerializer, "200")],
    )
    @action(detail=True, methods=["post"], url_path="preview-change")
    def preview_change(self, request: Request, pk: Any) -> Response:
        """What moving to another plan would cost now. Nothing is changed."""
        subscription, form = self.get_object(), self.parsed(ChangePlanSerializer)
        preview = services.preview_change(subscription, plan=form["plan"], now=clock.now())
        return Response(PreviewSerializer(preview).data)

    @extend_schema(
        request=CheckoutSerializer,
        responses={201: StripePageSerializer, 503: UNAVAILABLE},
        examples=[response_example(StripePageSerializer, "201")],
    )
    @action(detail=False, methods=["post"])
    def checkout(self, request: Request) -> Response:
        """Begin to buy a plan: gives the page of Stripe's on which it is paid. The plan opens when Stripe says so."""
        form = self.parsed(CheckoutSerializer)
        page = services.start_checkout(user=request.user, plan=form["plan"], now=clock.now())
        return Response(StripePageSerializer(page).data, status=201)

    @extend_schema(
        request=None,
        responses={201: StripePageSerializer, 503: UNAVAILABLE},
        examples=[response_example(StripePageSerializer, "201")],
    )
    @action(detail=False, methods=["post"])
    def portal(self, request: Request) -> Response:
        """Open the page of Stripe's on which the card is changed and invoices are seen."""
        page = services.open_portal(user=request.user, now=clock.now())
        return Response(StripePageSerializer(page).data, status=201)


class FeatureAccessViewSet(OwnedReadOnlyViewSet):
    """What the user may use, and how often in a month."""

    queryset = FeatureAccess.objects.with_billing_period()
    serializer_class = FeatureAccessSerializer
    filterset_class = FeatureAccessFilter
    ordering = "feature_name"
    ordering_fields = ("feature_name", "created_at")
    search_fields = ("feature_name",)

    @extend_schema(request=UseSerializer, responses={200: FeatureAccessSerializer, **DENIALS})
    @action(detail=True, methods=["post"])
    def use(self, request: Request, pk: Any) -> Response:
        """Count uses of a feature. Any number of calls at once get no further than the limit; under one key they count once."""
        access, form = self.get_object(), self.parsed(UseSerializer)
        form.setdefault("idempotency_key", request.headers.get("Idempotency-Key"))
        used = services.record_usage(user=request.user, feature=access.feature_name, now=clock.now(), **form)
        return self.row_response(used)

    @extend_schema(request=GiveBackSerializer)
    @action(detail=True, methods=["post"], url_path="give-back")
    def give_back(self, request: Request, pk: Any) -> Response:
        """Take back what was counted under a key, because nothing came of it. Doing it twice changes nothing."""
        access, form = self.get_object(), self.parsed(GiveBackSerializer)
        given = services.give_back(user=request.user, feature=access.feature_name, now=clock.now(), **form)
        return self.row_response(given)

    @extend_schema(responses=ExplanationSerializer)
    @action(detail=True)
    def explanation(self, request: Request, pk: Any) -> Response:
        """Say why a feature is open or closed: staff's override, the subscription or what is free decided."""
        return self._explained(self.get_object().feature_name)

    @extend_schema(
        operation_id="billing_feature_access_explanation_by_name",
        parameters=[FeatureNameSerializer],
        responses=ExplanationSerializer,
        filters=False,
    )
    @action(detail=False, url_path="explanation", pagination_class=None)
    def explanation_by_name(self, request: Request) -> Response:
        """Say the same of a feature that the user has no entry for."""
        form = FeatureNameSerializer(data=request.query_params.dict())
        form.is_valid(raise_exception=True)
        return self._explained(form.validated_data["feature_name"])

    def _explained(self, feature: str) -> Response:
        found = services.explain_feature(user=self.request.user, feature=feature, now=clock.now())
        return Response(ExplanationSerializer(found).data)


class InvoiceViewSet(OwnedReadOnlyViewSet):
    """What the user was charged."""

    queryset = BillingHistory.objects.all()
    serializer_class = InvoiceSerializer
    filterset_class = InvoiceFilter
    ordering = "-billing_date"
    ordering_fields = ("billing_date", "due_date", "amount", "created_at")
    search_fields = ("description",)

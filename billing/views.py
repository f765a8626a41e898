"""API views of plans, subscriptions, feature access, invoices and adjustments."""

from typing import Any

from django.db.models import Q, QuerySet
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from billing import services, tasks
from billing.filters import AdjustmentFilter, FeatureAccessFilter, InvoiceFilter, PlanFilter, SubscriptionFilter
from billing.gating import DENIALS, PROBLEM
from billing.invoice_serializers import AdjustmentSerializer, InvoiceSerializer
from billing.leaving_serializers import LeavingSerializer
from billing.models import Adjustment, BillingHistory, FeatureAccess, StripeCustomer, Subscription, SubscriptionPlan
from billing.models.adjustments import UNDECIDED_STATUSES
from billing.serializers import (
    CancelSerializer,
    ChangePlanSerializer,
    CheckoutSerializer,
    ExplanationSerializer,
    FeatureAccessSerializer,
    FeatureNameSerializer,
    GiveBackSerializer,
    PauseSerializer,
    PlanChoiceSerializer,
    PlanSerializer,
    PortalSerializer,
    PreviewSerializer,
    StripePageSerializer,
    SubscriptionSerializer,
    UseSerializer,
)
from core import clock, jobs
from core.api.actions import post_action, row_action
from core.api.examples import response_example
from core.api.permissions import PublicReadStaffWrite, TokenScopePermission, is_staff
from core.api.viewsets import OwnedReadOnlyViewSet, UnownedViewSet

NOT_PAID_FOR = OpenApiResponse(PROBLEM, "There is no card to charge, or the plan must be bought in a checkout.")
NO_CARD = OpenApiResponse(PROBLEM, "There is no card to charge.")
UNAVAILABLE = OpenApiResponse(PROBLEM, "Payments are not configured, or Stripe is temporarily unavailable.")


class PlanViewSet(UnownedViewSet):
    about = (
        "Offered plans can be read without authentication, and retired plans by their subscribers and by staff. Only staff can "
        "write. A plan with subscriptions can't be deleted (409); retire it with `is_active: false`. A change of `features` or "
        "`limits` is applied to all subscribers in the background."
    )
    queryset = SubscriptionPlan.objects.all()
    serializer_class = PlanSerializer
    filterset_class = PlanFilter
    permission_classes = (PublicReadStaffWrite, TokenScopePermission)
    ordering = "price"
    ordering_fields = ("price", "name", "created_at")
    search_fields = ("name", "description")

    def get_queryset(self) -> QuerySet[Any]:
        """Return all plans for staff; for others the offered plans and those of their own subscriptions."""
        if is_staff(self.request):
            return super().get_queryset()
        offered = Q(is_active=True)
        if self.request.user.is_authenticated:  # anonymous requests have no access to subscriptions
            offered |= Q(pk__in=Subscription.objects.for_user(self.request.user).values("plan"))
        return super().get_queryset().filter(offered)

    def perform_update(self, serializer: Any) -> None:
        super().perform_update(serializer)
        if {"features", "limits"} & set(serializer.validated_data):
            jobs.enqueue(tasks.regrant_plan, plan_id=str(serializer.instance.pk))

    def perform_destroy(self, instance: SubscriptionPlan) -> None:
        services.delete_plan(instance)


class LeavingActions(OwnedReadOnlyViewSet):
    """The actions of customers who want to leave: the options, a cancellation and its undoing, and a pause."""

    @extend_schema(
        summary="Read the offers before a cancellation",
        description="Returns what a customer can do now, with the amounts that Stripe computes: cancel at the end of the "
        "period, cancel now with a refund of the unused time, pause, or move to a cheaper plan. Nothing is changed, and "
        "`cancel/` works without this request. Fails with 409 if the subscription has ended.",
        responses={200: LeavingSerializer, 503: UNAVAILABLE},
        examples=[response_example(LeavingSerializer, "200")],
    )
    @action(detail=True)
    def leaving(self, request: Request, pk: Any) -> Response:
        options = services.leaving_options(self.get_object(), now=clock.now())
        return Response(LeavingSerializer(options).data)

    @row_action(
        summary="Cancel a subscription",
        description="Cancels at the end of the period, until which access continues. With `at_period_end: false` the "
        "subscription ends immediately: without a refund, or with `refund: true` within 14 days of a payment with a refund of "
        "the unused time, whose amount `leaving/` shows. A reason is voluntary, and a request without a body cancels. Fails "
        "with 409 if it is not running, or already canceled this way, or if nothing can be refunded; the error has the remedy.",
        request=CancelSerializer,
        responses={200: SubscriptionSerializer, 503: UNAVAILABLE},
    )
    def cancel(
        self, subscription: Subscription, *, at_period_end: bool, refund: bool, feedback: services.CancellationFeedback
    ) -> None:
        leave_now = services.withdraw if refund else services.cancel_now
        leave = services.cancel_at_period_end if at_period_end else leave_now
        leave(subscription, feedback=feedback, now=clock.now())

    @row_action(
        summary="Undo a cancellation",
        description="Lets the subscription renew again. Fails with 409 if it is not canceled or has ended.",
        responses={200: SubscriptionSerializer, 503: UNAVAILABLE},
    )
    def reactivate(self, subscription: Subscription) -> None:
        services.reactivate(subscription, now=clock.now())

    @row_action(
        summary="Pause a subscription",
        description="Pauses now, for 1 to 3 months: the access ends, nothing is charged, and the unused time becomes a credit. "
        "Then the subscription resumes by itself: a new period begins and is charged, less the credit. A notice three days "
        "before names the day and the amount. `resume/` ends a pause earlier, and `cancel/` the subscription. Possible once "
        "in a calendar year. Fails with 409 if it was used, or unless the subscription is active and renews.",
        request=PauseSerializer,
        responses={200: SubscriptionSerializer, 503: UNAVAILABLE},
    )
    def pause(self, subscription: Subscription, *, months: int, feedback: services.CancellationFeedback) -> None:
        services.pause(subscription, months=months, feedback=feedback, now=clock.now())


class SubscriptionViewSet(LeavingActions):
    about = "At most one subscription of a user is running: `trialing`, `active`, `past_due`, `unpaid` or `paused`."
    queryset = Subscription.objects.all()
    serializer_class = SubscriptionSerializer
    filterset_class = SubscriptionFilter
    ordering_fields = ("created_at", "current_period_end")

    def locked_object(self) -> Any:
        """Return the subscription, locked after the Stripe customer. A sync takes the locks in the same order."""
        StripeCustomer.objects.for_user(self.request.user).select_for_update().first()
        return super().locked_object()

    @row_action(
        summary="Resume a subscription",
        description="Begins a new period and charges it. If the payment fails or the bank asks the customer to confirm, the "
        "subscription stays paused: redirect the customer to `payment_url`. Fails with 402 `payment_method_required` without a "
        "card, which the customer adds in the portal, and with 409 if the subscription is not paused.",
        responses={200: SubscriptionSerializer, 402: NO_CARD, 503: UNAVAILABLE},
    )
    def resume(self, subscription: Subscription) -> None:
        services.resume(subscription, now=clock.now())

    @row_action(
        summary="Change the plan",
        description="Moves to another plan immediately. A higher price is charged now for the rest of the period, and a lower "
        "one becomes a credit; during a trial nothing is charged. If the card is declined or the bank asks the customer to "
        "confirm, `plan` stays and `pending_plan` is set: redirect the customer to `payment_url`, and the change takes effect "
        "when it is paid before `pending_until`. Usage counts stay. A customer who would leave otherwise can tell why, with a "
        "cheaper plan only. Fails with 409 unless the subscription is active, or if it has the plan already.",
        request=ChangePlanSerializer,
        responses={200: SubscriptionSerializer, 402: NOT_PAID_FOR, 503: UNAVAILABLE},
    )
    def change_plan(
        self, subscription: Subscription, *, plan: SubscriptionPlan, feedback: services.CancellationFeedback
    ) -> None:
        services.move(subscription, plan=plan, feedback=feedback, now=clock.now())

    @post_action(
        summary="Preview a plan change",
        description="Returns what a change to another plan would cost now. Nothing is changed.",
        request=PlanChoiceSerializer,
        responses={200: PreviewSerializer, 503: UNAVAILABLE},
        examples=[response_example(PreviewSerializer, "200")],
    )
    def preview_change(self, request: Request, pk: Any) -> Response:
        subscription, form = self.get_object(), self.parsed(PlanChoiceSerializer)
        preview = services.preview_change(subscription, plan=form["plan"], now=clock.now())
        return Response(PreviewSerializer(preview).data)

    @post_action(
        summary="Create a checkout page",
        description="Returns a page of Stripe to buy a plan. The subscription begins when Stripe confirms the checkout, with a "
        "trial if the user had none. Fails with 409 if a paid subscription is running; change its plan instead. A repeated "
        "request for the same plan returns the page that is still open.",
        request=CheckoutSerializer,
        responses={201: StripePageSerializer, 503: UNAVAILABLE},
        examples=[response_example(StripePageSerializer, "201")],
        detail=False,
    )
    def checkout(self, request: Request) -> Response:
        page = services.start_checkout(user=request.user, now=clock.now(), **self.parsed(CheckoutSerializer))
        return Response(StripePageSerializer(page).data, status=201)

    @post_action(
        summary="Create a portal page",
        description="Returns a page of Stripe to change the card and view invoices, or with `page: card` the form for a new "
        "card. Fails with 409 before the first checkout.",
        request=PortalSerializer,
        responses={201: StripePageSerializer, 503: UNAVAILABLE},
        examples=[response_example(StripePageSerializer, "201")],
        detail=False,
    )
    def portal(self, request: Request) -> Response:
        form = self.parsed(PortalSerializer)
        page = services.open_portal(user=request.user, now=clock.now(), page=form["page"], return_to=form["return_url"])
        return Response(StripePageSerializer(page).data, status=201)


class FeatureAccessViewSet(OwnedReadOnlyViewSet):
    about = (
        "Each feature has one entry, which is enabled or disabled by the subscription, the free features or staff. Uses are "
        "counted per month of the billing period, or per calendar month (UTC) without a subscription."
    )
    queryset = FeatureAccess.objects.with_billing_period()
    serializer_class = FeatureAccessSerializer
    filterset_class = FeatureAccessFilter
    ordering = "feature_name"
    ordering_fields = ("feature_name", "created_at")
    search_fields = ("feature_name",)

    @post_action(
        summary="Use a feature",
        description="Counts one use, or `amount` uses, if the limit allows all of them. Concurrent requests never exceed the "
        "limit. Uses with the same key are counted once; the key of uses that were given back is refused (409), and so is one "
        "with another amount or feature (422).",
        request=UseSerializer,
        responses={200: FeatureAccessSerializer, **DENIALS},
    )
    def use(self, request: Request, pk: Any) -> Response:
        access, form = self.get_object(), self.parsed(UseSerializer)
        form.setdefault("idempotency_key", request.headers.get("Idempotency-Key"))
        used = services.record_usage(user=request.user, feature=access.feature_name, now=clock.now(), **form)
        return self.row_response(used)

    @post_action(
        summary="Give back uses of a feature",
        description="Subtracts the uses that were counted with a key, for example after a failed operation. Idempotent. The "
        "count of a past month does not change. Fails with 404 if no uses were counted with the key in the last 90 days.",
        request=GiveBackSerializer,
    )
    def give_back(self, request: Request, pk: Any) -> Response:
        access, form = self.get_object(), self.parsed(GiveBackSerializer)
        given = services.give_back(user=request.user, feature=access.feature_name, now=clock.now(), **form)
        return self.row_response(given)

    @extend_schema(
        summary="Explain a feature",
        description="Returns why the feature is enabled or disabled, and the offered plans that include it.",
        responses=ExplanationSerializer,
    )
    @action(detail=True)
    def explanation(self, request: Request, pk: Any) -> Response:
        return self._explained(self.get_object().feature_name)

    @extend_schema(
        summary="Explain a feature by its name",
        description="Returns why the feature with this name is enabled or disabled, also if the user has no entry for it.",
        parameters=[FeatureNameSerializer],
        responses=ExplanationSerializer,
        filters=False,
    )
    @action(detail=False, url_path="explanation", pagination_class=None)
    def explanation_by_name(self, request: Request) -> Response:
        form = FeatureNameSerializer(data=request.query_params.dict())
        form.is_valid(raise_exception=True)
        return self._explained(form.validated_data["feature_name"])

    def _explained(self, feature: str) -> Response:
        found = services.explain_feature(user=self.request.user, feature=feature, now=clock.now())
        return Response(ExplanationSerializer(found).data)


class InvoiceViewSet(OwnedReadOnlyViewSet):
    about = "Invoices include drafts and void ones. They can't be changed through the API."
    queryset = BillingHistory.objects.all()
    serializer_class = InvoiceSerializer
    filterset_class = InvoiceFilter
    ordering = "-billing_date"
    ordering_fields = ("billing_date", "due_date", "amount", "created_at")
    search_fields = ("description",)


class AdjustmentViewSet(OwnedReadOnlyViewSet):
    about = (
        "Refunds, credits and disputes. The amount is positive in favor of the user, and negative for a credit that an invoice "
        "used. Refunds that support has not approved are not included."
    )
    queryset = Adjustment.objects.exclude(status__in=UNDECIDED_STATUSES)
    serializer_class = AdjustmentSerializer
    filterset_class = AdjustmentFilter
    ordering = "-happened_at"
    ordering_fields = ("happened_at", "amount", "created_at")

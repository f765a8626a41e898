"""Views of transfers."""

from datetime import date, timedelta
from typing import Any, cast

from django.db import transaction
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from core import clock
from core.api.actions import post_action, row_action
from core.api.viewsets import CreateMixin, DestroyMixin, OwnedReadOnlyViewSet
from core.errors import ConflictError
from finance import services
from finance.models import Transfer
from finance.serializers.transfers import ProposalsSerializer, ProposeFormSerializer, TransferSerializer
from finance.services.transfers import lock_pair
from finance.transfer_filters import TransferFilter
from users.models import User

MAX_SHOWN = 200
YEAR = timedelta(days=366)


class TransferViewSet(CreateMixin[Transfer], DestroyMixin[Transfer], OwnedReadOnlyViewSet[Transfer]):
    about = (
        "Transfers between the user's own accounts are neither income nor spending. They are proposed after each import of a "
        "statement; only a person accepts them."
    )
    queryset = Transfer.objects.all()
    serializer_class = TransferSerializer
    filterset_class = TransferFilter
    ordering_fields = ("created_at", "decided_at", "confidence")

    def locked_object(self) -> Transfer:
        """Return the locked transfer of the path, after its transactions are locked."""
        found = self.get_object()
        lock_pair(owner=found.user_id, outgoing=found.outgoing_id, incoming=found.incoming_id)
        try:
            return super().locked_object()
        except Http404 as error:  # deleted by the acceptance of a competing one, or with a transaction
            raise ConflictError(
                "already_decided", "This transfer was decided at the same time. Read the list again."
            ) from error

    @extend_schema(
        summary="Link a transfer",
        description="Accepts the pair at once: both transactions get the type `transfer`. A proposed or refused pair of the "
        "same two is accepted. Returns 400 if the pair is no transfer, and 409 if one of the two is part of another one.",
    )
    def create(self, request: Request, *args: object, **kwargs: object) -> Response:
        return super().create(request, *args, **kwargs)

    @extend_schema(
        summary="Take back a transfer",
        description="Deletes the transfer; if it was accepted, both transactions get their former types. The same pair may be "
        "proposed again, unless it is refused instead.",
    )
    def destroy(self, request: Request, *args: object, **kwargs: object) -> Response:
        return super().destroy(request, *args, **kwargs)

    @row_action(
        summary="Accept a transfer",
        description="Sets the type of both transactions to `transfer`, and deletes other proposals with one of them. Returns "
        "409 if it is accepted already, or one of the transactions is part of another transfer.",
    )
    def accept(self, transfer: Transfer) -> None:
        services.accept_transfer(transfer, now=clock.now())

    @row_action(
        summary="Refuse a transfer",
        description="The pair is never proposed again. If the transfer was accepted, both transactions get their former types. "
        "Returns 409 if it is refused already.",
    )
    def refuse(self, transfer: Transfer) -> None:
        services.refuse_transfer(transfer, now=clock.now())

    @post_action(
        detail=False,
        summary="Propose transfers",
        description="Looks for pairs of transactions that may be transfers, and stores the best ones as proposals: opposite "
        "signs, two of the user's accounts, at most 5 days apart, and equal amounts, up to 3% and 25.00 less, or two "
        "currencies with a stored exchange rate. Earlier proposals in the period that fit worse are deleted; refused pairs are "
        "not proposed again. Returns 400 if the period has too many transactions.",
        request=ProposeFormSerializer,
        responses=ProposalsSerializer,
    )
    @transaction.atomic
    def propose(self, request: Request) -> Response:
        period = self.parsed(ProposeFormSerializer)
        user = cast("User", request.user)
        end: date = period.get("to", clock.day_in(user.zone, clock.now()))
        found = services.propose_transfers(owner=user, start=period.get("from", end - YEAR), end=end)
        shown: list[Any] = [self.with_owner(transfer) for transfer in found[:MAX_SHOWN]]
        rows = TransferSerializer(shown, many=True, context=self.get_serializer_context()).data
        return Response({"count": len(found), "results": rows})

"""Views of the parts of transactions and the shares of refunds, which are written with their transaction."""

from core.api.viewsets import OwnedReadOnlyViewSet
from finance.models import RefundShare, TransactionSplit
from finance.serializers.divisions import RefundShareSerializer, TransactionSplitSerializer
from finance.transaction_filters import RefundShareFilter, SplitFilter


class TransactionSplitViewSet(OwnedReadOnlyViewSet):
    about = "The parts of split transactions, as in the `splits` of each. They are written with their transaction."
    queryset = TransactionSplit.objects.all()
    serializer_class = TransactionSplitSerializer
    filterset_class = SplitFilter
    ordering_fields = ("created_at", "amount")


class RefundShareViewSet(OwnedReadOnlyViewSet):
    about = "What refunds give back of which expenses. A share is written with `refund_of` of the refund."
    queryset = RefundShare.objects.all()
    serializer_class = RefundShareSerializer
    filterset_class = RefundShareFilter
    ordering_fields = ("created_at", "amount")

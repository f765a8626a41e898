"""Money in the API."""

from finance import services
from finance.filters import AccountFilter, TransactionFilter
from finance.models import EncryptedFinancialProfile, FinancialTransaction
from finance.serializers import AccountSerializer, TransactionSerializer
from mingus.kit.api.viewsets import OwnedViewSet


class AccountViewSet(OwnedViewSet):
    """Bank accounts, cards and loans. Their numbers go in and never come out."""

    queryset = EncryptedFinancialProfile.objects.all()
    serializer_class = AccountSerializer
    filterset_class = AccountFilter
    ordering_fields = ("created_at", "profile_name", "account_balance")
    search_fields = ("profile_name", "institution_name")

    def perform_destroy(self, instance: EncryptedFinancialProfile) -> None:
        services.delete_account(instance)


class TransactionViewSet(OwnedViewSet):
    """Movements of money."""

    queryset = FinancialTransaction.objects.all()
    serializer_class = TransactionSerializer
    filterset_class = TransactionFilter
    ordering = "-transaction_date"
    ordering_fields = ("transaction_date", "amount", "posted_date", "created_at")
    search_fields = ("description", "merchant_name", "category", "reference_number")

"""What lists of money can be filtered by."""

from finance.models import EncryptedFinancialProfile, FinancialTransaction, StatementImport, StatementImportRow
from mingus.kit.api.filtersets import StrictFilterSet


class AccountFilter(StrictFilterSet):
    class Meta:
        model = EncryptedFinancialProfile
        fields = {
            "profile_name": ["exact", "icontains"],
            "profile_type": ["exact", "in"],
            "institution_name": ["exact", "icontains"],
            "currency": ["exact"],
            "sync_status": ["exact"],
            "is_active": ["exact"],
            "account_balance": ["gte", "lte"],
            "created_at": ["gte", "lte"],
            "metadata": ["contains"],
        }


class TransactionFilter(StrictFilterSet):
    class Meta:
        model = FinancialTransaction
        fields = {
            "financial_profile": ["exact", "isnull"],
            "transaction_type": ["exact", "in"],
            "amount": ["exact", "gt", "gte", "lt", "lte"],
            "currency": ["exact"],
            "category": ["exact", "in", "icontains"],
            "merchant_name": ["exact", "icontains"],
            "description": ["icontains"],
            "transaction_date": ["exact", "gte", "lte"],
            "posted_date": ["exact", "gte", "lte", "isnull"],
            "reference_number": ["exact"],
            "status": ["exact", "in"],
            "created_at": ["gte", "lte"],
            "updated_at": ["gte", "lte"],
            "metadata": ["contains"],
        }


class ImportFilter(StrictFilterSet):
    class Meta:
        model = StatementImport
        fields = {
            "account": ["exact"],
            "format": ["exact"],
            "created_at": ["gte", "lte"],
            "undone_at": ["isnull"],
        }


class ImportRowFilter(StrictFilterSet):
    class Meta:
        model = StatementImportRow
        fields = {"verdict": ["exact", "in"], "number": ["exact", "gte", "lte"]}

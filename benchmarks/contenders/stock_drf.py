"""Django REST framework as in its tutorial, on the same tables: a ModelSerializer in a ModelViewSet.

It uses Django's default middleware, DRF's renderer, parser and cursor pagination, and django-filter. The database settings
and the token class are MINGUS's. This is an advantage, because Django opens a connection for each request by default.
"""

from typing import Any

from django.urls import include, path
from django_filters.rest_framework.backends import DjangoFilterBackend
from rest_framework.mixins import CreateModelMixin, ListModelMixin
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.pagination import CursorPagination
from rest_framework.parsers import JSONParser
from rest_framework.permissions import IsAuthenticated
from rest_framework.renderers import JSONRenderer
from rest_framework.routers import SimpleRouter
from rest_framework.serializers import BaseSerializer, DecimalField, ModelSerializer
from rest_framework.views import exception_handler
from rest_framework.viewsets import GenericViewSet

from benchmarks.api_contract import NAMES
from benchmarks.contenders.calls import Contender
from benchmarks.contenders.without_rls import contender_without_rls, own_urls
from finance.models import FinancialTransaction
from users.authentication import TokenAuthentication

STARTPROJECT = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]


class TransactionSerializer(ModelSerializer):
    amount = DecimalField(12, 2)  # the column has three decimals, for currencies that use them
    absolute_amount = DecimalField(12, 2, read_only=True)

    class Meta:
        model = FinancialTransaction
        fields = NAMES


class NewestFirst(CursorPagination):
    page_size = 50
    ordering = ("-transaction_date", "-id")


class StockViewSet(ListModelMixin, GenericViewSet):
    """DRF's defaults where MINGUS's settings differ."""

    authentication_classes = (TokenAuthentication,)
    permission_classes = (IsAuthenticated,)
    renderer_classes = (JSONRenderer,)
    parser_classes = (JSONParser,)
    content_negotiation_class = DefaultContentNegotiation
    filter_backends = (DjangoFilterBackend,)

    def get_exception_handler(self) -> Any:
        return exception_handler


class TransactionViewSet(CreateModelMixin, StockViewSet):
    queryset = FinancialTransaction.objects.all()
    serializer_class = TransactionSerializer
    pagination_class = NewestFirst
    filterset_fields = {"category": ["exact"], "transaction_date": ["gte", "lte"]}

    def get_queryset(self) -> Any:
        return super().get_queryset().filter(user=self.request.user.pk)

    def perform_create(self, serializer: BaseSerializer[Any]) -> None:
        serializer.save(user=self.request.user)


router = SimpleRouter()
router.register("transactions", TransactionViewSet)
urlpatterns = [path("api/v1/finance/", include(router.urls))]
use_these_urls = own_urls(__name__)


def contender() -> Contender:
    return contender_without_rls("stock DRF", [f"{__name__}.use_these_urls", *STARTPROJECT])

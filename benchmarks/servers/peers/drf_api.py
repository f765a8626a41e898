"""Django REST framework as in its tutorial, with `startproject`'s middleware and a token class of a few lines."""

from typing import Any

from django.urls import include, path
from django_filters.rest_framework.backends import DjangoFilterBackend
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.mixins import CreateModelMixin, ListModelMixin, RetrieveModelMixin
from rest_framework.pagination import CursorPagination
from rest_framework.parsers import JSONParser
from rest_framework.permissions import IsAuthenticated
from rest_framework.renderers import JSONRenderer
from rest_framework.routers import SimpleRouter
from rest_framework.serializers import BaseSerializer, DecimalField, ModelSerializer
from rest_framework.viewsets import GenericViewSet

from benchmarks.api_contract import LIMIT, NAMES, PATH
from benchmarks.servers.peers.models import PeerTransaction, PeerUser, owner_of


class PeerAuthentication(BaseAuthentication):
    def authenticate(self, request: Any) -> tuple[PeerUser, None]:
        found = owner_of(get_authorization_header(request).decode().removeprefix("Bearer "))
        if found is None:
            raise AuthenticationFailed
        return found, None


class PeerSerializer(ModelSerializer):
    absolute_amount = DecimalField(12, 2, read_only=True)

    class Meta:
        model = PeerTransaction
        fields = NAMES


class PeerPages(CursorPagination):
    page_size = LIMIT
    ordering = ("-transaction_date", "-id")


class PeerViewSet(CreateModelMixin, RetrieveModelMixin, ListModelMixin, GenericViewSet):
    queryset = PeerTransaction.objects.all()
    serializer_class = PeerSerializer
    authentication_classes = (PeerAuthentication,)
    permission_classes = (IsAuthenticated,)
    renderer_classes = (JSONRenderer,)
    parser_classes = (JSONParser,)
    filter_backends = (DjangoFilterBackend,)
    filterset_fields = {"category": ["exact"], "transaction_date": ["gte", "lte"]}
    pagination_class = PeerPages

    def get_queryset(self) -> Any:
        return super().get_queryset().filter(user=self.request.user)

    def perform_create(self, serializer: BaseSerializer[Any]) -> None:
        serializer.save(user=self.request.user)


router = SimpleRouter()
router.register("transactions", PeerViewSet)
urlpatterns = [path(PATH.removeprefix("/").removesuffix("transactions/"), include(router.urls))]

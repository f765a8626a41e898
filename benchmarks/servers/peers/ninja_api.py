"""django-ninja, tuned: no middleware, a token and its user in one query, keyset pages, orjson, schemas both ways."""

from datetime import date
from typing import Any
from uuid import UUID

import orjson
from django.db import transaction
from django.http import HttpRequest
from django.urls import path
from ninja import NinjaAPI, Schema
from ninja.errors import HttpError
from ninja.parser import Parser
from ninja.renderers import BaseRenderer
from ninja.security import HttpBearer

from benchmarks.api_contract import LIMIT, PATH, link
from benchmarks.schemas import TransactionIn, TransactionOut
from benchmarks.servers.peers.models import PeerAccount, PeerTransaction, last_of, newest, owner_of


class TokenBearer(HttpBearer):
    def authenticate(self, request: HttpRequest, token: str) -> Any:
        return owner_of(token)


class FastRenderer(BaseRenderer):
    media_type = "application/json"

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> bytes:
        return orjson.dumps(data, default=str, option=orjson.OPT_UTC_Z)


class FastParser(Parser):
    def parse_body(self, request: HttpRequest) -> Any:
        return orjson.loads(request.body)


class GivenTransaction(Schema, TransactionIn):
    """With the base class that django-ninja requires."""


class ReturnedTransaction(Schema, TransactionOut):
    """With the base class that django-ninja requires."""


class ReturnedPage(Schema):
    next: str | None
    previous: str | None
    results: list[ReturnedTransaction]


api = NinjaAPI(auth=TokenBearer(), renderer=FastRenderer(), parser=FastParser(), docs_url=None, openapi_url=None)


@api.get("", response=ReturnedPage)
def page(request: HttpRequest, category: str, transaction_date__gte: date, transaction_date__lte: date) -> dict[str, Any]:
    days = {"transaction_date__gte": transaction_date__gte, "transaction_date__lte": transaction_date__lte}
    found = newest(_owner(request), {"category": category, **days}, LIMIT + 1)
    shown = found[:LIMIT]
    return {"next": link(request.META["QUERY_STRING"], last_of(shown), len(found)), "previous": None, "results": shown}


@api.get("{key}/", response=ReturnedTransaction)
def one(request: HttpRequest, key: UUID) -> PeerTransaction:
    found = PeerTransaction.objects.filter(user=_owner(request), pk=key).first()
    if found is None:
        raise HttpError(404, "There is no such transaction.")
    return found


@api.post("", response={201: ReturnedTransaction})
@transaction.atomic
def create(request: HttpRequest, data: GivenTransaction) -> Any:
    values = data.dict()
    account = values.pop("financial_profile")
    if not PeerAccount.objects.filter(user=_owner(request), pk=account).exists():
        raise HttpError(422, "There is no such account.")
    created = PeerTransaction(user=_owner(request), financial_profile_id=account, **values)
    created.save(force_insert=True)
    return 201, created


def _owner(request: HttpRequest) -> Any:
    found: Any = request
    return found.auth


urlpatterns = [path(PATH.removeprefix("/"), api.urls)]

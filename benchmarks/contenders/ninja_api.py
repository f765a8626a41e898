"""django-ninja, tuned: no middleware, a token and its user in one query, keyset pages, orjson, schemas both ways.

It shares MINGUS's models, pool and prepared statements. It creates a transaction atomically, in an account of the caller.
"""

from datetime import date
from typing import Any

import orjson
from django.db import transaction
from django.http import HttpRequest
from django.urls import path
from knox.crypto import hash_token
from knox.settings import CONSTANTS
from ninja import NinjaAPI, Schema
from ninja.errors import HttpError
from ninja.parser import Parser
from ninja.renderers import BaseRenderer
from ninja.security import HttpBearer

from benchmarks.api_contract import LIMIT, link
from benchmarks.contenders.calls import Contender
from benchmarks.contenders.without_rls import contender_without_rls, own_urls
from benchmarks.schemas import TransactionIn, TransactionOut
from core import clock
from finance.models import EncryptedFinancialProfile, FinancialTransaction
from users.models import PersonalAccessToken


class Bearer(HttpBearer):
    def authenticate(self, request: HttpRequest, token: str) -> Any:
        keys = PersonalAccessToken.objects.select_related("user").filter(user__is_active=True)
        for key in keys.filter(token_key=token[: CONSTANTS.TOKEN_KEY_LENGTH], digest=hash_token(token)):
            if key.expiry is None or key.expiry > clock.now():
                return key.user
        return None


class OrjsonRenderer(BaseRenderer):
    media_type = "application/json"

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> bytes:
        return orjson.dumps(data, default=str, option=orjson.OPT_UTC_Z)


class OrjsonParser(Parser):
    def parse_body(self, request: HttpRequest) -> Any:
        return orjson.loads(request.body)


class In(Schema, TransactionIn):
    """With the base class that django-ninja requires."""


class Out(Schema, TransactionOut):
    """With the base class that django-ninja requires."""


class Page(Schema):
    next: str | None
    previous: str | None
    results: list[Out]


api = NinjaAPI(auth=Bearer(), renderer=OrjsonRenderer(), parser=OrjsonParser(), docs_url=None, openapi_url=None)


@api.get("transactions/", response=Page)
def page(request: HttpRequest, category: str, transaction_date__gte: date, transaction_date__lte: date) -> dict[str, Any]:
    """Return the newest rows. The `next` link is that of the limit."""
    days = {"transaction_date__gte": transaction_date__gte, "transaction_date__lte": transaction_date__lte}
    rows = FinancialTransaction.objects.filter(user=_owner(request), category=category, **days)
    found = list(rows.order_by("-transaction_date", "-id")[: LIMIT + 1])
    shown = found[:LIMIT]
    last = (str(shown[-1].transaction_date), str(shown[-1].pk))
    return {"next": link(request.META["QUERY_STRING"], last, len(found)), "previous": None, "results": shown}


@api.post("transactions/", response={201: Out})
@transaction.atomic
def create(request: HttpRequest, data: In) -> Any:
    values = data.dict()
    account = values.pop("financial_profile")
    if not EncryptedFinancialProfile.objects.filter(user=_owner(request), pk=account).exists():
        raise HttpError(422, "There is no such account.")
    created = FinancialTransaction(user=_owner(request), financial_profile_id=account, **values)
    created.save(force_insert=True)
    return 201, created


def _owner(request: HttpRequest) -> Any:
    found: Any = request
    return found.auth


urlpatterns = [path("api/v1/finance/", api.urls)]
use_these_urls = own_urls(__name__)


def contender() -> Contender:
    return contender_without_rls("django-ninja, tuned", [f"{__name__}.use_these_urls"])

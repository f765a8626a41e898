"""django-bolt: its server in Rust, handlers with Django's ORM in its threads, msgspec both ways.

It runs a synchronous handler in a thread if it finds the ORM's methods in the handler's own source. Its server removes the
slash at the end of a path.
"""

from datetime import date
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from django_bolt import BoltAPI
from django_bolt.exceptions import HTTPException
from django_bolt.param_functions import Header

from benchmarks.api_contract import LIMIT, PATH, link
from benchmarks.servers.peers.models import PeerAccount, PeerTransaction, PeerUser, last_of, owner_of
from benchmarks.servers.peers.structs import NewTransaction, ShownTransaction, TransactionPage

ROUTE = PATH.removesuffix("/")

Token = Annotated[str, Header(alias="authorization")]
api = BoltAPI(enable_logging=False, compression=False)


@api.get(ROUTE)  # type: ignore[untyped-decorator]  # django-bolt has no types
def page(authorization: Token, category: str, transaction_date__gte: date, transaction_date__lte: date) -> TransactionPage:
    days = {"transaction_date__gte": transaction_date__gte, "transaction_date__lte": transaction_date__lte}
    rows = PeerTransaction.objects.filter(user=_caller(authorization), category=category, **days)
    found = list(rows.order_by("-transaction_date", "-id")[: LIMIT + 1])
    shown = found[:LIMIT]
    query = urlencode({"category": category, **days})
    return TransactionPage(link(query, last_of(shown), len(found)), None, [_shown(row) for row in shown])


@api.get(ROUTE + "/{key}")  # type: ignore[untyped-decorator]  # django-bolt has no types
def one(authorization: Token, key: UUID) -> ShownTransaction:
    found = PeerTransaction.objects.filter(user=_caller(authorization), pk=key).first()
    if found is None:
        raise HTTPException(status_code=404)
    return _shown(found)


@api.post(ROUTE, status_code=201)  # type: ignore[untyped-decorator]  # django-bolt has no types
def create(authorization: Token, given: NewTransaction) -> ShownTransaction:
    owner = _caller(authorization)
    if not PeerAccount.objects.filter(user=owner, pk=given.financial_profile).exists():
        raise HTTPException(status_code=422, detail="There is no such account.")
    keys = {"user": owner, "financial_profile_id": given.financial_profile}
    made = PeerTransaction(**keys, metadata=given.metadata, **given.values())
    made.save(force_insert=True)
    return _shown(made)


def _caller(authorization: str) -> PeerUser:
    found = owner_of(authorization.removeprefix("Bearer "))
    if found is None:
        raise HTTPException(status_code=401)
    return found


def _shown(row: PeerTransaction) -> ShownTransaction:
    return ShownTransaction.of(row, row.metadata)

"""The project's addresses and one that fails with secrets in hand."""

import logging

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path

from core import rls
from finance.models import EncryptedFinancialProfile
from mingus.urls import handler400, handler403, handler404, handler500, urlpatterns
from tests.security.secret_values import BODY, NUMBER, PERSON

logger = logging.getLogger(__name__)


def fails(request: HttpRequest) -> HttpResponse:
    """Holds a sealed number, a person's address and the body, and fails over them."""
    with rls.as_staff():
        account = EncryptedFinancialProfile.objects.get()
    number, body = account.account_number, request.body.decode()
    assert (number, body) == (NUMBER, BODY)
    logger.warning("Odd: %r %s of %s with %s", account, vars(account), PERSON, request.headers["Authorization"])
    raise RuntimeError(f"{account!r} {vars(account)} of {PERSON} with {dict(request.headers)}")


def fails_in_sql(request: HttpRequest) -> HttpResponse:
    """Breaks a rule of the database, which quotes the whole row."""
    with rls.as_staff(), connection.cursor() as cursor:
        cursor.execute("UPDATE finance_encryptedfinancialprofile SET profile_type = 'none such'")
    return HttpResponse()


urlpatterns = [path("fails/", fails), path("fails-in-sql/", fails_in_sql), *urlpatterns]
__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

"""The project's URLs and two views that fail with secrets in local variables."""

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
    """Raise an error with a decrypted number, an email address and the request body in local variables."""
    with rls.as_staff():
        account = EncryptedFinancialProfile.objects.get()
    number, body = account.account_number, request.body.decode()
    assert (number, body) == (NUMBER, BODY)
    logger.warning("Odd: %r %s of %s with %s", account, vars(account), PERSON, request.headers["Authorization"])
    raise RuntimeError(f"{account!r} {vars(account)} of {PERSON} with {dict(request.headers)}")


def fails_in_sql(request: HttpRequest) -> HttpResponse:
    """Violate a CHECK constraint, whose error quotes the whole row."""
    with rls.as_staff(), connection.cursor() as cursor:
        cursor.execute("UPDATE finance_encryptedfinancialprofile SET profile_type = 'none such'")
    return HttpResponse()


urlpatterns = [path("fails/", fails), path("fails-in-sql/", fails_in_sql), *urlpatterns]
__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

"""Error responses with the JSON body `{"type", "errors": [{"code", "detail", "attr"}]}`.

They are used for DRF's exceptions, DomainError and violated constraints. `mingus.error_pages` has Django's error views.
"""

from typing import NamedTuple

from django.apps import apps
from django.core.exceptions import SuspiciousOperation
from django.db import DataError, IntegrityError, models
from django.db.models import ProtectedError, RestrictedError
from django.http import HttpRequest, JsonResponse
from drf_standardized_errors.handler import ExceptionHandler
from drf_standardized_errors.handler import exception_handler as standardized
from drf_standardized_errors.types import ExceptionHandlerContext
from rest_framework import exceptions
from rest_framework.response import Response

from core.errors import DomainError
from core.postgres.failures import UNAVAILABLE, Failure, failure_of

FOREIGN_KEY_VIOLATION = "23503"
MALFORMED = "The request is malformed or too large."
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
NOTHING_CHANGED = "Nothing was changed."
UNCERTAIN = "It is not known whether the change was saved. Check before you repeat it, or send the same Idempotency-Key."

# PostgreSQL's error class 22, such as a time zone of +23:13: a value of the right type that can't be stored
OUT_OF_RANGE = exceptions.ErrorDetail("A value is out of range.", "out_of_range")


class ApiError(exceptions.APIException):
    """An error with any status; `retry_after` is in seconds."""

    def __init__(self, status: int, code: str, message: str, *, retry_after: int | None = None) -> None:
        super().__init__(message, code)
        self.status_code = status
        self.wait = retry_after  # DRF sends it as the header Retry-After


def problem(status: int, code: str, detail: str, attr: str | None = None, *, retry_after: int | None = None) -> JsonResponse:
    """Return an error response for code outside of DRF, such as middleware and Django's error views."""
    kind = "server_error" if status >= 500 else "client_error"
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    body = {"type": kind, "errors": [{"code": code, "detail": detail, "attr": attr}]}
    return JsonResponse(body, status=status, headers=headers)


def unavailable(request: HttpRequest, failure: Failure = UNAVAILABLE) -> JsonResponse:
    """Return the 503 for a failure of the database."""
    is_undone = failure.is_undone or request.method in SAFE_METHODS
    detail = f"{failure.detail} {NOTHING_CHANGED if is_undone else UNCERTAIN}"
    return problem(503, failure.code, detail, retry_after=failure.retry_after)


def exception_handler(exc: Exception, context: ExceptionHandlerContext) -> Response | None:
    """Handle an exception of DRF. Return None for a database failure, which RequestContextMiddleware handles for all views."""
    return None if failure_of(exc) else standardized(exc, context)


class ApiExceptionHandler(ExceptionHandler):
    """A handler of DRF's exceptions, DomainError and database errors."""

    def convert_known_exceptions(self, exc: Exception) -> Exception:
        if isinstance(exc, DomainError):
            return from_domain(exc)
        if isinstance(exc, IntegrityError):
            return from_database(exc) or exc
        if isinstance(exc, DataError):
            return exceptions.ValidationError(OUT_OF_RANGE)
        if isinstance(exc, ProtectedError | RestrictedError):
            return ApiError(409, "in_use", "Other records still refer to this one. Delete or change them first.")
        if isinstance(exc, SuspiciousOperation):
            return ApiError(400, "bad_request", MALFORMED)
        return super().convert_known_exceptions(exc)


def from_domain(error: DomainError) -> exceptions.APIException:
    """Return the API's exception for a DomainError; one with status 400 is reported at its field."""
    if error.status == 400:
        detail = exceptions.ErrorDetail(error.message, error.code)
        return exceptions.ValidationError({error.field: [detail]} if error.field else [detail])
    return ApiError(error.status, error.code, error.message, retry_after=error.retry_after)


def from_database(error: IntegrityError) -> exceptions.APIException | None:
    """Return the 400 for a violated constraint, found by its name, or None if no model declares it, which is a bug."""
    found = violated_rule(error)
    if found is None:
        return from_foreign_key_violation(error)
    detail = exceptions.ErrorDetail(found.message, "unique" if found.is_unique else "constraint")
    return exceptions.ValidationError({field_of(found.model, found.name): [detail]})


def from_foreign_key_violation(error: IntegrityError) -> exceptions.APIException | None:
    """Return the 400 for a foreign key whose target was deleted meanwhile, or None. No model declares it: it is made in SQL."""
    diagnosis = getattr(error.__cause__, "diag", None)
    if diagnosis is None or diagnosis.sqlstate != FOREIGN_KEY_VIOLATION:
        return None
    models_by_table = {model._meta.db_table: model for model in apps.get_models()}
    field = field_of(models_by_table[diagnosis.table_name], diagnosis.constraint_name)
    detail = exceptions.ErrorDetail("It no longer exists. Read the list again.", "does_not_exist")
    return exceptions.ValidationError({field: [detail]})


class Rule(NamedTuple):
    """A rule of the database with its message for people."""

    model: type[models.Model]
    name: str
    message: str
    is_unique: bool = False


def violated_rule(error: IntegrityError) -> Rule | None:
    """Return the violated constraint or rule of a trigger, or None if no model declares it."""
    name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
    for model in apps.get_models() if name else ():
        for constraint in model._meta.constraints:
            if constraint.name == name:
                return Rule(model, name, violation_message(constraint), isinstance(constraint, models.UniqueConstraint))
        message = getattr(model, "trigger_rules", {}).get(name)
        if message is not None:
            return Rule(model, str(name), message)
    return None


def violation_message(constraint: models.BaseConstraint) -> str:
    if constraint.violation_error_message != constraint.default_violation_error_message:
        return str(constraint.violation_error_message)
    if isinstance(constraint, models.UniqueConstraint):
        return "You already have one with this value."
    return f"This breaks the rule {constraint.name}."


def field_of(model: type[models.Model], constraint: str) -> str:
    """Return the field in a constraint's name, `<table>_<field>_<rule>`, or `non_field_errors` if it contains none."""
    rest = constraint.removeprefix(f"{model._meta.db_table}_")
    properties = (name for base in model.__mro__ for name, value in vars(base).items() if isinstance(value, property))
    named = [name for name in (*(field.name for field in model._meta.concrete_fields), *properties) if rest.startswith(name)]
    return max(named, key=len, default="non_field_errors")

"""One JSON shape for every failure: `{"type", "errors": [{"code", "detail", "attr"}]}`.

DRF's exceptions, the domain's errors, Django's own views and the database's constraints all end here.
"""

from django.apps import apps
from django.core.exceptions import SuspiciousOperation
from django.db import DataError, IntegrityError, InterfaceError, OperationalError, models
from django.db.models import ProtectedError, RestrictedError
from django.db.transaction import non_atomic_requests
from django.http import HttpRequest, HttpResponse, JsonResponse
from drf_standardized_errors.handler import ExceptionHandler
from drf_standardized_errors.handler import exception_handler as standardized
from drf_standardized_errors.types import ExceptionHandlerContext
from rest_framework import exceptions
from rest_framework.response import Response

from core.errors import DomainError

FOREIGN_KEY_VIOLATION = "23503"
MALFORMED = "The request is malformed or larger than allowed."

# PostgreSQL's class 22, such as a time zone of +23:13: a value of the right type that no column can hold
OUT_OF_RANGE = exceptions.ErrorDetail("A value is outside of what can be stored.", "out_of_range")


class ApiError(exceptions.APIException):
    """A failure with a status of its own: 402, 409, 412, 413, 422, and 429 with `retry_after` in seconds."""

    def __init__(self, status: int, code: str, message: str, *, retry_after: int | None = None) -> None:
        super().__init__(message, code)
        self.status_code = status
        self.wait = retry_after  # DRF makes the header Retry-After of it


def problem(status: int, code: str, detail: str, attr: str | None = None, *, retry_after: int | None = None) -> JsonResponse:
    """The error shape for code that runs outside DRF: middleware and Django's own error views."""
    kind = "server_error" if status >= 500 else "client_error"
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    body = {"type": kind, "errors": [{"code": code, "detail": detail, "attr": attr}]}
    return JsonResponse(body, status=status, headers=headers)


def unavailable() -> JsonResponse:
    """503: the database does not answer; nothing was changed."""
    detail = "The database does not answer. Nothing was changed. Try again in a moment."
    return problem(503, "database_unavailable", detail, retry_after=2)


def exception_handler(exc: Exception, context: ExceptionHandlerContext) -> Response | None:
    """DRF's exception handler; a failing database is left to the middleware, which sees it on every road."""
    return None if isinstance(exc, OperationalError | InterfaceError) else standardized(exc, context)


class ApiExceptionHandler(ExceptionHandler):
    """Knows the domain's and the database's errors besides DRF's."""

    def convert_known_exceptions(self, exc: Exception) -> Exception:
        if isinstance(exc, DomainError):
            return from_domain(exc)
        if isinstance(exc, IntegrityError):
            return from_database(exc) or exc
        if isinstance(exc, DataError):
            return exceptions.ValidationError(OUT_OF_RANGE)
        if isinstance(exc, ProtectedError | RestrictedError):
            return ApiError(409, "in_use", "Other records still refer to this one. Remove or move those first.")
        if isinstance(exc, SuspiciousOperation):
            return ApiError(400, "bad_request", MALFORMED)
        return super().convert_known_exceptions(exc)


def from_domain(error: DomainError) -> exceptions.APIException:
    """A DomainError as the API answers it: at its field when it has one and the input is to blame."""
    if error.status == 400:
        detail = exceptions.ErrorDetail(error.message, error.code)
        return exceptions.ValidationError({error.field: [detail]} if error.field else [detail])
    return ApiError(error.status, error.code, error.message, retry_after=error.retry_after)


def from_database(error: IntegrityError) -> exceptions.APIException | None:
    """The 400 for a violated constraint, found by its name; None when no model declares it, which is a defect."""
    name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
    found = next((pair for pair in declared_constraints() if pair[1].name == name), None) if name else None
    if found is None:
        return from_foreign_key_violation(error)
    model, constraint = found
    code = "unique" if isinstance(constraint, models.UniqueConstraint) else "constraint"
    detail = exceptions.ErrorDetail(violation_message(constraint), code)
    return exceptions.ValidationError({field_of(model, constraint.name): [detail]})


def from_foreign_key_violation(error: IntegrityError) -> exceptions.APIException | None:
    """The 400 for a foreign key whose target went away after it was looked up: those are made in SQL, and no model has them."""
    diagnosis = getattr(error.__cause__, "diag", None)
    if diagnosis is None or diagnosis.sqlstate != FOREIGN_KEY_VIOLATION:
        return None
    models_by_table = {model._meta.db_table: model for model in apps.get_models()}
    field = field_of(models_by_table[diagnosis.table_name], diagnosis.constraint_name)
    detail = exceptions.ErrorDetail("It does not exist any more. Read the list again.", "does_not_exist")
    return exceptions.ValidationError({field: [detail]})


def declared_constraints() -> list[tuple[type[models.Model], models.BaseConstraint]]:
    """Every constraint that a model declares, with its model."""
    return [(model, constraint) for model in apps.get_models() for constraint in model._meta.constraints]


def violation_message(constraint: models.BaseConstraint) -> str:
    """What to tell a person who broke `constraint`."""
    if constraint.violation_error_message != constraint.default_violation_error_message:
        return str(constraint.violation_error_message)
    if isinstance(constraint, models.UniqueConstraint):
        return "You already have one with this value."
    return f"This breaks the rule {constraint.name}."


def field_of(model: type[models.Model], constraint: str) -> str:
    """The field that a constraint's name, `<table>_<field>_<rule>`, speaks of; `non_field_errors` when it names none."""
    rest = constraint.removeprefix(f"{model._meta.db_table}_")
    named = [field.name for field in model._meta.concrete_fields if rest.startswith(field.name)]
    return max(named, key=len, default="non_field_errors")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler400: a broken host header, a body over a limit, too many fields."""
    return problem(400, "bad_request", MALFORMED)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler403."""
    return problem(403, "permission_denied", "You may not do this.")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's CSRF_FAILURE_VIEW."""
    return problem(403, "csrf_failed", "The CSRF token is missing or wrong. Reload the page and try again.")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler404."""
    return unknown_url(request)


@non_atomic_requests
def unknown_url(request: HttpRequest) -> HttpResponse:
    """404 for an address nobody serves; says so when only the trailing slash is missing."""
    hint = "" if request.path.endswith("/") else " Addresses end with a slash."
    return problem(404, "not_found", f"There is nothing at this address.{hint}")


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500: says nothing about the inside, but gives the id under which the log has the traceback."""
    return problem(500, "error", "Something went wrong on our side. Nothing was changed. Tell us the X-Request-Id.")

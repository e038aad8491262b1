"""Every error of the API is a problem document (RFC 9457), whoever raised it: a rule, a serializer or the framework."""

from http import HTTPStatus
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied
from django.core.exceptions import ValidationError as ModelError
from django.db import IntegrityError
from django.http import Http404
from psycopg2.errors import UniqueViolation
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.serializers import as_serializer_error
from rest_framework.settings import api_settings

from crm.errors import BusinessError

CONTENT_TYPE = "application/problem+json"
SAME_IDENTITY = "Another record has the same identity; it was made a moment ago."


def problem_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """The exception handler of REST framework; None lets an unforeseen error become a 500."""
    if isinstance(error, BusinessError):
        return problem(error.status, str(error), code=error.code, **error.extra)
    if isinstance(error, ModelError):
        error = exceptions.ValidationError(as_serializer_error(error))
    if isinstance(error, IntegrityError) and isinstance(error.__cause__, UniqueViolation):
        return problem(status.HTTP_409_CONFLICT, SAME_IDENTITY, code="already_exists")
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    if isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    return from_framework(error) if isinstance(error, exceptions.APIException) else None


def from_framework(error: exceptions.APIException) -> Response:
    """An error of REST framework; texts by field stand under ``errors``."""
    if isinstance(error, exceptions.ValidationError):
        errors = by_field(error.detail)
        response = problem(error.status_code, first_text(errors), code="invalid", errors=errors)
    else:
        response = problem(error.status_code, str(error.detail), code=str(error.get_codes()))
    if header := getattr(error, "auth_header", None):
        response["WWW-Authenticate"] = header
    return response


def problem(status_code: int, detail: str, *, code: str, **facts: Any) -> Response:
    """A problem document; ``facts`` are its further members, and never replace the five of the standard."""
    phrase = HTTPStatus(status_code).phrase
    document = {
        **facts,
        "type": f"urn:tandem:problem:{code}",
        "title": phrase,
        "status": status_code,
        "detail": detail,
        "code": code,
    }
    return Response(sendable(document), status=status_code, content_type=CONTENT_TYPE)


def sendable(value: Any) -> Any:
    """What was sent may be named in the answer; half a character, which JSON can hold and UTF-8 cannot, as "?"."""
    if isinstance(value, dict):
        return {sendable(name): sendable(part) for name, part in value.items()}
    if isinstance(value, list):
        return [sendable(part) for part in value]
    return value.encode(errors="replace").decode() if isinstance(value, str) else value


def by_field(detail: Any) -> dict[str, Any]:
    """Texts by field name; what concerns the whole body stands under ``non_field_errors``."""
    if not isinstance(detail, dict):
        return {api_settings.NON_FIELD_ERRORS_KEY: detail}
    whole = api_settings.NON_FIELD_ERRORS_KEY
    return {whole if name == NON_FIELD_ERRORS else name: texts for name, texts in detail.items()}


def first_text(errors: Any) -> str:
    """One sentence for people: the first error, with its field."""
    if isinstance(errors, dict) and errors:
        name, texts = next(iter(errors.items()))
        text = first_text(texts)
        return text if name == api_settings.NON_FIELD_ERRORS_KEY else f"{name}: {text}"
    if isinstance(errors, list) and errors:
        return first_text(errors[0])
    return str(errors)

"""What OpenAPI says about all our operations alike: the key of repeated requests, and how errors look."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from crm.api.idempotency import HEADER, LONGEST

KEY = OpenApiParameter(
    HEADER,
    {"type": "string", "maxLength": LONGEST},
    OpenApiParameter.HEADER,
    description="Of your choice, new for each deed: the same request sent again gets the first answer again.",
)
# The errors that operations of each method may answer with; 401 is meant everywhere.
ERRORS = {
    "GET": {"400": "A parameter means nothing here."},
    "POST": {
        "400": "The body is not as described; `errors` has the texts by field.",
        "403": "You may see this, but not do that.",
        "409": "Somebody else was faster: `by_name`, `at` and the like say who and when.",
        "422": "A rule was broken; `code` names it.",
    },
    "DELETE": {"403": "You may see this, but not do that."},
}
ERRORS["PATCH"] = ERRORS["POST"]


class Problem(serializers.Serializer[Any]):
    """An error (RFC 9457). Further members, such as `by_name` or `allowed`, depend on `code`."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    code = serializers.CharField()
    errors = serializers.DictField(required=False)  # type: ignore[assignment]


class TandemSchema(AutoSchema):
    def get_override_parameters(self) -> list[Any]:
        return [KEY] if self.method in {"POST", "PATCH", "DELETE"} else []

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        bodies = super()._get_response_bodies(direction)
        texts = {"401": "Log in, or send a valid token.", **ERRORS.get(self.method, {})}
        if "{id}" in self.path:
            texts["404"] = "There is no such record."
        return {**bodies, **{code: self.problem(text) for code, text in texts.items() if code not in bodies}}

    def problem(self, text: str) -> dict[str, Any]:
        reference = self.resolve_serializer(Problem(), "response").ref
        return {"description": text, "content": {"application/problem+json": {"schema": reference}}}


class TokenScheme(OpenApiAuthenticationExtension):
    target_class = "crm.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        text = "`Authorization: Token KEY`, with a key made by `manage.py token EMAIL`."
        return {"type": "apiKey", "in": "header", "name": "Authorization", "description": text}

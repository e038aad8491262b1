"""The API's human page: Swagger UI, served by ourselves, since the pages of the product ask nothing of other hosts."""

from typing import Any

from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_update
from django.utils.decorators import method_decorator
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularSwaggerSplitView
from rest_framework.request import Request
from rest_framework.response import Response


# Swagger UI sets styles of its elements itself; on this page alone they are let through. Scripts stay ours.
@method_decorator(csp_update({"style-src": [SELF, UNSAFE_INLINE]}), name="dispatch")
@extend_schema(exclude=True)
class Documentation(SpectacularSwaggerSplitView):
    """Reads the schema and lets a logged-in person try the operations."""

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

"""Putting records away through the API: the filter `archived`, the actions `archive/` and `restore/`."""

from typing import ClassVar

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from crm.api.filters import StrictFilterSet, YesNoFilter
from crm.api.views import Resource
from crm.archiving import Rule, archive_one, restore_one


class ArchivableFilters(StrictFilterSet):
    """Unlike the pages, a list of the API leaves nothing out unasked, so that who copies it misses no archiving."""

    archived = YesNoFilter(
        field_name="archived_at", lookup_expr="isnull", exclude=True,
        help_text="true: only what was put away; false: only the rest. Without it both.",
    )  # fmt: skip


class ArchivableResource(Resource):
    """Records that can be put away. ``archive_rule`` says who may, and what stands in the way."""

    archive_rule: ClassVar[Rule]

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def archive(self, request: Request, pk: int) -> Response:
        """Put it away: lists and searches of the product leave it out. 422 `open_work` while work on it is open."""
        record = self.get_object()
        archive_one(self.archive_rule, record, by=self.person, at=timezone.now())
        return self.show(record)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: int) -> Response:
        """Bring it back."""
        record = self.get_object()
        restore_one(self.archive_rule, record, by=self.person, at=timezone.now())
        return self.show(record)

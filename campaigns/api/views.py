"""Campaigns, their spend, and content."""

from django.http import FileResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.api.filters import AssetFilters, CampaignFilters, SpendFilters
from campaigns.api.serializers import AssetSerializer, CampaignSerializer, FileBody, SpendSerializer
from campaigns.archiving import ASSET_RULE, CAMPAIGN_RULE
from campaigns.content import create_asset, edit_asset, put_file, remove_file
from campaigns.downloads import download
from campaigns.editing import create_campaign, edit_campaign
from campaigns.files import MOST_BYTES
from campaigns.models import Asset, Campaign, Spend
from campaigns.spending import change_spend, record_spend, remove_spend
from crm.api.archiving import ArchivableResource
from crm.api.views import Resource, read_large_body

# What stands around a file in the body of a request.
AROUND_A_FILE = 64 * 1024


class CampaignViews(ArchivableResource):
    """What leads come from: everybody reads, marketers write their own, marketing managers and admins any."""

    queryset = Campaign.objects.prefetch_related("assets")
    serializer_class = CampaignSerializer
    filterset_class = CampaignFilters
    archive_rule = CAMPAIGN_RULE
    ordering_fields = {**Resource.ordering_fields, "name": "name", "starts_on": "starts_on", "ends_on": "ends_on"}

    def create(self, request: Request) -> Response:
        return self.show(create_campaign(by=self.person, **self.clean()), status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: int) -> Response:
        campaign = self.get_object()
        return self.show(edit_campaign(campaign, by=self.person, **self.clean(record=campaign)))


class SpendViews(Resource):
    """Money spent on a campaign on a day; who may write the campaign logs it."""

    queryset = Spend.objects.all()
    serializer_class = SpendSerializer
    filterset_class = SpendFilters
    ordering_fields = {**Resource.ordering_fields, "on": "on", "amount": "amount"}

    def create(self, request: Request) -> Response:
        return self.show(record_spend(by=self.person, **self.clean()), status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: int) -> Response:
        spend = self.get_object()
        return self.show(change_spend(spend, by=self.person, **self.clean(record=spend)))

    def destroy(self, request: Request, pk: int) -> Response:
        remove_spend(self.get_object(), by=self.person)
        return Response(status=status.HTTP_204_NO_CONTENT)


class AssetViews(ArchivableResource):
    """Content that buyers meet: everybody reads, marketers write their own, marketing managers and admins any."""

    queryset = Asset.objects.all()
    serializer_class = AssetSerializer
    filterset_class = AssetFilters
    archive_rule = ASSET_RULE
    ordering_fields = {**Resource.ordering_fields, "name": "name"}

    def create(self, request: Request) -> Response:
        return self.show(create_asset(by=self.person, **self.clean()), status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: int) -> Response:
        asset = self.get_object()
        return self.show(edit_asset(asset, by=self.person, **self.clean(record=asset)))

    def read_body(self, request: Request) -> None:
        """A file may be larger than any other body."""
        if MultiPartParser in self.parser_classes:
            read_large_body(request, most_bytes=MOST_BYTES + AROUND_A_FILE)
        else:
            super().read_body(request)

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    @action(detail=True, url_path="file", parser_classes=[MultiPartParser])
    def file(self, request: Request, pk: int) -> FileResponse:
        """The bytes, to be saved. 404 without a file."""
        answer = download(self.get_object())
        if answer is None:
            raise NotFound("This piece of content has no file.")
        return answer

    @extend_schema(request={"multipart/form-data": FileBody}, responses=AssetSerializer)
    @file.mapping.post
    def put_file(self, request: Request, pk: int) -> Response:
        """Give it this file (`multipart/form-data`, name `file`) instead of the one it has; at most 20 MB."""
        asset, body = self.get_object(), self.clean(FileBody)
        return self.show(put_file(asset, body["file"], by=self.person))

    @extend_schema(request=None, responses=AssetSerializer)
    @file.mapping.delete
    def remove_file(self, request: Request, pk: int) -> Response:
        """Take its file away."""
        return self.show(remove_file(self.get_object(), by=self.person))

"""Campaigns, their spend, and content."""

from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.api.filters import AssetFilters, CampaignFilters, SpendFilters
from campaigns.api.serializers import AssetSerializer, CampaignSerializer, SpendSerializer
from campaigns.archiving import CAMPAIGN_RULE
from campaigns.editing import create_asset, create_campaign, edit_asset, edit_campaign
from campaigns.models import Asset, Campaign, Spend
from campaigns.spending import change_spend, record_spend, remove_spend
from crm.api.archiving import ArchivableResource
from crm.api.views import Resource


class CampaignViews(ArchivableResource):
    """What leads come from: everybody reads, marketers write their own, marketing managers and admins any."""

    queryset = Campaign.objects.all()
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


class AssetViews(Resource):
    """Content that buyers meet: everybody reads, marketing writes."""

    queryset = Asset.objects.all()
    serializer_class = AssetSerializer
    filterset_class = AssetFilters
    ordering_fields = {**Resource.ordering_fields, "name": "name"}

    def create(self, request: Request) -> Response:
        return self.show(create_asset(by=self.person, **self.clean()), status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: int) -> Response:
        asset = self.get_object()
        return self.show(edit_asset(asset, by=self.person, **self.clean(record=asset)))

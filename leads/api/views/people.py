"""Companies and contacts."""

from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from crm.api.archiving import ArchivableResource
from leads.api import filters
from leads.api.custom import OwnFieldsResource
from leads.api.serializers.people import CompanySerializer, ContactSerializer
from leads.archiving import RULES
from leads.editing import create_company, create_contact, edit_company, edit_contact
from leads.models import Company, Contact, CustomRecord


class CompanyViews(OwnFieldsResource):
    """Organisations that may buy."""

    queryset = Company.objects.all()
    serializer_class = CompanySerializer
    own_record = CustomRecord.COMPANY
    own_filterset = filters.CompanyFilters
    archive_rule = RULES[Company]
    ordering_fields = {**ArchivableResource.ordering_fields, "name": "name", "employees": "employees"}

    def create(self, request: Request) -> Response:
        return self.show(create_company(by=self.person, **self.clean()), status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: int) -> Response:
        company = self.get_object()
        return self.show(edit_company(company, by=self.person, **self.clean(record=company)))


class ContactViews(ArchivableResource):
    """People known by name."""

    queryset = Contact.objects.all()
    serializer_class = ContactSerializer
    filterset_class = filters.ContactFilters
    archive_rule = RULES[Contact]
    ordering_fields = {**ArchivableResource.ordering_fields, "last_name": "last_name"}

    def create(self, request: Request) -> Response:
        return self.show(create_contact(by=self.person, **self.clean()), status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: int) -> Response:
        contact = self.get_object()
        return self.show(edit_contact(contact, by=self.person, **self.clean(record=contact)))

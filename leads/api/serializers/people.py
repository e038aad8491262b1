"""Bodies of companies and contacts."""

from crm.api.serializers import RecordSerializer
from leads.models import Company, Contact


class CompanySerializer(RecordSerializer):
    class Meta:
        model = Company
        fields = [
            "id", "external_id", "source_system", "name", "domain", "industry", "country", "region", "employees",
            "created_at", "updated_at",
        ]  # fmt: skip


class ContactSerializer(RecordSerializer):
    class Meta:
        model = Contact
        fields = [
            "id", "external_id", "source_system", "first_name", "last_name", "email", "phone", "title", "company",
            "created_at", "updated_at",
        ]  # fmt: skip

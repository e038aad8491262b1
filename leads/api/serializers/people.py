"""Bodies of companies and contacts."""

from crm.api.serializers import RecordSerializer
from leads.api.custom import OwnValues
from leads.models import Company, Contact, CustomRecord


class CompanySerializer(RecordSerializer):
    custom = OwnValues(record=CustomRecord.COMPANY)

    class Meta:
        model = Company
        fields = [
            "id", "external_id", "source_system", "name", "domain", "industry", "country", "region", "employees",
            "is_target", "custom", "archived_at", "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = ["archived_at"]


class ContactSerializer(RecordSerializer):
    class Meta:
        model = Contact
        fields = [
            "id", "external_id", "source_system", "first_name", "last_name", "email", "phone", "phone_e164",
            "title", "company", "do_not_call", "do_not_mail", "archived_at", "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = ["phone_e164", "archived_at"]

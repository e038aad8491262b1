"""Bodies of e-mails and of what they begin with."""

from typing import Any

from rest_framework import serializers

from campaigns.models import Asset
from crm.api.serializers import Body, RecordSerializer
from crm.models import Mail
from leads.models import Contact, Lead, MailTemplate, Opportunity


class MailSerializer(RecordSerializer):
    """Where an e-mail that was sent from here is."""

    class Meta:
        model = Mail
        fields = ["to", "subject", "state", "sent_at", "error"]
        read_only_fields = fields


class EmailBody(Body):
    lead = serializers.PrimaryKeyRelatedField(queryset=Lead.objects.all(), required=False)
    opportunity = serializers.PrimaryKeyRelatedField(queryset=Opportunity.objects.all(), required=False)
    contact = serializers.PrimaryKeyRelatedField(queryset=Contact.objects.all(), required=False)
    template = serializers.PrimaryKeyRelatedField(
        queryset=MailTemplate.objects.filter(retired=False), required=False, help_text="Gives what is left out."
    )
    subject = serializers.CharField(max_length=200, required=False)
    text = serializers.CharField(max_length=10_000, required=False, help_text="Gaps such as {first_name} are filled.")
    asset = serializers.PrimaryKeyRelatedField(
        queryset=Asset.objects.all(), required=False, help_text="Content to link to below the text."
    )

    def validate(self, body: dict[str, Any]) -> dict[str, Any]:
        template = body.pop("template", None)
        if template:
            body = {"subject": template.subject, "text": template.text, **body}
        missing = {name: ["Give it, or a template."] for name in ("subject", "text") if name not in body}
        if missing:
            raise serializers.ValidationError(missing)
        return body


class MailTemplateSerializer(RecordSerializer):
    class Meta:
        model = MailTemplate
        fields = ["id", "name", "subject", "text", "owner", "position", "retired", "created_at", "updated_at"]
        read_only_fields = ["owner", "position"]


class NewMailTemplateSerializer(MailTemplateSerializer):
    for_all = serializers.BooleanField(required=False, write_only=True, help_text="Everybody's, instead of one's own.")

    class Meta(MailTemplateSerializer.Meta):
        fields = [*MailTemplateSerializer.Meta.fields, "for_all"]

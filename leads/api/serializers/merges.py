"""Bodies of merges: two leads that are one."""

from rest_framework import serializers

from crm.api.fields import ObjectField
from crm.api.serializers import Body, RecordSerializer
from leads.merging import TAKEN
from leads.models import Lead, Merge


class MergeSerializer(RecordSerializer):
    """`replaced`: what stood in the fields of the survivor that the merge changed; an undo writes it back."""

    replaced = ObjectField(read_only=True)

    class Meta:
        model = Merge
        fields = [
            "id", "survivor", "duplicate", "replaced", "by", "at", "undone_by", "undone_at", "created_at",
            "updated_at",
        ]  # fmt: skip


class MergeBody(Body):
    duplicate = serializers.PrimaryKeyRelatedField(
        queryset=Lead.objects.all(), help_text="The lead that is the same; it is read as this one from now on."
    )
    take = serializers.ListField(
        child=serializers.ChoiceField(choices=TAKEN),
        required=False,
        help_text="Fields in which the duplicate's value replaces this lead's. What is empty here is filled anyway.",
    )

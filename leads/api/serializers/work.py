"""Bodies of activities and tasks."""

from rest_framework import serializers

from crm.api.fields import PastMoment
from crm.api.serializers import Body, RecordSerializer
from leads.api.serializers.mails import MailSerializer
from leads.models import Activity, Task, TaskKind


class ActivitySerializer(RecordSerializer):
    at = PastMoment(required=False, help_text="When it happened; now unless given.")
    mail = MailSerializer(read_only=True, allow_null=True, help_text="The e-mail that was sent from here.")

    class Meta:
        model = Activity
        fields = [
            "id", "external_id", "source_system", "lead", "opportunity", "contact", "kind", "direction", "outcome",
            "at", "duration", "by", "participants", "asset", "note", "mail", "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = ["by"]


class ActivityEditSerializer(ActivitySerializer):
    class Meta(ActivitySerializer.Meta):
        read_only_fields = ["lead", "opportunity", "contact", "kind", "by"]


class TaskSerializer(RecordSerializer):
    class Meta:
        model = Task
        fields = [
            "id", "external_id", "source_system", "lead", "opportunity", "contact", "title", "kind", "due_at",
            "remind_at", "owner", "note", "made_by", "done_at", "done_by", "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = ["made_by", "done_at", "done_by"]
        extra_kwargs = {"owner": {"required": False, "help_text": "Who is to do it; whoever asks unless given."}}


class TaskEditSerializer(TaskSerializer):
    class Meta(TaskSerializer.Meta):
        read_only_fields = ["lead", "opportunity", "contact", *TaskSerializer.Meta.read_only_fields]


class FollowUpBody(Body):
    title = serializers.CharField(max_length=200)
    due_at = serializers.DateTimeField()
    kind = serializers.ChoiceField(choices=TaskKind.choices, required=False)
    remind_at = serializers.DateTimeField(required=False, allow_null=True)


class CompletionBody(Body):
    follow_up = FollowUpBody(required=False, help_text="The step after it, about the same and of the same owner.")

"""Activities and tasks."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from crm.api.views import Resource
from leads.activities import edit_activity, log_activity, remove_activity
from leads.api import filters
from leads.api.serializers.mails import EmailBody
from leads.api.serializers.work import (
    ActivityEditSerializer,
    ActivitySerializer,
    CompletionBody,
    TaskEditSerializer,
    TaskSerializer,
)
from leads.mailing import send_email
from leads.models import Activity, Task
from leads.next_steps import add_task, complete_task, edit_task, remove_task, reopen_task
from leads.subjects import Subject, subject_of

NAMES = ("lead", "opportunity", "contact")


def take_subject(fields: dict[str, Any]) -> dict[str, Any]:
    """The parts of a subject, taken out of ``fields``."""
    return {name: fields.pop(name, None) for name in NAMES}


class ActivityViews(Resource):
    """Calls, e-mails, meetings and notes, about a lead, an opportunity or a contact. What is not yet is a task."""

    queryset = Activity.objects.select_related("mail").prefetch_related("participants")
    filterset_class = filters.ActivityFilters
    ordering_fields = {**Resource.ordering_fields, "at": "at"}

    def get_serializer_class(self) -> type[serializers.BaseSerializer[Any]]:
        return ActivityEditSerializer if self.action == "partial_update" else ActivitySerializer

    def create(self, request: Request) -> Response:
        """Log what happened. 422 `do_not_call`, `do_not_mail` for who asked to be left alone."""
        fields = self.clean()
        subject = subject_of(**take_subject(fields))
        fields["happened_at"] = fields.pop("at", None)
        activity = log_activity(subject, by=self.person, at=timezone.now(), **fields)
        return self.show(activity, status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: int) -> Response:
        """Correct an entry: who logged it, managers and admins."""
        activity = self.get_object()
        fields = self.clean(record=activity)
        fields["happened_at"] = fields.pop("at", None)
        return self.show(edit_activity(activity, by=self.person, at=timezone.now(), **fields))

    def destroy(self, request: Request, pk: int) -> Response:
        """Remove an entry; an e-mail that has not gone out is taken back by it, for one that has 409 `mail_sent`."""
        remove_activity(self.get_object(), by=self.person)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=EmailBody, responses={201: ActivitySerializer})
    @action(detail=False, methods=["post"])
    def email(self, request: Request) -> Response:
        """Send an e-mail in one's own name to a lead, contact or the person of an opportunity, and log it.

        It goes out after 20 seconds; until then deleting the activity takes it back. `mail.state` tells where it is.
        """
        fields = self.clean(EmailBody)
        about = subject_of(**take_subject(fields))
        activity = send_email(about, by=self.person, at=timezone.now(), **fields)
        return self.show(activity, status.HTTP_201_CREATED)


class TaskViews(Resource):
    """The next steps: `next_step_at` of a lead or opportunity is the due time of its first open task."""

    queryset = Task.objects.all()
    filterset_class = filters.TaskFilters
    ordering_fields = {**Resource.ordering_fields, "due_at": "due_at"}

    def get_serializer_class(self) -> type[serializers.BaseSerializer[Any]]:
        return TaskEditSerializer if self.action == "partial_update" else TaskSerializer

    def create(self, request: Request) -> Response:
        """Plan a step, for oneself or for anybody else; with `remind_at` the owner's bell rings then."""
        fields = self.clean()
        parts = take_subject(fields)
        subject = subject_of(**parts) if any(parts.values()) else Subject()
        task = add_task(subject, by=self.person, at=timezone.now(), **fields)
        return self.show(task, status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: int) -> Response:
        """Change a task: its owner, who made it, managers and admins."""
        task = self.get_object()
        return self.show(edit_task(task, by=self.person, at=timezone.now(), **self.clean(record=task)))

    def destroy(self, request: Request, pk: int) -> Response:
        remove_task(self.get_object(), by=self.person)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=CompletionBody, responses=TaskSerializer)
    @action(detail=True, methods=["post"])
    def complete(self, request: Request, pk: int) -> Response:
        """Done, and what follows; a task done already stays as it is."""
        follow_up = self.clean(CompletionBody).get("follow_up")
        return self.show(complete_task(self.get_object(), by=self.person, at=timezone.now(), follow_up=follow_up))

    @extend_schema(request=None, responses=TaskSerializer)
    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, pk: int) -> Response:
        """It is not done after all."""
        return self.show(reopen_task(self.get_object(), by=self.person))

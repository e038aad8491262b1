"""Capture forms, and the log of what people sent through them."""

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from crm.access import does_marketing, require
from crm.api.views import Resource
from leads.access import may_write_capture_form
from leads.api import filters
from leads.api.serializers.capture import CaptureFormSerializer, SubmissionSerializer
from leads.capture.forms import NOT_YOURS, create_capture_form, edit_capture_form, remove_capture_form
from leads.capture.processing import retry_submissions
from leads.errors import CannotRetry
from leads.models import CaptureForm, Submission

FOR_MARKETING = "What people sent is for marketing to read; the lead says the rest."


class CaptureFormViews(Resource):
    """Forms for strangers: everybody reads, marketers write their own, marketing managers and admins any."""

    queryset = CaptureForm.objects.select_related("campaign")
    serializer_class = CaptureFormSerializer
    filterset_class = filters.CaptureFormFilters
    ordering_fields = {**Resource.ordering_fields, "name": "name"}

    def create(self, request: Request) -> Response:
        return self.show(create_capture_form(by=self.person, **self.clean()), status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: int) -> Response:
        form = self.get_object()
        return self.show(edit_capture_form(form, by=self.person, **self.clean(record=form)))

    def destroy(self, request: Request, pk: int) -> Response:
        """Remove a form that nobody ever sent."""
        remove_capture_form(self.get_object(), by=self.person)
        return Response(status=status.HTTP_204_NO_CONTENT)


class SubmissionViews(Resource):
    """What people sent, and what became of it: for marketing to read, newest first."""

    queryset = Submission.objects.select_related("form__campaign")
    serializer_class = SubmissionSerializer
    filterset_class = filters.SubmissionFilters
    ordering_fields = {"id": "id"}
    http_method_names = ["get", "post", "head", "options"]

    def get_queryset(self) -> QuerySet[Submission]:
        require(does_marketing(self.person), FOR_MARKETING)
        return super().get_queryset()

    @extend_schema(request=None, responses=SubmissionSerializer)
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, pk: int) -> Response:
        """Have a failed or refused answer processed again."""
        submission = self.get_object()
        require(may_write_capture_form(self.person, submission.form), NOT_YOURS)
        if not retry_submissions(Submission.objects.filter(pk=pk)):
            raise CannotRetry("Only what failed or was refused can be tried again, and only while it is still kept.")
        return self.show(submission)

"""What e-mails begin with."""

from django.db.models import Q, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from crm.api.views import Resource
from leads.api import filters
from leads.api.serializers.mails import MailTemplateSerializer, NewMailTemplateSerializer
from leads.mail_templates import create_template, edit_template
from leads.models import MailTemplate


class MailTemplateViews(Resource):
    """Everybody's templates, which managers write, and one's own. `POST activities/email/` begins with one."""

    queryset = MailTemplate.objects.all()
    serializer_class = MailTemplateSerializer
    filterset_class = filters.MailTemplateFilters
    ordering_fields = {"id": "id", "position": "position", "name": "name"}
    http_method_names = ["get", "post", "patch", "head", "options"]

    def get_queryset(self) -> QuerySet[MailTemplate]:
        return MailTemplate.objects.filter(Q(owner__isnull=True) | Q(owner=self.person))

    @extend_schema(request=NewMailTemplateSerializer, responses={201: MailTemplateSerializer})
    def create(self, request: Request) -> Response:
        """A new one, one's own unless `for_all`. 422 `unknown_gap` names the gaps there are."""
        fields = self.clean(NewMailTemplateSerializer)
        return self.show(create_template(by=self.person, **fields), status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: int) -> Response:
        template = self.get_object()
        return self.show(edit_template(template, by=self.person, **self.clean(record=template)))

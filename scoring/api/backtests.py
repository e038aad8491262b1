"""Back-tests: started for a definition, read by everybody."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from crm.api.filters import StrictFilterSet
from crm.api.serializers import Body, RecordSerializer
from crm.api.views import Resource
from scoring.backtest_page import sentence
from scoring.backtesting import is_void, start_backtest
from scoring.models import Backtest, BacktestLead, Definition


class BacktestFilters(StrictFilterSet):
    class Meta:
        model = Backtest
        fields = ["definition", "against", "status"]


class BacktestSerializer(RecordSerializer):
    """What a definition would have done in some weeks. `result` has the counts behind everything the page shows."""

    sentence = serializers.SerializerMethodField(help_text="The result in words; empty until it is done.")
    void = serializers.SerializerMethodField(help_text="Whether one of the definitions was edited since.")

    class Meta:
        model = Backtest
        fields = [
            "id", "definition", "against", "starts_on", "ends_on", "status", "sentence", "void", "leads_done",
            "leads_in_all", "result", "error", "asked_by", "asked_at", "finished_at", "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = fields

    def get_sentence(self, backtest: Backtest) -> str:
        return sentence(backtest) if backtest.status == "done" else ""

    def get_void(self, backtest: Backtest) -> bool:
        return is_void(backtest)


class BacktestLeadSerializer(RecordSerializer):
    """One lead of a back-test: when each definition would have made an MQL of it, and what became of it."""

    class Meta:
        model = BacktestLead
        fields = [
            "id", "lead", "fate", "team", "score", "score_before", "reach", "qualified_at", "qualified_before_at",
        ]  # fmt: skip
        read_only_fields = fields


class BacktestBody(Body):
    """Left out: the last full quarter, beside the definition in force."""

    against = serializers.PrimaryKeyRelatedField(
        queryset=Definition.objects.all(), required=False, help_text="The id of the version it is compared with."
    )
    starts_on = serializers.DateField(required=False, help_text="A Monday.")
    ends_on = serializers.DateField(required=False, help_text="The Monday after the last week; at most 26 weeks on.")


class BacktestViews(Resource):
    """Back-tests of all versions; each is started at `definitions/{id}/backtest/`."""

    queryset = Backtest.objects.select_related("definition", "against")
    serializer_class = BacktestSerializer
    filterset_class = BacktestFilters
    ordering_fields = {**Resource.ordering_fields, "asked_at": "asked_at", "finished_at": "finished_at"}
    http_method_names = ["get", "head", "options"]


class BacktestLeadFilters(StrictFilterSet):
    class Meta:
        model = BacktestLead
        fields = {
            "backtest": ["exact"], "lead": ["exact"], "fate": ["exact"], "team": ["exact"], "reach": ["gte", "lt"],
            "qualified_at": ["isnull", "gte", "lt"], "qualified_before_at": ["isnull", "gte", "lt"],
        }  # fmt: skip


class BacktestLeadViews(Resource):
    """The leads behind the figures of a back-test."""

    queryset = BacktestLead.objects.all()
    serializer_class = BacktestLeadSerializer
    filterset_class = BacktestLeadFilters
    ordering_fields = {"id": "id"}
    http_method_names = ["get", "head", "options"]


class WithBacktest(Resource):
    """What a definition has to do with back-tests."""

    @extend_schema(responses=BacktestSerializer)
    @action(detail=True)
    def backtest(self, request: Request, pk: int) -> Response:
        """The newest back-test of this version: how far it is, or what came of it."""
        newest = Backtest.objects.filter(definition=self.get_object()).select_related("definition", "against").first()
        if newest is None:
            raise NotFound("Nobody has tested this version yet.")
        return Response(BacktestSerializer(newest, context=self.get_serializer_context()).data)

    @extend_schema(request=BacktestBody, responses={202: BacktestSerializer})
    @backtest.mapping.post
    def start_backtest(self, request: Request, pk: int) -> Response:
        """Have a worker replay own leads by this version; ask again to see how far it is.

        The same question while one is at work gives that one. 422 `bad_weeks` for what are no whole weeks of the past.
        """
        definition = self.get_object()
        started = start_backtest(definition, by=self.person, at=timezone.now(), **self.clean(BacktestBody))
        body = BacktestSerializer(started, context=self.get_serializer_context()).data
        return Response(body, status=status.HTTP_202_ACCEPTED)

"""`GET reports/NAME/`: every report as JSON or CSV."""

from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from crm.periods import own_day
from crm.replica import reading_figures
from funnel.reports.answer import Report
from funnel.reports.export import as_csv
from funnel.reports.question import PARAMETERS, BadQuestion
from funnel.reports.registry import REPORTS, answer, question_for

FORMATS = ("json", "csv")
OWN_PARAMETERS = sorted({one.name for report in REPORTS.values() for one in report.parameters})


class ReportView(APIView):
    """A report's rows for a span of days, by cohort or by period."""

    def perform_content_negotiation(self, request: Request, force: bool = False) -> tuple[Any, str]:
        """`format` is a parameter of ours: errors are problem documents whatever it says."""
        return super().perform_content_negotiation(request, force=True)

    @extend_schema(
        operation_id="reports_retrieve",
        parameters=[OpenApiParameter(name, str) for name in (*PARAMETERS, "format", *OWN_PARAMETERS)],
        responses={200: dict[str, Any]},
    )
    @reading_figures()
    def get(self, request: Request, name: str) -> Response | HttpResponse:
        report = REPORTS.get(name)
        if report is None:
            raise NotFound(f"There is no report “{name}”; there are {', '.join(REPORTS)}.")
        parameters = request.query_params.dict()
        check_names(report, parameters)
        now = timezone.now()
        answered = answer(report, question_for(report, parameters, today=own_day(now)), at=now)
        if parameters.get("format") == "csv":
            return csv_file(f"{name}.csv", as_csv(answered))
        return Response(answered.as_dict())


def check_names(report: Report, parameters: dict[str, str]) -> None:
    """A parameter that nobody reads is a mistake that would go unnoticed."""
    known = {*PARAMETERS, "format", *(one.name for one in report.parameters)}
    for name in parameters:
        if name not in known:
            raise BadQuestion(name, f"There is no parameter “{name}” here.")
    if parameters.get("format", "json") not in FORMATS:
        raise BadQuestion("format", f"“format” must be one of {', '.join(FORMATS)}.")


def csv_file(name: str, text: str) -> HttpResponse:
    response = HttpResponse(text, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response

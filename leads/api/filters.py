"""Which companies, contacts, leads, touches, moves, opportunities, reasons and imports."""

from django.db.models import QuerySet
from django_filters import CharFilter, MultipleChoiceFilter, NumberFilter

from crm.api.archiving import ArchivableFilters
from crm.api.filters import StrictFilterSet, YesNoFilter
from leads.lifecycle import CLOCK_OF, Clock
from leads.models import (
    Activity,
    CaptureForm,
    Company,
    Contact,
    Import,
    Lead,
    MailTemplate,
    Merge,
    Opportunity,
    PipelineStage,
    Reason,
    Submission,
    Task,
    Touch,
    Transition,
)

EXACT, DAYS, TIMES = ["exact"], ["exact", "gte", "lt"], ["gte", "lt"]
IDENTITY = {"source_system": EXACT, "external_id": EXACT}


class CompanyFilters(ArchivableFilters):
    class Meta:
        model = Company
        fields = {
            **IDENTITY, "name": EXACT, "domain": EXACT, "industry": EXACT, "country": EXACT, "region": EXACT,
            "is_target": EXACT, "updated_at": TIMES,
        }  # fmt: skip


class ContactFilters(ArchivableFilters):
    class Meta:
        model = Contact
        fields = {**IDENTITY, "email": EXACT, "phone": EXACT, "last_name": EXACT, "company": EXACT, "updated_at": TIMES}


class LeadFilters(ArchivableFilters):
    side = MultipleChoiceFilter(choices=Clock.choices, method="on_clock")
    score = NumberFilter(field_name="leadscore__shown")
    score__gte = NumberFilter(field_name="leadscore__shown", lookup_expr="gte")
    score__lt = NumberFilter(field_name="leadscore__shown", lookup_expr="lt")
    grade = CharFilter(field_name="leadscore__grade")
    acceptance_chance__gte = NumberFilter(field_name="leadprediction__acceptance", lookup_expr="gte")
    acceptance_chance__lt = NumberFilter(field_name="leadprediction__acceptance", lookup_expr="lt")
    win_chance__gte = NumberFilter(field_name="leadprediction__win", lookup_expr="gte")
    win_chance__lt = NumberFilter(field_name="leadprediction__win", lookup_expr="lt")

    target_account = YesNoFilter(
        field_name="company__is_target",
        method="of_target_account",
        help_text="Whether its company is a target account.",
    )

    class Meta:
        model = Lead
        fields = {
            **IDENTITY, "email": EXACT, "phone": EXACT, "first_name": EXACT, "last_name": EXACT, "company_name":
            EXACT, "company": EXACT, "contact": EXACT, "stage": EXACT, "episode": EXACT, "owner": EXACT, "team":
            EXACT, "campaign": EXACT, "channel": EXACT, "source": EXACT, "segment": EXACT, "country": EXACT,
            "product_interest": EXACT, "sourced_by": EXACT, "merged_into": EXACT, "revisit_on": DAYS, "captured_at":
            TIMES, "updated_at": TIMES,
        }  # fmt: skip

    def of_target_account(self, leads: QuerySet[Lead], name: str, wanted: bool | str) -> QuerySet[Lead]:
        if wanted == "":
            return leads
        return leads.filter(company__is_target=True) if wanted else leads.exclude(company__is_target=True)

    def on_clock(self, leads: QuerySet[Lead], name: str, clocks: list[str]) -> QuerySet[Lead]:
        stages = [stage for stage, clock in CLOCK_OF.items() if clock in clocks]
        return leads.filter(stage__in=stages) if clocks else leads


class TransitionFilters(StrictFilterSet):
    class Meta:
        model = Transition
        fields = {
            "lead": EXACT, "episode": EXACT, "kind": EXACT, "from_stage": EXACT, "to_stage": EXACT, "by": EXACT,
            "handoff": EXACT, "at": TIMES, "recorded_at": TIMES,
        }  # fmt: skip


class MergeFilters(StrictFilterSet):
    is_undone = YesNoFilter(field_name="undone_at", lookup_expr="isnull", exclude=True)

    class Meta:
        model = Merge
        fields = {"survivor": EXACT, "duplicate": EXACT, "by": EXACT, "at": TIMES}


class TouchFilters(StrictFilterSet):
    class Meta:
        model = Touch
        fields = {
            **IDENTITY, "lead": EXACT, "kind": EXACT, "by": EXACT, "channel": EXACT, "campaign": EXACT, "asset":
            EXACT, "corrects": EXACT, "at": TIMES,
        }  # fmt: skip


class OpportunityFilters(ArchivableFilters):
    class Meta:
        model = Opportunity
        fields = {
            **IDENTITY, "lead": EXACT, "company": EXACT, "contact": EXACT, "owner": EXACT, "team": EXACT, "kind":
            EXACT, "stage": EXACT, "outcome": EXACT, "forecast_category": EXACT, "currency": EXACT, "product": EXACT,
            "amount": ["gte", "lt"], "expected_close": DAYS, "opened_at": TIMES, "closed_at": TIMES, "updated_at":
            TIMES,
        }  # fmt: skip


class PipelineStageFilters(StrictFilterSet):
    class Meta:
        model = PipelineStage
        fields = ["stage", "retired"]


class ActivityFilters(StrictFilterSet):
    class Meta:
        model = Activity
        fields = {
            **IDENTITY, "lead": EXACT, "opportunity": EXACT, "contact": EXACT, "kind": EXACT, "direction": EXACT,
            "outcome": EXACT, "by": EXACT, "asset": EXACT, "at": TIMES, "updated_at": TIMES,
        }  # fmt: skip


class TaskFilters(StrictFilterSet):
    open = YesNoFilter(field_name="done_at", lookup_expr="isnull")

    class Meta:
        model = Task
        fields = {
            **IDENTITY, "lead": EXACT, "opportunity": EXACT, "contact": EXACT, "kind": EXACT, "owner": EXACT,
            "made_by": EXACT, "due_at": TIMES, "done_at": TIMES, "updated_at": TIMES,
        }  # fmt: skip


class MailTemplateFilters(StrictFilterSet):
    class Meta:
        model = MailTemplate
        fields = {"owner": ["exact"], "retired": ["exact"]}


class ReasonFilters(StrictFilterSet):
    class Meta:
        model = Reason
        fields = ["use", "code", "family", "default_route", "is_label", "retired"]


class ImportFilters(StrictFilterSet):
    class Meta:
        model = Import
        fields = ["kind", "status", "by"]


class CaptureFormFilters(StrictFilterSet):
    class Meta:
        model = CaptureForm
        fields = {**IDENTITY, "key": EXACT, "campaign": EXACT, "owner": EXACT, "is_active": EXACT, "updated_at": TIMES}


class SubmissionFilters(StrictFilterSet):
    class Meta:
        model = Submission
        fields = {"form": EXACT, "status": EXACT, "lead": EXACT}

"""Which hand-offs and agreements."""

from crm.api.filters import StrictFilterSet
from feedback.models import Agreement, Handoff, Improvement, Reply

EXACT, TIMES = ["exact"], ["gte", "lt"]


class HandoffFilters(StrictFilterSet):
    class Meta:
        model = Handoff
        fields = {
            "lead": EXACT, "episode": EXACT, "status": EXACT, "to_user": EXACT, "to_team": EXACT, "offered_by": EXACT,
            "decided_by": EXACT, "route": EXACT, "reason__code": EXACT, "definition_version": EXACT, "follows": EXACT,
            "offered_at": TIMES, "due_at": TIMES, "decided_at": TIMES, "updated_at": TIMES,
        }  # fmt: skip


class AgreementFilters(StrictFilterSet):
    class Meta:
        model = Agreement
        fields = ["version", "status"]


class ReplyFilters(StrictFilterSet):
    class Meta:
        model = Reply
        fields = {"by": EXACT, "mentions": EXACT, "at": TIMES}


class ImprovementFilters(StrictFilterSet):
    class Meta:
        model = Improvement
        fields = {
            "campaign": EXACT, "reason__code": EXACT, "kind": EXACT, "by": EXACT, "on": TIMES, "source_system": EXACT,
            "external_id": EXACT, "updated_at": TIMES,
        }  # fmt: skip

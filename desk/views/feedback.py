"""What sales says to marketing, and what marketing does about it."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from crm.access import does_marketing
from crm.requests import PersonRequest
from desk.queries import feedback as reads
from feedback.improvements import may_record
from feedback.verdict_figures import FEWEST


@require_GET
def feedback(request: PersonRequest) -> HttpResponse:
    user, now, today = request.user, timezone.now(), timezone.localdate()
    question = reads.read(request.GET, today=today)
    verdicts, recycling = reads.verdicts(question, at=now), reads.recycling(today, at=now).value
    counted = verdicts.value
    context = {
        "now": now,
        "today": today,
        "question": question,
        "spans": reads.SPANS,
        "dimensions": reads.LABELS.items(),
        "dimension_label": reads.LABELS[question.by],
        "missing": reads.MISSING,
        "teams": reads.teams(),
        "chips": reads.held_chips(question, request.GET),
        "sentence": reads.sentence(counted.whole, counted.reasons, days=question.days),
        "whole": counted.whole,
        "quality": counted.quality,
        "counted_at": verdicts.at,
        "report_query": question.report_query,
        "fewest": FEWEST,
        "table": reads.table(question, counted, request.GET),
        "reasons": counted.reasons,
        "heard": counted.heard,
        "comments": reads.comments(question, request.GET, at=now),
        "unanswered": reads.count_unanswered(question, at=now),
        "repairs": reads.repairs(user),
        "nurture": reads.due_for_nurture(user, today=today),
        "rows": reads.ROWS,
        "rounds": recycling.rounds,
        "recycled": recycling.came_back,
        "waiting": reads.waits_for_marketing(user, at=now),
        "does_marketing": does_marketing(user),
        "changes": reads.latest_changes(user),
        "may_record": may_record(user, None),
    }
    return render(request, "desk/feedback.html", context)

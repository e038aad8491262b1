"""Reads for the pages of marketers."""

from collections.abc import Iterable

from django.db import connection
from django.db.models import OuterRef, QuerySet, Subquery

from crm.keyset import COUNT_UP_TO
from leads.models import CaptureForm, Submission, SubmissionStatus

# Each count ends at the limit: a form that brought a million answers costs no more than one that brought ten thousand.
COUNTS = """
    SELECT form.id, status.name, (
        SELECT count(*) FROM (
            SELECT 1 FROM leads_submission s WHERE s.form_id = form.id AND s.status = status.name LIMIT %(limit)s
        ) counted
    ) FROM unnest(%(forms)s::bigint[]) AS form(id) CROSS JOIN unnest(%(statuses)s::text[]) AS status(name)
"""


def forms_with_last_answer() -> QuerySet[CaptureForm]:
    """``last_at``: when somebody last sent it."""
    newest = Submission.objects.filter(form=OuterRef("pk")).order_by("-id").values("received_at")[:1]
    return CaptureForm.objects.select_related("campaign", "owner", "asset").annotate(last_at=Subquery(newest))


def counts_by_status(forms: Iterable[CaptureForm]) -> dict[int, dict[str, int]]:
    """{form id: {status: answers, at most COUNT_UP_TO + 1}}."""
    counts: dict[int, dict[str, int]] = {form.pk: {} for form in forms}
    with connection.cursor() as sql:
        sql.execute(COUNTS, {"forms": list(counts), "statuses": SubmissionStatus.values, "limit": COUNT_UP_TO + 1})
        for form_id, status, count in sql.fetchall():
            counts[form_id][status] = count
    return counts

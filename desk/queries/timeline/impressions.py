"""What sales said of a lead by one tap, in a quiet line each."""

from django.urls import reverse

from desk.queries.timeline.entry import Entry
from desk.queries.timeline.scope import Scope
from desk.queries.timeline.whose import named
from feedback.models import Impression, Question


def told_impressions(pks: list[int], scope: Scope) -> dict[int, Entry]:
    rows = Impression.objects.filter(pk__in=pks).select_related("by", "asset")
    return named({row.pk: (told_impression(row), row.lead_id) for row in rows}, scope)


def told_impression(row: Impression) -> Entry:
    """ "Sales found it good", "“Price list” helped", "They asked about price"."""
    href = ""
    if row.question == Question.QUALITY:
        title = f"Sales found it {row.get_quality_display().lower()}"
    elif row.question == Question.CONTENT:
        title, href = f"“{row.asset}” helped", reverse("desk:asset", args=[row.asset_id])
    else:
        title = f"They asked about “{row.theme}”"
    return Entry(row.at, "message-check", title, "sales", row.by, href=href)

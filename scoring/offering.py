"""Values that the rule editor offers while somebody types: those of the newest leads, and the newest records."""

from collections import Counter
from collections.abc import Iterator

from django.db import connection
from psycopg2 import sql

from campaigns.models import Asset, Campaign
from scoring.fields import Axis, Catalogue, Type
from scoring.words import RECORDS

NEWEST = 1_000
MOST_VALUES = 40
MOST_RECORDS = 200

VALUES = sql.SQL("""
    SELECT {values}
    FROM (SELECT * FROM leads_lead ORDER BY id DESC LIMIT {newest}) lead
    LEFT JOIN leads_company company ON company.id = lead.company_id
""")


def values_seen(catalogue: Catalogue) -> dict[str, list[str]]:
    """The most frequent values of each free text among the newest leads, by the name of the field."""
    free = {
        name: field
        for name, field in catalogue.of(Axis.FIT).items()
        if field.type in (Type.TEXT, Type.TAGS) and not field.choices and not field.retired
    }
    asked = VALUES.format(
        values=sql.SQL(", ").join(field.expression for field in free.values()), newest=sql.Literal(NEWEST)
    )
    counts: dict[str, Counter[str]] = {name: Counter() for name in free}
    with connection.cursor() as cursor:
        cursor.execute(asked.as_string(cursor.cursor), {})
        for row in cursor.fetchall():
            for name, value in zip(free, row, strict=True):
                counts[name].update(value if isinstance(value, list) else [value] if value else [])
    return {name: sorted(value for value, _ in count.most_common(MOST_VALUES)) for name, count in counts.items()}


def records_offered() -> dict[str, list[str]]:
    """The newest campaigns and content as the editor writes them: "Spring webinar #12"."""
    return {field: list(newest_names(model)) for field, model in RECORDS.items()}


def newest_names(model: type[Campaign | Asset]) -> Iterator[str]:
    newest = model.objects.filter(archived_at=None).order_by("-pk").values_list("pk", "name")
    yield from (f"{name} #{pk}" for pk, name in newest[:MOST_RECORDS])

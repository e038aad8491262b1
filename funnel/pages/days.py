"""Which days a page begins with, and which spans of days people ask for most."""

from datetime import date

from crm.fiscal import fiscal_quarter, fiscal_year, previous
from crm.periods import add_months

EVERYTHING = "all"


def spans(today: date) -> list[tuple[str, date, date]]:
    """Label, first day, day after the last."""
    quarter, year = fiscal_quarter(today), fiscal_year(today)
    last = previous(quarter)
    return [
        ("This quarter", quarter.start, quarter.end),
        ("Last quarter", last.start, last.end),
        ("This fiscal year", year.start, year.end),
        ("Last 12 months", *twelve_months(today)),
    ]


def twelve_months(today: date) -> tuple[date, date]:
    """The last twelve calendar months, with this one."""
    return add_months(today, -11), add_months(today, 1)


def with_days(parameters: dict[str, str], span: str, today: date) -> dict[str, str]:
    """The parameters with the days of a report's ``span`` where none were asked for; `days=all` asks for everything."""
    if span == EVERYTHING or parameters.get("days") == EVERYTHING or {"from", "to"} & set(parameters):
        return parameters
    quarter = fiscal_quarter(today)
    start, end = (quarter.start, quarter.end) if span == "quarter" else twelve_months(today)
    return {**parameters, "from": start.isoformat(), "to": end.isoformat()}

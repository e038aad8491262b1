"""How long each report takes: what its page asks when nobody has asked anything, and the same by one dimension.

.venv/bin/python -m bench reports [LEADS …]
"""

import os
from datetime import date, datetime
from time import perf_counter

from django.db import OperationalError, connection
from django.utils import timezone

from bench import report_rows
from bench.population import populate
from crm import outbox
from funnel.pages.ahead import opening
from funnel.reports.answer import Report
from funnel.reports.question import Question
from funnel.reports.registry import REPORTS, question_for
from leads.models import Lead

SIZES = (10_000, 100_000, 1_000_000)
ROUNDS = 3
# Who takes longer is told as such.
PATIENCE = "120s"
CUTS = ("owner", "campaign", "channel")


def measure(sizes: list[int]) -> None:
    print(f"{'leads':>10}  {'report':<28} {'best s':>9} {'rows':>7} {'load':>6}")
    reached = 0
    for size in sizes or SIZES:
        if not Lead.objects.filter(pk=size).exists():
            populate(reached + 1, size)
            report_rows.add(reached + 1, size)
        reached = size
        began = perf_counter()
        outbox.rebuild("funnel")
        say(size, "rebuild of the figures", perf_counter() - began)
        began = perf_counter()
        outbox.rebuild("attribution")
        say(size, "rebuild of the ledger", perf_counter() - began)
        measure_reports(size, at=timezone.now())


def measure_reports(size: int, *, at: datetime) -> None:
    with connection.cursor() as sql:
        sql.execute("VACUUM ANALYZE")
        sql.execute("SET statement_timeout = %s", [PATIENCE])
    for report in REPORTS.values():
        time_one(size, report, opening(report, at.date()), at=at)
        if cut := next((name for name in CUTS if name in report.dimensions and name != report.cut), ""):
            time_one(size, report, cut_by(report, cut, at.date()), at=at)


def cut_by(report: Report, dimension: str, today: date) -> Question:
    days = opening(report, today)
    asked = {"from": f"{days.start}", "to": f"{days.end}", "dimension": dimension}
    return question_for(report, asked, today=today)


def time_one(size: int, report: Report, question: Question, *, at: datetime) -> None:
    name = f"{report.name} by {question.dimension}" if question.dimension else report.name
    seen, rows = [], 0
    try:
        for _ in range(ROUNDS):
            began = perf_counter()
            rows = len(report.tell(question, at).rows)
            seen.append(perf_counter() - began)
    except OperationalError:
        say(size, name, None)
    else:
        say(size, name, min(seen), rows)


def say(size: int, what: str, seconds: float | None, rows: int = 0) -> None:
    took = f"over {PATIENCE}" if seconds is None else f"{seconds:.2f}"
    print(f"{size:>10,}  {what:<28} {took:>9} {rows:>7,} {os.getloadavg()[0]:>6.1f}", flush=True)

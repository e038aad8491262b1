"""How often reps try to reach buyers, and at which attempt they do (METRICS A1 to A4).

Of every episode that sales accepted in the days of the question, what was tried from then on (leads/attempts.py says
what an attempt is), until the buyer was heard or the path ended. Whoever was tried no more is censored; whoever went on
without having been heard, or was lost or disqualified, ended otherwise.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from crm.currencies import converted
from crm.fetching import fetch_rows, statement_of
from crm.fiscal import week_of_quarter
from crm.models import Organisation
from funnel.reports.counts import fact_key
from funnel.reports.question import Question
from funnel.selection import facts_of, within
from funnel.statistics.attempts import ELSEWHERE, GIVEN_UP, REACHED
from leads.attempts import IS_ANSWER, IS_ATTEMPT, beginnings_sql
from leads.models import LeadScore

# Nothing tried for so long: given up, as far as one can see.
QUIET = timedelta(days=14)
UNIT = "lead_id, episode"
# A unit's path ends where it goes on or leaves; back with marketing or not, who was never heard was given up.
PATH_END = """least(f.qualified_at, f.opportunity_at, f.customer_at,
    CASE WHEN f.outcome IN ('lost', 'disqualified') THEN f.outcome_at END)"""

# Named: act (what people did for each unit), unit (what became of it), attempt (each attempt, until it was over).
TRIED = f"""
    WITH RECURSIVE f AS ({{facts}}),
    untils AS (
        SELECT again.lead_id, again.episode - 1 AS episode, again.began_at FROM funnel_leadfact again
        WHERE again.episode > 1
    ),
    act AS (
        SELECT f.lead_id, f.episode, a.at, a.kind, {IS_ATTEMPT} AS is_attempt, {IS_ANSWER} AS is_answer
        FROM f
        LEFT JOIN untils ON untils.lead_id = f.lead_id AND untils.episode = f.episode
        JOIN leads_lead l ON coalesce(l.merged_into_id, l.id) = f.lead_id
        JOIN leads_activity a ON a.lead_id = l.id AND a.by_id IS NOT NULL
        WHERE a.at >= f.accepted_at AND a.at <= %(at)s AND coalesce(a.at < untils.began_at, true)
    ),
    tried AS (SELECT lead_id, episode, at FROM act WHERE is_attempt),
    {beginnings_sql("begun", "tried", UNIT)},
    answer AS (SELECT lead_id, episode, min(at) AS at FROM act WHERE is_answer GROUP BY lead_id, episode),
    path AS (
        SELECT f.of, f.lead_id, f.episode, f.owner, f.outcome, f.accepted_at, f.qualified_at, f.opportunity_at,
        f.won_amount, f.won_currency, f.customer_on, {PATH_END} AS ended_at,
        CASE WHEN answer.at <= coalesce({PATH_END}, 'infinity') THEN answer.at END AS reached_at
        FROM f LEFT JOIN answer ON answer.lead_id = f.lead_id AND answer.episode = f.episode
    ),
    attempt AS (
        SELECT path.*, begun.at, begun.number, lead(begun.at) OVER whole AS next_at
        FROM path JOIN begun USING (lead_id, episode)
        WHERE begun.at <= coalesce(reached_at, 'infinity') AND begun.at < coalesce(ended_at, 'infinity')
            OR begun.at = reached_at
        WINDOW whole AS (PARTITION BY lead_id, episode ORDER BY begun.at)
    ),
    unit AS (
        SELECT of, lead_id, episode, owner, outcome, reached_at, max(number) AS attempts, max(at) AS last_at,
        CASE WHEN reached_at IS NOT NULL THEN {REACHED} WHEN ended_at IS NOT NULL THEN {ELSEWHERE} ELSE {GIVEN_UP} END
            AS ended, max(won_amount) AS won_amount, max(won_currency) AS won_currency, max(customer_on) AS customer_on
        FROM attempt GROUP BY of, lead_id, episode, owner, outcome, reached_at, ended_at
    )"""
TABLE = TRIED + " SELECT of, attempts, ended, count(*) FROM unit GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
# Every attempt by itself: answered where the buyer was heard before the next one.
BY_DAY = (
    TRIED
    + """ SELECT of, (at AT TIME ZONE %(zone)s)::date, count(*),
    count(*) FILTER (WHERE reached_at < coalesce(next_at, 'infinity')) FROM attempt GROUP BY 1, 2 ORDER BY 1, 2"""
)
# The same over the whole of an episode, also after the buyer was heard for the first time.
BY_STAGE = (
    TRIED
    + """,
    every AS (
        SELECT path.of, path.lead_id, path.episode, begun.at,
        lead(begun.at) OVER (PARTITION BY path.lead_id, path.episode ORDER BY begun.at) AS next_at,
        CASE WHEN begun.at >= path.opportunity_at THEN 'opportunity' WHEN begun.at >= path.qualified_at THEN 'qualified'
            ELSE 'accepted' END AS stage
        FROM path JOIN begun USING (lead_id, episode)
    )
    SELECT every.of, stage, count(*), count(*) FILTER (WHERE EXISTS (
        SELECT FROM act WHERE act.lead_id = every.lead_id AND act.episode = every.episode AND act.is_answer
            AND act.at >= every.at AND act.at < coalesce(every.next_at, 'infinity')
    )) FROM every GROUP BY 1, 2 ORDER BY 1, 2"""
)
VALUE = (
    TRIED
    + f""" SELECT count(*), sum({converted("won_amount", "won_currency", "customer_on")})
    FROM unit WHERE ended = {REACHED}"""
)
BY_OWNER = (
    TRIED
    + f""", gap AS (
        SELECT owner, percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM next_at - at) / 3600) AS hours
        FROM attempt WHERE next_at IS NOT NULL GROUP BY owner
    )
    SELECT unit.owner, count(*), count(*) FILTER (WHERE ended = {REACHED}),
    count(*) FILTER (WHERE given_up), percentile_cont(0.5) WITHIN GROUP (ORDER BY attempts) FILTER (WHERE given_up),
    max(gap.hours)
    FROM (
        SELECT unit.*, ended = {GIVEN_UP} AND (outcome <> '' OR last_at < %(quiet)s) AS given_up FROM unit
    ) unit LEFT JOIN gap ON gap.owner IS NOT DISTINCT FROM unit.owner
    GROUP BY unit.owner"""
)
CHANNELS = (
    TRIED
    + """ SELECT kind, count(*), count(*) FILTER (WHERE is_answer) FROM act
    WHERE is_attempt GROUP BY 1 ORDER BY 2 DESC, 1"""
)


@dataclass(frozen=True)
class Rep:
    """What one rep tried: leads tried, reached, and given up with the median of attempts; median hours between two."""

    owner: int | None
    tried: int
    reached: int
    given_up: int
    attempts: float | None
    gap_hours: float | None


@dataclass(frozen=True)
class Tried:
    """Attempts of one kind, and how many of them were answered by the buyer there and then."""

    kind: str
    count: int
    answered: int


Key = str | None


def ended_after(question: Question, *, grade: str = "", at: datetime) -> dict[Key, dict[tuple[int, int], int]]:
    """By key: how many had so many attempts and ended so (funnel.statistics.attempts.life_table)."""
    found: dict[Key, dict[tuple[int, int], int]] = defaultdict(dict)
    for key, number, ended, count in read(TABLE, question, grade, at=at):
        found[key][number, ended] = count
    return dict(found)


def by_stage(question: Question, *, grade: str = "", at: datetime) -> dict[Key, dict[str, tuple[int, int]]]:
    """By key: attempts, and how many of them were answered, of each stage the lead stood in."""
    found: dict[Key, dict[str, tuple[int, int]]] = defaultdict(dict)
    for key, stage, count, answered in read(BY_STAGE, question, grade, at=at):
        found[key][stage] = count, answered
    return dict(found)


def by_week(question: Question, *, grade: str = "", at: datetime) -> dict[Key, dict[int, tuple[int, int]]]:
    """The same of each week of the fiscal quarter; attempts up to when the buyer was heard first."""
    found: dict[Key, dict[int, tuple[int, int]]] = defaultdict(dict)
    for key, day, count, answered in read(BY_DAY, question, grade, at=at):
        week = week_of_quarter(day)
        before = found[key].get(week, (0, 0))
        found[key][week] = before[0] + count, before[1] + answered
    return dict(found)


def value_of_contact(question: Question, *, grade: str = "", at: datetime) -> tuple[int, float | None]:
    """How many were reached, and what each of them has brought on average so far, in the organisation's currency."""
    [(contacts, value)] = read(VALUE, question, grade, at=at)
    return contacts, float(value or 0) / contacts if contacts else None


def reps(question: Question, *, grade: str = "", at: datetime) -> list[Rep]:
    return [Rep(*row) for row in read(BY_OWNER, question, grade, at=at)]


def kinds(question: Question, *, grade: str = "", at: datetime) -> list[Tried]:
    return [Tried(*row) for row in read(CHANNELS, question, grade, at=at)]


COLUMNS = (
    "lead_id", "episode", "of", "owner", "accepted_at", "qualified_at", "opportunity_at", "customer_at", "customer_on",
    "outcome", "outcome_at", "won_amount", "won_currency",
)  # fmt: skip


def read(statement: str, question: Question, grade: str, *, at: datetime) -> list[tuple[Any, ...]]:
    """Of every time round; ``grade``: only leads whose fit has this letter now, "" for all."""
    accepted = within(question, "accepted_on")
    facts = facts_of(replace(question, unit="episodes")).filter(accepted).annotate(of=fact_key(question, "accepted_on"))
    if question.key is not None:
        facts = facts.filter(of=question.key)
    if grade:
        facts = facts.filter(lead_id__in=LeadScore.objects.filter(grade__startswith=grade).values("lead_id"))
    sql, parameters = statement_of(facts.values(*COLUMNS).order_by())
    named = {f"fact_{place}": value for place, value in enumerate(parameters)}
    organisation = Organisation.get()
    values: Mapping[str, Any] = {
        **named, "at": at, "quiet": at - QUIET, "zone": organisation.time_zone, "currency": organisation.currency,
    }  # fmt: skip
    return fetch_rows(statement.format(facts=sql % tuple(f"%({name})s" for name in named)), values)

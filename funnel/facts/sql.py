"""The SQL of the figures, composed once from a few parts, so that a drain, a rebuild and a check cannot disagree.

FACTS     the effective log of some leads -> one row a lead and episode
PASSAGES  a fact -> what it adds to which day of which stage: what a check holds the counting in memory to
CELLS     what facts add -> counters by dimension, grain, day, key and stage

Values are named parameters: %(zone)s, and %(ids)s or %(low)s and %(high)s for the leads in question.
"""

from collections.abc import Iterable

from leads.lifecycle import CLOCK_OF, RANK, SUCCESS, Clock, Stage

# Which leads: a condition on the column that holds the lead's id. A lead that was merged has no facts of its own; those
# of its survivor are told of both.
ALL_LEADS = "{lead} IS NOT NULL"
THESE_LEADS = "{lead} = ANY(%(ids)s)"
LEAD_RANGE = "{lead} BETWEEN %(low)s AND %(high)s"

# The greatest numbers that PostgreSQL keeps in four bytes and in eight.
NO_NUMBER, NO_TIME = 2**31 - 1, 2**63 - 1

FACT_TABLE, CELL_TABLE = "funnel_leadfact", "funnel_stagemetric"

# The dimensions of cells and how a fact tells their key: text, "" for a missing value. A region's cells are those of
# its teams (funnel/facts/regions.py).
NUMBERS = ("campaign", "owner", "team", "definition_version")
WORDS = ("channel", "source", "segment", "country", "product", "industry", "origin")
KEY_OF = {
    "all": "''",
    **{dimension: f"coalesce({dimension}::text, '')" for dimension in NUMBERS},
    **{dimension: dimension for dimension in WORDS},
}
# A number that stands for the key: of 2^64, so that no two words share one.
NO_KEY = -1
CODE_OF = {
    "all": f"{NO_KEY}::bigint",
    **{dimension: f"coalesce({dimension}, {NO_KEY})::bigint" for dimension in NUMBERS},
    **{dimension: f"hashtextextended({dimension}, 0)" for dimension in WORDS},
}
# The days of a fact that cells count.
COUNTED_ON = ("began_on", *(f"{stage}_on" for stage in SUCCESS))
COUNTERS = ("entered", "converted", "advanced", "reached")
CELL_KEY = ("dimension", "grain", "day", "key", "stage")
CELL_COUNTERS = (*COUNTERS, *(f"{counter}_first" for counter in COUNTERS))
CELL_COLUMNS = (*CELL_KEY, *CELL_COUNTERS)

# Stages whose time is on a clock, and those in which an episode is off the path to a customer or at its end.
TIMED = tuple(stage for stage in Stage if CLOCK_OF[stage] != Clock.CLOSED)
OUTCOMES = (Stage.CUSTOMER, Stage.LOST, Stage.DISQUALIFIED, Stage.NURTURE)


def lines(parts: Iterable[str], joined_by: str = ",\n        ") -> str:
    return joined_by.join(parts)


def names(values: Iterable[str]) -> str:
    """A list of SQL strings: 'mql', 'offered'."""
    return ", ".join(f"'{value}'" for value in values)


def stages_on(clock: Clock) -> list[Stage]:
    return [stage for stage in TIMED if CLOCK_OF[stage] == clock]


def day(moment: str) -> str:
    """The local day of a moment."""
    return f"({moment} AT TIME ZONE %(zone)s)::date"


# What a fact is told of: each column with its expression over `told` (below), the lead `l`, its company, its won deals
# `won` and the team that was `asked`.
FACT = {
    "lead_id": "told.lead_id",
    "episode": "told.episode",
    "campaign": "l.campaign_id",
    "channel": "l.channel",
    "source": "l.source",
    "segment": "l.segment",
    "owner": "l.owner_id",
    # Whose acceptance it is: of a lead that sales has not accepted, the sales team that was asked for its verdict.
    "team": "CASE WHEN told.accepted_at IS NULL THEN coalesce(asked.team_id, l.team_id) ELSE l.team_id END",
    "country": "l.country",
    "product": "l.product_interest",
    "industry": "coalesce(company.industry, '')",
    "origin": "l.sourced_by",
    "definition_version": "told.definition_version",
    "began_at": "told.began_at",
    **{f"{stage}_at": f"told.{stage}_at" for stage in (*SUCCESS, Stage.LOST)},
    "began_on": "told.began_on",
    **{f"{stage}_on": f"told.{stage}_on" for stage in SUCCESS},
    "furthest": f"""CASE
            {lines((f"WHEN told.{stage}_at IS NOT NULL THEN {RANK[stage]}" for stage in reversed(SUCCESS)), " ")}
            ELSE 1 END""",
    "stage": "told.stage",
    "outcome": f"CASE WHEN told.stage IN ({names(OUTCOMES)}) THEN told.stage ELSE '' END",
    "outcome_at": f"CASE WHEN told.stage IN ({names(OUTCOMES)}) THEN told.stage_at END",
    "outcome_on": f"CASE WHEN told.stage IN ({names(OUTCOMES)}) THEN told.stage_on END",
    **{f"{stage}_us": f"told.{stage}_us::bigint" for stage in TIMED},
    **{
        f"{clock}_us": f"({lines((f'coalesce(told.{stage}_us, 0)' for stage in stages_on(clock)), ' + ')})::bigint"
        for clock in (Clock.MARKETING, Clock.WAITING, Clock.SALES)
    },
    "open_clock": f"""CASE
            {lines((f"WHEN told.running_stage = '{stage}' THEN '{CLOCK_OF[stage]}'" for stage in TIMED), " ")}
            ELSE '' END""",
    "open_since": f"CASE WHEN told.running_stage IN ({names(TIMED)}) THEN told.stage_at END",
    "won_amount": "CASE WHEN told.is_won THEN won.amount END",
    "won_currency": "CASE WHEN told.is_won THEN coalesce(won.currency, '') ELSE '' END",
}
FACT_COLUMNS = tuple(FACT)

# What the log tells of an episode, with the types it has in a table.
TOLD_AT = ("began_at", *(f"{stage}_at" for stage in (*SUCCESS, Stage.LOST)), "stage_at")
TOLD_ON = (*COUNTED_ON, "stage_on")
TOLD_US = tuple(f"{stage}_us" for stage in TIMED)


def visits(name: str, which: str) -> str:
    """CTEs that end in ``name``: the stays of these leads in their stages, as their effective log tells them.

    A row of the log begins a visit to its stage, the next row of the lead ends it; the visit belongs to the episode of
    the row that began it.
    """
    return f"""
    {name}_undone AS (
        SELECT t.undoes_id AS id FROM leads_transition t
        WHERE {which.format(lead="t.lead_id")} AND t.undoes_id IS NOT NULL
    ),
    {name} AS (
        SELECT t.lead_id, t.episode, t.to_stage AS stage, t.at, t.definition_version,
        lead(t.at) OVER log AS until,
        lag(t.episode) OVER log IS DISTINCT FROM t.episode AS is_first,
        lead(t.episode) OVER log IS DISTINCT FROM t.episode AS is_last
        FROM leads_transition t
        WHERE {which.format(lead="t.lead_id")} AND t.kind <> 'undo'
            AND NOT EXISTS (SELECT FROM {name}_undone undone WHERE undone.id = t.id)
        WINDOW log AS (PARTITION BY t.lead_id ORDER BY t.seq)
    )"""


def microseconds(start: str, end: str) -> str:
    return f"round(date_part('epoch', {end} - {start}) * 1000000)"


OF_MERGES = "{lead} IN (SELECT id FROM merged UNION ALL SELECT root FROM merged)"


def merged_visits(which: str) -> str:
    """CTEs that end in `absorbed`, what merged leads tell of their survivors (METRICS 1.7), and `counts_as`.

    A time round of the duplicate counts as the one that the survivor was in when it began, the first one before the
    survivor was there (`counts_as`): so overlapping ones collapse into the earliest, and each stage counts once, from
    its first entry. The survivor's own log gives stage and clocks; before it began, that of its earliest duplicate.
    """
    return f"""
    merged AS (
        SELECT m.id, m.merged_into_id AS root FROM leads_lead m WHERE {which.format(lead="m.merged_into_id")}
            AND m.merged_into_id IS NOT NULL
    ),
    {visits("related", OF_MERGES)},
    opening AS (
        SELECT lead_id, episode, min(at) AS at FROM related WHERE is_first GROUP BY lead_id, episode
    ),
    start AS (
        SELECT DISTINCT ON (lead_id) lead_id, at FROM opening ORDER BY lead_id, episode
    ),
    earliest AS (
        SELECT DISTINCT ON (merged.root) merged.id
        FROM merged JOIN start ON start.lead_id = merged.id ORDER BY merged.root, start.at, merged.id
    ),
    counts_as AS (
        SELECT merged.id AS lead_id, own.episode, merged.root, (
            SELECT coalesce(max(theirs.episode) FILTER (WHERE theirs.at <= own.at), min(theirs.episode))
            FROM opening theirs WHERE theirs.lead_id = merged.root
        ) AS root_episode
        FROM merged JOIN opening own ON own.lead_id = merged.id
    ),
    absorbed AS (
        SELECT counts_as.root AS lead_id, counts_as.root_episode AS episode, related.stage, related.at,
        related.definition_version, related.is_first,
        CASE WHEN earliest.id IS NOT NULL AND least(related.at, related.until) < start.at
            THEN {microseconds("least(related.at, start.at)", "least(related.until, start.at)")} END AS us
        FROM related
        JOIN counts_as ON counts_as.lead_id = related.lead_id AND counts_as.episode = related.episode
        JOIN start ON start.lead_id = counts_as.root
        LEFT JOIN earliest ON earliest.id = related.lead_id
    )"""


def facts(which: str) -> str:
    """CTEs that end in `fact`, the facts of these leads as their effective log tells them.

    Nurture before a new time round is time of the one before, whose clocks add up to the age of the lead exactly; rows
    imported out of order make a negative visit rather than a missing one. Microseconds are added as float8, exact for
    whole numbers below 2^53 and faster than numeric.
    """
    return f"""
    {merged_visits(which)},
    {visits("own", which)},
    visit AS (
        SELECT lead_id, episode, stage, at, definition_version, until IS NULL AS running,
        {microseconds("at", "until")} AS us, is_first, is_last
        FROM own
        UNION ALL
        SELECT lead_id, episode, stage, at, definition_version, false, us, is_first, false FROM absorbed
    ),
    episode AS (
        SELECT lead_id, episode,
        min(at) FILTER (WHERE is_first) AS began_at,
        {lines(f"min(at) FILTER (WHERE stage = '{stage}') AS {stage}_at" for stage in (*SUCCESS, Stage.LOST))},
        {lines(f"sum(us) FILTER (WHERE stage = '{stage}') AS {stage}_us" for stage in TIMED)},
        max(stage) FILTER (WHERE is_last) AS stage,
        max(at) FILTER (WHERE is_last) AS stage_at,
        max(stage) FILTER (WHERE running) AS running_stage,
        min(definition_version) FILTER (WHERE stage = '{Stage.MQL}') AS definition_version
        FROM visit GROUP BY lead_id, episode
    ),
    told AS (
        SELECT episode.*,
        {lines(f"{day(moment_of(column))} AS {column}" for column in TOLD_ON)},
        episode = min(episode) FILTER (WHERE customer_at IS NOT NULL) OVER (PARTITION BY lead_id) AS is_won
        FROM episode
    ),
    {with_words(which)}"""


def moment_of(column: str) -> str:
    """The moment that a local day is the day of."""
    return f"{column.removesuffix('_on')}_at"


def with_words(which: str) -> str:
    """CTEs that end in `fact`: what is `told` of these leads with what their records say."""
    return f"""
    won AS (
        SELECT lead_id,
        CASE WHEN min(currency) = max(currency) THEN sum(amount) END AS amount,
        CASE WHEN min(currency) = max(currency) THEN min(currency) END AS currency
        FROM (
            SELECT o.lead_id, o.amount, o.currency FROM leads_opportunity o
            WHERE {which.format(lead="o.lead_id")} AND o.outcome = 'won'
            UNION ALL
            SELECT merged.root, o.amount, o.currency FROM merged JOIN leads_opportunity o ON o.lead_id = merged.id
            WHERE o.outcome = 'won'
        ) deal
        GROUP BY lead_id
    ),
    asked AS (
        SELECT DISTINCT ON (lead_id, episode) lead_id, episode, team_id
        FROM (
            SELECT h.lead_id, h.episode, h.id, h.team_id, h.status, true AS is_own
            FROM feedback_handoff h WHERE {which.format(lead="h.lead_id")}
            UNION ALL
            SELECT counts_as.root, counts_as.root_episode, h.id, h.team_id, h.status, false
            FROM counts_as JOIN feedback_handoff h ON h.lead_id = counts_as.lead_id AND h.episode = counts_as.episode
        ) handoff
        WHERE status <> 'withdrawn' AND team_id IS NOT NULL
        ORDER BY lead_id, episode, is_own DESC, id DESC
    ),
    fact AS (
        SELECT
        {lines(f"{expression} AS {column}" for column, expression in FACT.items())}
        FROM told JOIN leads_lead l ON l.id = told.lead_id AND {which.format(lead="l.id")} AND l.merged_into_id IS NULL
        LEFT JOIN leads_company company ON company.id = l.company_id
        LEFT JOIN won ON won.lead_id = told.lead_id
        LEFT JOIN asked ON asked.lead_id = told.lead_id AND asked.episode = told.episode
    )"""


def passed_on(stage: Stage) -> str:
    """The day on which a fact first got beyond ``stage``; least() passes over stages that were skipped."""
    later = [f"f.{beyond}_on" for beyond in SUCCESS[RANK[stage] :]]
    return f"least({', '.join(later)})" if later else "NULL::date"


# What a fact `f` adds to which day of each stage: on the day it entered, on the day it got beyond, and, if it ever got
# there, on the day its episode began.
PASSAGES = f"""
    CROSS JOIN LATERAL (VALUES
        {lines(f"({RANK[stage]}, f.{stage}_on, {passed_on(stage)})" for stage in SUCCESS)}
    ) AS at_stage (stage, entered_on, passed_on)
    CROSS JOIN LATERAL (VALUES
        (at_stage.entered_on, 1, (f.furthest > at_stage.stage)::int, 0, 0),
        (at_stage.passed_on, 0, 0, 1, 0),
        (CASE WHEN at_stage.stage <= f.furthest THEN f.began_on END, 0, 0, 0, 1)
    ) AS passage (day, {", ".join(COUNTERS)})"""


def sums(counted: str) -> str:
    """Every counter of a cell: ``counted`` ({counter}) added up, and once more over first episodes alone."""
    every = [f"sum({counted.format(counter=counter)}) AS {counter}" for counter in COUNTERS]
    first = [
        f"coalesce(sum({counted.format(counter=counter)}) FILTER (WHERE first), 0) AS {counter}_first"
        for counter in COUNTERS
    ]
    return lines([*every, *first])


def any_of(columns: Iterable[str], condition: str) -> str:
    return " OR ".join(condition.format(column=column) for column in columns)


# The drain: facts of these leads are written as they should be; told are those that stand now and, with sign -1, those
# that stood, for the difference in cells (funnel/facts/differing.py).
COUNTED = {
    "of": "lead_id * 32768 + episode",
    "sign": "sign",
    "furthest": "furthest",
    "first": "(episode = 1)::int",
    **{column: f"coalesce({column} - date '2000-01-01', {NO_NUMBER})" for column in COUNTED_ON},
    **KEY_OF,
}
WRITE_FACTS = f"""
    WITH {facts(THESE_LEADS)},
    stood AS (
        SELECT * FROM {FACT_TABLE} WHERE lead_id = ANY(%(ids)s)
    ),
    gone AS (
        DELETE FROM {FACT_TABLE} old WHERE old.lead_id = ANY(%(ids)s)
            AND NOT EXISTS (SELECT FROM fact WHERE fact.lead_id = old.lead_id AND fact.episode = old.episode)
    ),
    written AS (
        INSERT INTO {FACT_TABLE} AS old ({", ".join(FACT_COLUMNS)}) SELECT {", ".join(FACT_COLUMNS)} FROM fact
        ON CONFLICT (lead_id, episode) DO UPDATE SET
        {lines(f"{column} = excluded.{column}" for column in FACT_COLUMNS[2:])}
        WHERE ({", ".join(f"old.{column}" for column in FACT_COLUMNS)})
            IS DISTINCT FROM ({", ".join(f"excluded.{column}" for column in FACT_COLUMNS)})
    ),
    counted AS (
        SELECT 1 AS sign, {", ".join(FACT_COLUMNS)} FROM fact
        UNION ALL SELECT -1, {", ".join(FACT_COLUMNS)} FROM stood
    )
    SELECT {lines(COUNTED.values())} FROM counted
"""
# Differences wait in a table that lives as long as the session and is empty between transactions; keys are told by
# their place in a list. In the order of their index the cells are found warm.
DIFFERENCES_TABLE = "funnel_differences"
CREATE_DIFFERENCES = f"""
    CREATE TEMP TABLE IF NOT EXISTS {DIFFERENCES_TABLE} ({lines(f"{column} int" for column in CELL_COLUMNS)})
    ON COMMIT DELETE ROWS
"""
ADD_TO_CELLS = f"""
    WITH added AS (
        INSERT INTO {CELL_TABLE} AS old ({", ".join(CELL_COLUMNS)})
        SELECT (ARRAY[{names(KEY_OF)}])[dimension + 1], (ARRAY['day', 'month'])[grain + 1],
            date '2000-01-01' + day, known.key, stage, {", ".join(CELL_COUNTERS)}
        FROM {DIFFERENCES_TABLE} difference
            JOIN unnest(%(keys)s::text[]) WITH ORDINALITY AS known (key, place) ON known.place = difference.key + 1
        ORDER BY 1, 2, 3, 4, 5
        ON CONFLICT ({", ".join(CELL_KEY)}) DO UPDATE SET
        {lines(f"{counter} = old.{counter} + excluded.{counter}" for counter in CELL_COUNTERS)}
        RETURNING *
    )
    SELECT {", ".join(CELL_KEY)} FROM added WHERE NOT ({any_of(CELL_COUNTERS, "{column} <> 0")})
"""
# Keys come as one array a column: of a long list of rows the planner makes as many conditions.
REMOVE_EMPTY_CELLS = f"""
    DELETE FROM {CELL_TABLE} cell
    USING unnest(%s::text[], %s::text[], %s::date[], %s::text[], %s::int[]) AS empty ({", ".join(CELL_KEY)})
    WHERE {" AND ".join(f"cell.{column} = empty.{column}" for column in CELL_KEY)}
"""
# A change of one of a family concerns the facts of its survivor; a lead that was merged a moment ago loses its own.
SURVIVORS_OF = "SELECT DISTINCT merged_into_id FROM leads_lead WHERE id = ANY(%s) AND merged_into_id IS NOT NULL"
# Changes that name something of a lead instead of the lead: whose facts they concern, by the ids of what changed.
LEADS_OF = {
    "opportunity": "SELECT lead_id FROM leads_opportunity WHERE id {these} AND lead_id IS NOT NULL",
    "handoff": "SELECT lead_id FROM feedback_handoff WHERE id {these}",
    "company": "SELECT id AS lead_id FROM leads_lead WHERE company_id {these}",
}

# The rebuild, in statements short enough not to hold up other consumers: facts by ranges of leads, into a table beside
# the one in use. What plain logs tell is told in memory (funnel/facts/episodes.py) and read from TOLD_TABLE; of leads
# with undone rows or merged ones it is told as a drain tells it. Cells are then counted in memory
# (funnel/facts/counting.py).
INSERT_FACTS = f"""
    WITH {facts(THESE_LEADS)}
    INSERT INTO {{table}} ({", ".join(FACT_COLUMNS)}) SELECT {", ".join(FACT_COLUMNS)} FROM fact
"""
NOT_PLAIN = """
    SELECT lead_id FROM leads_transition WHERE undoes_id IS NOT NULL
    UNION SELECT merged_into_id FROM leads_lead WHERE merged_into_id IS NOT NULL
"""
# Stages as numbers: their place in this list, from 1.
STAGES = tuple(Stage)
LOGS = f"""
    SELECT lead_id, episode, at, CASE to_stage
        {lines((f"WHEN '{stage}' THEN {place}" for place, stage in enumerate(STAGES, start=1)), " ")}
        END::smallint, coalesce(definition_version, {NO_NUMBER})
    FROM leads_transition WHERE lead_id BETWEEN {{low}} AND {{high}} ORDER BY lead_id, seq
"""
OFFSETS = """
    SELECT (extract(epoch FROM (at AT TIME ZONE %(zone)s) - (at AT TIME ZONE 'UTC')) * 1000000)::bigint
    FROM unnest(%(moments)s::bigint[]) WITH ORDINALITY AS asked (moment, place),
        LATERAL (SELECT timestamptz '2000-01-01 00:00:00+00' + moment * interval '1 microsecond') AS moments (at)
    ORDER BY place
"""
TOLD_TABLE = "funnel_told"
# What is missing is the greatest of its kind, so that all rows are of one width.
TOLD = {
    "lead_id": ("bigint", "{}"),
    "episode": ("smallint", "{}"),
    **dict.fromkeys(TOLD_AT, ("timestamptz", "nullif({}, 'infinity')")),
    **dict.fromkeys(TOLD_ON, ("date", "nullif({}, 'infinity')")),
    **dict.fromkeys(TOLD_US, ("bigint", f"nullif({{}}, {NO_TIME})")),
    "stage": ("smallint", f"(ARRAY[{names(STAGES)}])[{{}}]"),
    "running_stage": ("smallint", f"(ARRAY[{names(STAGES)}])[{{}}]"),
    "definition_version": ("int", f"nullif({{}}, {NO_NUMBER})"),
    "is_won": ("boolean", "{}"),
}
CREATE_TOLD = f"CREATE TEMP TABLE {TOLD_TABLE} ({lines(f'{column} {kind}' for column, (kind, _) in TOLD.items())})"
INSERT_TOLD = f"""
    WITH {merged_visits(LEAD_RANGE)},
    told AS (
        SELECT {lines(f"{read.format(column)} AS {column}" for column, (_, read) in TOLD.items())} FROM {TOLD_TABLE}
    ),
    {with_words(LEAD_RANGE)}
    INSERT INTO {{table}} ({", ".join(FACT_COLUMNS)}) SELECT {", ".join(FACT_COLUMNS)} FROM fact
"""


def day_cells(dimension: str, source: str) -> str:
    """Cells of single days counted straight from the facts in ``source``: what a check holds the others to."""
    return f"""
        SELECT '{dimension}' AS dimension, 'day' AS grain, day, key, stage, {sums("{counter}")}
        FROM (
            SELECT passage.*, at_stage.stage, f.episode = 1 AS first, {KEY_OF[dimension]} AS key
            FROM {source} f {PASSAGES}
            WHERE passage.day IS NOT NULL
        ) passages
        GROUP BY day, key, stage"""


def month_cells(days: str) -> str:
    """Cells of months, added up from cells of days."""
    return f"""
        SELECT dimension, 'month' AS grain, date_trunc('month', day)::date AS day, key, stage,
        {lines(f"sum({counter}) AS {counter}" for counter in CELL_COUNTERS)}
        FROM {days} days WHERE grain = 'day' GROUP BY dimension, date_trunc('month', day), key, stage"""


# The check, row for row: a full join keeps what only one side has; with both sides NULL or equal nothing is left.
def differences(wanted: str, stands: str, key: Iterable[str], columns: Iterable[str], but_not: str = "") -> str:
    """Rows (wanted as JSON, standing as JSON) that differ between two relations with the same columns."""
    same_key = " AND ".join(f"wanted.{column} = stands.{column}" for column in key)
    columns = list(columns)
    return f"""
        SELECT to_jsonb(wanted), to_jsonb(stands)
        FROM {wanted} wanted FULL JOIN {stands} stands ON {same_key}
        WHERE ({", ".join(f"wanted.{column}" for column in columns)})
            IS DISTINCT FROM ({", ".join(f"stands.{column}" for column in columns)}) {but_not}
        LIMIT %(limit)s"""

"""The list of leads: whom do I work on now?"""

from collections.abc import Sequence
from typing import Any

from django.db.models import (
    CharField,
    DateTimeField,
    Exists,
    FloatField,
    OuterRef,
    PositiveSmallIntegerField,
    Q,
    Subquery,
)
from django.db.models.functions import Coalesce
from django.db.models.lookups import Exact

from campaigns.models import Campaign, Channel
from crm.keyset import Order
from crm.models import User
from crm.search import matches
from desk.lists.asker import Asker
from desk.lists.definition import Action, Column, Fact, ListDefinition, Sort, Tab
from desk.lists.filters import Bounds, Choice, Numbers, Option, anything, is_in, lies_in, of_choices
from desk.lists.people import target_filter
from desk.lists.standard_filters import (
    activity_filter,
    archived_filter,
    days_filter,
    humanised,
    next_step_filter,
    owner_filter,
    record_filter,
    state_filter,
)
from feedback.models import VERDICTS, Handoff, HandoffStatus
from feedback.wrong_data import still_wrong, wrong_words
from leads.attempts import NONE, Attempts, attempts_of, micro_state
from leads.lifecycle import OPEN, WITH_SALES, Stage
from leads.list_queries import leads_of, needing_repair, nurture_due, present_leads, recent_values
from leads.models import Company, Contact, Lead, PickList, Reason, ReasonFamily, Route, Transition
from leads.models.people import FULL_NAME
from leads.pick_values import offered_values

MOST_CAMPAIGNS = 300
IS_OPEN = Q(stage__in=OPEN)
# Marketing plans for many at once; what sales holds needs a next step each.
HELD_BY_SALES = "&".join(f"stage={stage}" for stage in WITH_SALES)
# Also the id is the one in the table of scores, whose index has both.
SCORE = Order("leadscore__shown", PositiveSmallIntegerField(), can_miss=True, pk="leadscore__lead_id")
GRADE = Order("leadscore__grade", CharField(), can_miss=True, can_be_blank=True, pk="leadscore__lead_id")


GRADES = [f"{fit}{engagement}" for fit in "ABCD" for engagement in "1234"]


def by_chance(field: str) -> Order:
    """By what is expected of the lead, as the table of predictions has it."""
    return Order(f"leadprediction__{field}", FloatField(), can_miss=True, nulls_last=True, pk="leadprediction__lead_id")


# Filters


def campaign_options() -> list[Option]:
    newest = Campaign.objects.filter(archived_at__isnull=True).order_by("-starts_on", "-id")
    return [Option(str(pk), name) for pk, name in newest.values_list("pk", "name")[:MOST_CAMPAIGNS]]


def value_filter(field: str, label: str, kept: PickList) -> Choice:
    """A field of free text: the values of its list and those of the newest leads; any other works as well."""

    def options() -> list[Option]:
        return humanised(dict.fromkeys([*offered_values(kept), *recent_values(Lead, field)]))

    return Choice(key=field, label=label, options=options, test=is_in(field), takes=anything)


def tag_filter() -> Choice:
    def options() -> list[Option]:
        newest = Lead.objects.exclude(tags=[]).order_by("-id").values_list("tags", flat=True)[:500]
        return [Option(tag, tag) for tag in sorted({tag for tags in newest for tag in tags})]

    return Choice(
        key="tag",
        label="Tag",
        options=options,
        test=lambda values, asker: Q(tags__overlap=list(values)),
        takes=anything,
        labels=lambda values: {value: value for value in values},
    )


def verdict_filter() -> Choice:
    """What sales answered to the last hand-off."""
    options = [
        Option("waiting", "waiting"),
        Option("accepted", "accepted"),
        *[Option(f"rejected:{family}", f"rejected: {label.lower()}") for family, label in ReasonFamily.choices],
        Option("none", "never handed over"),
    ]
    return Choice(key="verdict", label="Verdict", options=lambda: options, test=answered)


def answered(values: Sequence[str], asker: Asker) -> Q:
    verdicts = [value for value in values if value != "none"]
    if len(verdicts) < len(values):
        return never_handed_over() | Q(pk__in=Lead.objects.filter(last_verdict(verdicts)).values("pk"))
    return last_verdict(verdicts)


def last_verdict(values: Sequence[str]) -> Q:
    """Joined, not asked for in a subquery: so PostgreSQL stops at as many leads as are counted."""
    statuses = {"waiting": HandoffStatus.OPEN, "accepted": HandoffStatus.ACCEPTED}
    found = Q(handoffs__status__in=[statuses[value] for value in values if value in statuses])
    families = [value.partition(":")[2] for value in values if value.startswith("rejected:")]
    if families:
        reasons = list(Reason.objects.filter(family__in=families).values_list("pk", flat=True))
        found |= Q(handoffs__status=HandoffStatus.REJECTED, handoffs__reason__in=reasons)
    later = Handoff.objects.filter(lead=OuterRef("pk"), pk__gt=OuterRef("handoffs__pk"))
    return found & ~Q(Exists(later))


def never_handed_over() -> Q:
    """Looked up lead by lead as they are counted: NOT EXISTS would first read all hand-offs there are."""
    any_handoff = Handoff.objects.filter(lead=OuterRef("pk")).order_by("-pk").values("pk")[:1]
    return Q(Exact(Coalesce(Subquery(any_handoff), 0), 0))


def grade_filter() -> Choice:
    fits = [Option(fit, f"{fit}, any engagement") for fit in "ABCD"]

    def test(values: Sequence[str], asker: Asker) -> Q:
        grades = [grade for grade in GRADES if grade in values or grade[0] in values]
        return Q(leadscore__grade__in=grades)

    options = [*fits, *[Option(grade, grade) for grade in GRADES]]
    return Choice(key="grade", label="Grade", options=lambda: options, test=test)


def chance_filter(key: str, label: str, field: str) -> Numbers:
    """A chance is kept as a share and asked for in percent."""

    def test(bounds: Bounds, asker: Asker) -> Q:
        low, high = (None if end is None else float(end) / 100 for end in (bounds.low, bounds.high))
        return Bounds(low, high).of(f"leadprediction__{field}")

    return Numbers(key=key, label=f"{label}, %", most=100, test=test)


FILTERS = (
    Choice(key="stage", label="Stage", options=of_choices(Stage), test=is_in("stage")),
    state_filter(IS_OPEN),
    owner_filter(),
    record_filter("campaign", "Campaign", Campaign, options=campaign_options),
    value_filter("source", "Source", PickList.SOURCE),
    value_filter("segment", "Segment", PickList.SEGMENT),
    Choice(key="channel", label="Channel", options=of_choices(Channel), test=is_in("channel")),
    Numbers(key="score", label="Score", most=100, test=lies_in("leadscore__shown")),
    grade_filter(),
    chance_filter("acceptance", "Chance to be accepted", "acceptance"),
    chance_filter("win", "Chance to be won", "win"),
    days_filter("captured", "Added", "captured_at"),
    activity_filter(),
    next_step_filter(IS_OPEN),
    verdict_filter(),
    tag_filter(),
    target_filter("company__is_target"),
    record_filter("company", "Company", Company),
    record_filter("contact", "Contact", Contact),
    archived_filter(),
)


def complete(rows: Sequence[Any], asker: Asker) -> None:
    """Put onto each lead, as ``reached``, how far sales got with whom it accepted."""
    attempts = attempts_of(lead.pk for lead in rows if lead.stage == Stage.ACCEPTED)
    for lead in rows:
        lead.reached = reached_words(lead.stage, attempts.get(lead.pk, NONE))


def reached_words(stage: str, attempts: Attempts) -> str:
    """ "attempting · 3", "connected"; "" for a lead that was not tried, or stands elsewhere."""
    state = micro_state(stage, attempts)
    return f"{state} · {attempts.count}" if state == "attempting" else state


def nurtured(rows: Sequence[Any], asker: Asker) -> None:
    """Put onto each lead in nurture, as ``sent``, the move that brought it there, and as ``known`` who worked it."""
    ids = [lead.pk for lead in rows if lead.stage == Stage.NURTURE]
    moves = Transition.objects.effective().filter(lead__in=ids).select_related("by", "reason")
    taken = Handoff.objects.filter(lead__in=ids, status__in=VERDICTS).select_related("decided_by")
    sent = {row.lead_id: row for row in moves.order_by("lead_id", "-seq").distinct("lead_id")} if ids else {}
    last = {row.lead_id: row for row in taken.order_by("lead_id", "-id").distinct("lead_id")} if ids else {}
    for lead in rows:
        lead.sent = sent.get(lead.pk)
        lead.known = last[lead.pk].decided_by if lead.pk in last else None


def found_wrong(rows: Sequence[Any], asker: Asker) -> None:
    """Put onto each lead that waits for repair, as ``sent_back``, the answer of sales and the fields still wrong."""
    ids = [lead.pk for lead in rows if lead.stage == Stage.MQL]
    answers = Handoff.objects.filter(lead__in=ids, status=HandoffStatus.REJECTED, route=Route.REPAIR)
    newest = answers.select_related("lead", "reason", "decided_by").order_by("lead_id", "-id").distinct("lead_id")
    found = list(newest) if ids else []
    wrong, by_lead = still_wrong(found), {handoff.lead_id: handoff for handoff in found}
    for lead in rows:
        lead.sent_back = by_lead.get(lead.pk)
        lead.wrong = wrong_words(wrong.get(lead.sent_back.pk, [])) if lead.sent_back else ""


def first_tab(user: User) -> str:
    """Admins have no leads of their own."""
    return "all" if user.is_admin else "mine"


LEADS = ListDefinition(
    key="leads",
    title="Leads",
    noun="lead",
    nouns="leads",
    icon="users",
    model=Lead,
    rows=present_leads,
    shown=lambda rows: rows.select_related("owner", "campaign", "company", "contact", "leadscore", "leadprediction"),
    complete=complete,
    search=matches,
    placeholder="Name, company, e-mail, phone",
    filters=FILTERS,
    columns=(
        Column("name", "Name", sort="name", phone=""),
        Column("company", "Company", phone="wide"),
        Column("stage", "Stage", sort="stage_since", phone="end"),
        Column("score", "Score", sort="score"),
        Column("source", "Source"),
        Column("activity", "Last activity", sort="activity", phone=""),
        Column("next", "Next step", sort="next", phone="end", is_named=True),
        Column("owner", "Owner"),
        Column("grade", "Grade", sort="grade", phone="", spare=True, is_named=True),
        Column(
            "acceptance", "Chance to be accepted", sort="acceptance", css="num", phone="", spare=True, is_named=True
        ),
        Column("win", "Chance to be won", sort="win", css="num", phone="end", spare=True, is_named=True),
        Column("captured", "Added", sort="captured", spare=True),
        Column("segment", "Segment", spare=True),
        Column("channel", "Channel", spare=True),
        Column("country", "Country", spare=True),
        Column("email", "E-mail", spare=True),
        Column("phone", "Phone", spare=True),
        Column("tags", "Tags", spare=True),
        Column("target", "Target account", spare=True),
        Column("round", "Time round", spare=True, phone="", is_named=True),
        Column("revisit", "Look again", spare=True, phone="end"),
        Column("sent", "Why it is in nurture", spare=True, phone="wide", complete=nurtured),
        Column("known", "Who knows it", spare=True, phone=""),
        Column("wrong", "What sales found wrong", spare=True, phone="wide", complete=found_wrong),
    ),
    sorts=(
        Sort("captured", "Added", Order("captured_at", DateTimeField())),
        Sort("name", "Name", Order(FULL_NAME, CharField()), descending=False),
        Sort("score", "Score", SCORE),
        Sort("grade", "Grade", GRADE, descending=False),
        Sort("acceptance", "Chance to be accepted", by_chance("acceptance")),
        Sort("win", "Chance to be won", by_chance("win")),
        Sort("stage_since", "Time in stage", Order("stage_since", DateTimeField()), descending=False),
        Sort("activity", "Last activity", Order("last_activity_at", DateTimeField(), can_miss=True)),
        Sort("next", "Next step", Order("next_step_at", DateTimeField(), can_miss=True), descending=False),
    ),
    tabs=(
        Tab(
            "mine", "My open", lambda rows, asker: rows & leads_of(asker.user).open(),
            "No open lead is yours", "New leads of your campaigns and leads you accept stand here.",
        ),
        Tab(
            "waiting", "Waiting for sales", lambda rows, asker: rows.filter(stage=Stage.OFFERED),
            "Nothing waits for sales", "Every lead handed over has its answer. That is what good looks like.",
        ),
        Tab(
            "repair", "Needs repair", lambda rows, asker: needing_repair(rows),
            "Nothing to repair", "No lead came back for missing or wrong data. That is what good looks like.",
            columns=("company", "wrong", "email", "phone", "source", "owner"),
        ),
        Tab(
            "nurture", "Nurture due", lambda rows, asker: nurture_due(rows, on=asker.today),
            "Nobody is due today",
            "Leads in nurture stand here on the day marketing meant to look at them again; those that sales wanted to "
            "see again come back by themselves.",
            columns=("company", "score", "revisit", "sent", "known", "round", "owner"),
            report=("Second time round", "/feedback/#second-time"),
        ),
        Tab(
            "all", "All", lambda rows, asker: rows,
            "No leads yet", "Import a list, put a form on your site, or write down the first one.",
        ),
    ),
    first_tab=first_tab,
    facts=(
        Fact("open", "tab=all&state=open"),
        Fact("waiting for sales", "tab=waiting"),
        Fact("with sales without next step", f"tab=all&{HELD_BY_SALES}&next=none"),
    ),
    actions=(
        Action("New lead", "leads:lead-new", key="n"),
        Action("Import", "leads:imports", icon="file-import"),
        Action("Make a form", "leads:capture-form-new", icon="forms", when_empty=True),
    ),
    beside=("leads", "contacts", "companies"),
)  # fmt: skip

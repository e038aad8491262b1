"""What the composer and the next-step card of a record show."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q

from campaigns.models import Asset
from crm.models import User
from desk.forms.activity import ActivityForm, colleague
from desk.forms.email import EmailForm
from desk.forms.task import TaskForm
from leads.access import may_change_task, may_log_on
from leads.mail_templates import templates_for
from leads.mailing import why_not_written_to
from leads.models import ActivityKind, Contact, Lead, MailTemplate, Opportunity, Task
from leads.subjects import Subject, subject_of
from leads.united import survivor_of, united_ids

Record = Lead | Opportunity | Contact
ABOUT = {Lead: "lead", Opportunity: "opportunity", Contact: "contact"}

# A card shows the first and a few behind it.
STEPS_SHOWN = 6
CONTENT_OFFERED = 200
PEOPLE_OFFERED = 200
TEMPLATES_OFFERED = 12
# The other half of the tab E-mail: what is sent from here.
WRITE = "write"


@dataclass(frozen=True)
class Tab:
    """One thing to log or plan: ``key`` brings it up."""

    kind: str
    label: str
    icon: str
    key: str = ""
    in_more: bool = False
    form: Any = field(default=None, compare=False)


TABS = (
    Tab("note", "Note", "note", "n"),
    Tab("call", "Call", "phone", "c"),
    Tab("email", "E-mail", "mail", "e"),
    Tab("meeting", "Meeting", "users", "m"),
    Tab("task", "Task", "checkbox", "t"),
    Tab("social", "Social", "message-circle", in_more=True),
    Tab("event", "Event", "calendar-event", in_more=True),
)


@dataclass(frozen=True)
class Letter:
    """An e-mail being written: ``why_not`` says why it cannot be, by the rule ``code``."""

    form: EmailForm
    to: str
    why_not: str
    code: str
    templates: Sequence[MailTemplate]
    # Whether the tab opens with writing, instead of logging what was written elsewhere.
    is_open: bool


@dataclass(frozen=True)
class Composer:
    """The tabs this person may use, the one that is open, and how the record is named in addresses: "lead=7"."""

    tabs: Sequence[Tab]
    opened: str
    query: str
    name: str
    # The next step of this person here: what is logged may be it.
    own_step: Task | None
    # None for who may not write.
    letter: Letter | None


def work_context(record: Record, user: User, now: datetime) -> dict[str, Any]:
    """For templates/desk/composer.html and next_step.html: seven queries, however much there is."""
    steps = list(open_tasks_of(record).select_related("owner", "made_by")[:STEPS_SHOWN])
    return {
        "record": record,
        "about": ABOUT[type(record)],
        "composer": composer_of(record, user, now, steps=steps),
        "steps": steps,
        "step_query": query_of(record),
        "needs_step": not steps and is_worked_on(record),
        "may_plan": not is_merged(record),
    }


def is_worked_on(record: Record) -> bool:
    """Whether somebody should know what comes next; of a merged lead the one that stays tells that."""
    return not isinstance(record, Contact) and not is_merged(record) and record.is_open


def is_merged(record: Record) -> bool:
    return isinstance(record, Lead) and record.merged_into_id is not None


def open_tasks_of(record: Record) -> Any:
    """What is still to do for it, first due on top; what names only its lead belongs to an opportunity, too."""
    if isinstance(record, Opportunity):
        which = Q(opportunity=record)
        if record.lead:
            which |= Q(lead__in=united_ids(survivor_of(record.lead)), opportunity__isnull=True)
    elif isinstance(record, Lead):
        which = Q(lead__in=united_ids(record))
    else:
        which = Q(contact=record) | Q(lead__in=list(record.leads.values_list("pk", flat=True)[: STEPS_SHOWN * 10]))
    return Task.objects.open().filter(which).order_by("due_at", "id")


def composer_of(
    record: Record,
    user: User,
    now: datetime,
    *,
    steps: Sequence[Task] | None = None,
    bound: Any = None,
    opened: str = "",
) -> Composer | None:
    """None for a merged lead. ``bound``: the form that was refused, shown in its tab; ``steps``: read already."""
    if is_merged(record):
        return None
    may_log = may_log_on(user, subject_for(record))
    shared = shared_choices() if may_log else {}
    shown = [tab for tab in TABS if tab.kind == "task" or may_log]
    tabs = [with_form(tab, bound if opened == tab.kind else None, user, now, shared) for tab in shown]
    steps = open_tasks_of(record)[:STEPS_SHOWN] if steps is None else steps
    mine = next((step for step in steps if may_change_task(user, step)), None)
    opened = opened or first_tab(record, user, may_log)
    is_letter = opened == WRITE
    # A refused entry of what was written elsewhere stands there to be put right.
    is_log = bound is not None and not is_letter
    letter = letter_of(record, user, None if is_log else bound, shared, is_log=is_log) if may_log else None
    return Composer(tabs, ActivityKind.EMAIL if is_letter else opened, query_of(record), name_of(record), mine, letter)


def letter_of(
    record: Record, user: User, bound: EmailForm | None, shared: dict[str, Any], *, is_log: bool = False
) -> Letter:
    """The e-mail to whom the record is about, begun or refused; else an empty one."""
    about = subject_for(record)
    why_not, code = why_not_written_to(about)
    to = getattr(about.person, "email", "") if about.person else ""
    templates = [] if why_not else list(templates_for(user)[:TEMPLATES_OFFERED])
    form = bound or EmailForm(shared=shared)
    return Letter(form, to, why_not, code, templates, not why_not and not is_log)


def with_form(tab: Tab, bound: Any, user: User, now: datetime, shared: dict[str, Any]) -> Tab:
    form = bound or (TaskForm(now=now, initial={"owner": user.pk}) if tab.kind == "task" else
                     ActivityForm(kind=tab.kind, shared=shared))  # fmt: skip
    return Tab(tab.kind, tab.label, tab.icon, tab.key, tab.in_more, form)


def first_tab(record: Record, user: User, may_log: bool) -> str:
    """Reps mostly call, marketers mostly note."""
    if not may_log:
        return "task"
    person = subject_for(record).person
    callable_ = person is not None and bool(person.phone) and not person.do_not_call
    return "call" if callable_ and not user.is_marketer else "note"


def shared_choices() -> dict[str, list[tuple[Any, str]]]:
    """Links to content and colleagues, read once for all tabs; marketers come first."""
    present = Asset.objects.filter(archived_at__isnull=True).exclude(url="")
    links = list(present.order_by("-id").values_list("pk", "name")[:CONTENT_OFFERED])
    people = User.objects.filter(is_active=True)[:PEOPLE_OFFERED]
    ordered = sorted(people, key=lambda person: not person.is_marketer)
    colleagues = [(each.pk, colleague(each)) for each in ordered]
    return {"link": [("", "None"), *links], "participants": colleagues}


def subject_for(record: Record) -> Subject:
    if isinstance(record, Lead):
        return Subject(lead=record)
    if isinstance(record, Contact):
        return Subject(contact=record)
    return subject_of(opportunity=record)


def query_of(record: Record) -> str:
    return f"{ABOUT[type(record)]}={record.pk}"


def name_of(record: Record) -> str:
    """Whom one calls: the first name, as people say it."""
    person = subject_for(record).person
    return (getattr(person, "first_name", "") or str(person)) if person else str(record)

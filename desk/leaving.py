"""Somebody leaves: all that is open of theirs goes to somebody else, in one transaction, or they stay."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from campaigns.access import may_create_assets, may_create_campaigns
from campaigns.models import Asset, Campaign, CampaignStatus
from crm.access import require
from crm.assigning import give_all
from crm.errors import BusinessError
from crm.models import NotificationKind, Side, Team, User
from crm.notifications import notify
from crm.outbox import record_change
from crm.people import REFUSED, require_an_admin
from feedback.access import may_ever_decide
from feedback.models import Handoff
from feedback.requests import give_promises, may_answer, promises_of
from feedback.rerouting import reroute_waiting
from leads.access import may_make_capture_forms, works_for_sales
from leads.lifecycle import Stage
from leads.models import CaptureForm, Lead, Opportunity, Task

Heir = User | Team | None
MARKETINGS = (Stage.INQUIRY, Stage.NURTURE, Stage.MQL, Stage.OFFERED)


@dataclass(frozen=True)
class Work:
    """One kind of open work. ``rows``: a person's; ``may_inherit``: who can do it; ``give``: writes the heir into them.

    ``may_wait``: nobody need have it; ``queue``: a sales team may have it as a whole.
    """

    key: str
    noun: str
    nouns: str
    rows: Callable[[User], QuerySet[Any]]
    may_inherit: Callable[[User], bool]
    give: Callable[..., None]
    may_wait: bool = False
    queue: bool = False

    def counted(self, count: int) -> str:
        return f"{count:,} {self.noun if count == 1 else self.nouns}"


def leads_of_marketing(person: User) -> QuerySet[Any]:
    return Lead.objects.filter(owner=person, stage__in=MARKETINGS, merged_into__isnull=True, archived_at__isnull=True)


def leads_in_work(person: User) -> QuerySet[Any]:
    stages = [stage for stage in Stage if Lead(stage=stage).side == "sales"]
    return Lead.objects.filter(owner=person, stage__in=stages, merged_into__isnull=True, archived_at__isnull=True)


def running_campaigns(person: User) -> QuerySet[Any]:
    return Campaign.objects.filter(owner=person, archived_at__isnull=True).exclude(status=CampaignStatus.ENDED)


def live_content(person: User) -> QuerySet[Any]:
    return Asset.objects.filter(owner=person, archived_at__isnull=True)


def announced(topic: str, rows: Callable[[User], QuerySet[Any]]) -> Callable[..., None]:
    """Gives the rows to the heir and tells the consumers of the outbox."""

    def give(person: User, heir: User | None, *, by: User, at: datetime) -> None:
        record_change(topic, give_all(rows(person), to=heir))

    return give


def give_opportunities(person: User, heir: User | None, *, by: User, at: datetime) -> None:
    ids = give_all(open_opportunities(person), to=heir)
    record_change("opportunity", ids)
    record_change("lead", Opportunity.objects.filter(pk__in=ids, lead__isnull=False).values_list("lead", flat=True))


def give_tasks(person: User, heir: User | None, *, by: User, at: datetime) -> None:
    give_all(open_tasks(person), to=heir)


def give_handoffs(person: User, heir: Heir, *, by: User, at: datetime) -> None:
    recipient: dict[str, Any] = {"to_team" if isinstance(heir, Team) else "to_user": heir}
    reroute_waiting(person, by=by, at=at, leaves=True, **recipient)


def give_forms(person: User, heir: User | None, *, by: User, at: datetime) -> None:
    give_all(live_forms(person), to=heir)


def give_requests(person: User, heir: User, *, by: User, at: datetime) -> None:
    give_promises(person, to=heir)


def give_teams(person: User, heir: User | None, *, by: User, at: datetime) -> None:
    Team.objects.filter(manager=person).update(manager=heir)


def open_opportunities(person: User) -> QuerySet[Any]:
    return Opportunity.objects.filter(owner=person, outcome="", archived_at__isnull=True)


def open_tasks(person: User) -> QuerySet[Any]:
    return Task.objects.open().filter(owner=person)


def live_forms(person: User) -> QuerySet[Any]:
    return CaptureForm.objects.filter(owner=person, is_active=True)


# Opportunities before leads before tasks: so every deed holds them.
KINDS = (
    Work(
        "handoffs", "hand-off waits", "hand-offs wait", lambda person: Handoff.objects.open().filter(to_user=person),
        may_ever_decide, give_handoffs, queue=True,
    ),
    Work(
        "opportunities", "open opportunity", "open opportunities", open_opportunities,
        works_for_sales, give_opportunities,
    ),
    Work(
        "worked", "lead in work with sales", "leads in work with sales", leads_in_work,
        works_for_sales, announced("lead", leads_in_work),
    ),
    Work(
        "leads", "open lead with marketing", "open leads with marketing", leads_of_marketing,
        lambda user: True, announced("lead", leads_of_marketing), may_wait=True,
    ),
    Work("tasks", "open task", "open tasks", open_tasks, lambda user: True, give_tasks),
    Work(
        "campaigns", "campaign", "campaigns", running_campaigns,
        may_create_campaigns, announced("campaign", running_campaigns),
    ),
    Work(
        "content", "piece of content", "pieces of content", live_content,
        may_create_assets, announced("asset", live_content),
    ),
    Work("requests", "promised request", "promised requests", promises_of, may_answer, give_requests),
    Work(
        "forms", "capture form", "capture forms", live_forms, may_make_capture_forms, give_forms, may_wait=True,
    ),
    Work(
        "teams", "team to manage", "teams to manage", lambda person: Team.objects.filter(manager=person),
        lambda user: user.is_manager, give_teams, may_wait=True,
    ),
)  # fmt: skip


def open_work(person: User) -> list[tuple[Work, int]]:
    """What is open of a person's, by kind, the kinds with nothing left out: one query each."""
    counted = [(work, work.rows(person).count()) for work in KINDS]
    return [(work, count) for work, count in counted if count]


@transaction.atomic
def leave(person: User, heirs: Mapping[str, Heir], *, by: User, at: datetime) -> list[tuple[Work, int]]:
    """Switch the person off and give each kind of their open work to its heir; gives what was given.

    Whatever came in since the page was shown goes along. Raises NotAllowed and BusinessError: `open_work` where a kind
    has no heir, `no_recipient` where the heir cannot do it, `last_admin`.
    """
    require(by.is_admin, REFUSED)
    # Without its key: what the person does this very moment may still name them.
    person = User.objects.select_for_update(of=("self",), no_key=True).get(pk=person.pk)
    work = open_work(person)
    for kind, count in work:
        check_heir(kind, count, heirs, person)
        kind.give(person, heirs[kind.key], by=by, at=at)
    # What they took themselves while this was done.
    require_nothing_open(person)
    person.is_active = False
    person.save(update_fields=["is_active", "updated_at"])
    require_an_admin()
    tell_heirs(person, work, heirs, at=at)
    return work


def check_heir(kind: Work, count: int, heirs: Mapping[str, Heir], person: User) -> None:
    if kind.key not in heirs or (heirs[kind.key] is None and not kind.may_wait):
        raise BusinessError(f"Choose who takes over: {kind.counted(count)}.", code="open_work", kind=kind.key)
    heir = heirs[kind.key]
    if isinstance(heir, User) and (heir.pk == person.pk or not heir.is_active or not kind.may_inherit(heir)):
        raise BusinessError(f"{heir} cannot take over {kind.nouns}.", code="no_recipient", kind=kind.key)
    if isinstance(heir, Team) and not (kind.queue and heir.kind == Side.SALES):
        raise BusinessError(f"A team cannot take over {kind.nouns}.", code="no_recipient", kind=kind.key)


def require_nothing_open(person: User) -> None:
    """Nobody is switched off with open work that nobody would see any more."""
    if work := open_work(person):
        counts = {kind.key: count for kind, count in work}
        named = ", ".join(kind.counted(count) for kind, count in work)
        raise BusinessError(f"{person} still has open work: {named}. Hand it over first.", code="open_work", **counts)


def tell_heirs(person: User, work: list[tuple[Work, int]], heirs: Mapping[str, Heir], *, at: datetime) -> None:
    """One notice for each heir of all that came to them."""
    got: dict[User, list[str]] = {}
    for kind, count in work:
        heir = heirs[kind.key]
        if isinstance(heir, User):
            got.setdefault(heir, []).append(kind.counted(count))
    for heir, parts in got.items():
        notify(
            [heir], kind=NotificationKind.ASSIGNED, key=f"left:{person.pk}:{at.isoformat()}", at=at,
            title=f"You take over from {person}", text=", ".join(parts), url="/",
        )  # fmt: skip

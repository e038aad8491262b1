"""The whole story: cast, campaigns and documents, then every lead's life, written in bulk in one transaction."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Model

from campaigns.models import Campaign
from crm.errors import BusinessError
from crm.models import Organisation, Team, User
from crm.outbox import rebuild, record_change, want_rebuild
from crm.working_time import schedule_of
from desk.demo.arrivals import FULL, SEED, Story, arrivals
from desk.demo.capture import publish, submissions
from desk.demo.cast import hire
from desk.demo.dates import keep_forecasts, move_dates
from desk.demo.documents import dates, sign_documents
from desk.demo.life import DealEvent, Frame, Life
from desk.demo.loop import (
    ask,
    close_on_holidays,
    explain_routes,
    impressions,
    improve,
    put_off,
    ring,
    route,
    talk,
)
from desk.demo.marketing import DAYS, launch
from desk.demo.money import correct_a_touch, settle_money
from desk.demo.own_fields import agreed, found_fields, know_company
from desk.demo.people import found_companies
from desk.demo.quotas import set_quotas
from desk.demo.score import draft_third, learn, mark_ready
from desk.demo.work import guests_of, work_on
from desk.demo.writing import Ids, copy_rows
from feedback.models import Agreement, Handoff, Impression
from leads.identity import e164
from leads.models import (
    Activity,
    Company,
    Contact,
    Lead,
    Opportunity,
    OpportunityPerson,
    Reason,
    Submission,
    Task,
    Touch,
    Transition,
)
from leads.stalled import measure_stays
from scoring.definitions import card_of
from scoring.engine import scores_at
from scoring.models import Definition


class RealData(BusinessError):
    code = "real_data"


def has_sample() -> bool:
    return Lead.objects.filter(is_sample=True).exists() or User.objects.filter(is_sample=True).exists()


def load_demo(*, ends_at: datetime, leads: int = FULL) -> int:
    """Write the story that ends at ``ends_at`` with about ``leads`` leads, and compute its figures; gives their number.

    The same moment gives the same story. Raises RealData where real people, campaigns or leads would mix with it.
    """
    refuse_beside_real_data()
    with transaction.atomic():
        story = begin(ends_at, leads)
        tell(story, leads)
        write(story)
        mark_ready(ends_at)
    for consumer in settings.OUTBOX_CONSUMERS:
        rebuild(consumer)
    correct_a_touch(ends_at)
    measure_stays()
    keep_forecasts(ends_at)
    draft_third(story.cast, ends_at)
    learn(story.cast, ends_at)
    set_quotas(story.cast, ends_at)
    return len(story.lives)


def refuse_beside_real_data() -> None:
    real: list[type[Model]] = [Lead, Campaign, Definition, Agreement]
    if any(model._default_manager.filter(is_sample=False).exists() for model in real) or Team.objects.exists():
        raise RealData("Demo data belongs into an empty database; this one holds real teams, campaigns or leads.")
    if User.objects.filter(email__endswith="@demo.test").exists():
        raise RealData("People with addresses of the demo exist already.")


def begin(ends_at: datetime, leads: int) -> Story:
    """People, companies, campaigns and documents."""
    organisation, ids = Organisation.get(), Ids()
    began_at = ends_at - timedelta(days=DAYS)
    cast = hire(began_at)
    definitions = sign_documents(cast, ends_at)
    today = ends_at.astimezone(organisation.zone).date()
    plans = launch(cast, today, Random(f"{SEED} campaigns"))
    settle_money(plans, today)
    reasons = {(reason.use, reason.code): reason for reason in Reason.objects.all()}
    changed = list(zip(dates(ends_at), definitions, strict=True))
    route(cast, ends_at)
    close_on_holidays(ends_at)
    market = found_companies(ids, began_at, leads, Random(f"{SEED} companies"))
    for company in market.all:
        know_company(company, Random(f"{SEED} company {company.name}"))
    frame = Frame(
        ends_at=ends_at, zone=organisation.zone, ids=ids, reason=lambda use, code: reasons[use, code],
        definition_at=lambda at: max((d.version for since, d in changed if since <= at), default=None),
        agreement=Agreement.objects.get(), schedule=schedule_of(None, cast.north),
        companies={row.name: row for row in market.all},
    )  # fmt: skip
    return Story(frame, cast, plans, market, [])


def tell(story: Story, leads: int) -> None:
    """Every life, in the order of capture, so that newer leads have higher numbers."""
    for number, (at, teller) in enumerate(arrivals(story, leads)):
        teller(at, Random(f"{SEED} {number}"))
    for number, life in enumerate(story.lives):
        look_ahead(life)
        move_dates(life)
        work_on(life, story.cast, Random(f"{SEED} work {number}"))
        life.lead.tags = tags_of(life.lead, Random(f"{SEED} tags {number}"))
        for deal in life.opportunities:
            deal.custom = agreed(deal, Random(f"{SEED} deal {deal.pk}"))
        for person in (life.lead, life.contact, *life.colleagues):
            if person is not None:
                person.phone_e164 = e164(person.phone)


def look_ahead(life: Life) -> None:
    """Parked leads are seen to every quarter."""
    today, lead = life.frame.ends_at.astimezone(life.frame.zone).date(), life.lead
    while (
        lead.revisit_on
        and lead.revisit_on <= today
        and not (lead.revisit_on > today - timedelta(days=5) and life.rng.random() < 0.08)
    ):
        lead.revisit_on += timedelta(days=90)


def tags_of(lead: Lead, rng: Random) -> list[str]:
    tags = {"event": ["Factory Forward"], "partner": ["Nordic ERP"]}.get(lead.channel, [])
    return tags + (["key account"] if lead.segment == "Enterprise" and rng.random() < 0.3 else [])


def write(story: Story) -> None:
    """All rows in the order of their foreign keys, the moves stamped with the score of their moment."""
    lives = story.lives
    found_fields()
    copy_rows(Company, story.frame.companies.values())
    copy_rows(Contact, [life.contact for life in lives if life.contact])
    copy_rows(Contact, every(lives, "colleagues"))
    copy_rows(Lead, [life.lead for life in lives])
    copy_rows(Touch, sorted(every(lives, "touches"), key=lambda touch: touch.pk))
    stamp_scores(every(lives, "transitions"))
    copy_rows(Transition, every(lives, "transitions"))
    copy_rows(Handoff, every(lives, "handoffs"))
    copy_rows(Opportunity, every(lives, "opportunities"))
    copy_rows(DealEvent, every(lives, "deal_history"))
    copy_rows(OpportunityPerson, every(lives, "parts"))
    copy_rows(Activity, every(lives, "activities"))
    copy_rows(Task, every(lives, "tasks"))
    invited = Activity.participants.through
    invited.objects.bulk_create(invited(activity_id=activity, user=guest) for activity, guest in guests_of(lives))
    Submission.objects.bulk_create(submissions(lives, publish(story.plans), Random(f"{SEED} forms")))
    talk(lives, story.cast, Random(f"{SEED} talks"))
    Impression.objects.bulk_create(impressions(lives, Random(f"{SEED} impressions")), ignore_conflicts=True)
    improve(story.cast, story.plans, story.frame.ends_at)
    ask(lives, story.cast, story.plans, story.frame.ends_at)
    explain_routes(story.frame.ends_at)
    put_off(story.cast, story.frame.ends_at)
    ring(story.frame.ends_at)
    record_change("lead", [life.lead.pk for life in lives])
    record_change("handoff", [row.pk for row in every(lives, "handoffs")])
    record_change("opportunity", [row.pk for row in every(lives, "opportunities")])
    for consumer in settings.OUTBOX_CONSUMERS:
        want_rebuild(consumer)


def every(lives: list[Life], rows: str) -> list[Any]:
    return [row for life in lives for row in getattr(life, rows)]


def stamp_scores(transitions: list[Transition]) -> None:
    """The score that each lead showed when it moved, by the definition then in force; none yet at its capture."""
    for definition in Definition.objects.filter(is_sample=True):
        rows = [row for row in transitions if row.definition_version == definition.version and row.seq > 1]
        scores = scores_at({(row.lead_id, row.at) for row in rows}, card=card_of(definition))
        for row in rows:
            row.score = scores[row.lead_id, row.at]

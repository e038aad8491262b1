"""What goes back and forth between sales and marketing: routing, talks, impressions, changes, requests."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from random import Random

from crm.models import Holiday, HolidayCalendar, Notification, Organisation, User
from desk.demo import words
from desk.demo.cast import NORTHERN, SOUTHERN, Cast
from desk.demo.life import Life
from desk.demo.marketing import DEFINITION_V2, PARTNER_REPAIRED, PRIZE_DRAW, Plan
from feedback.announcing import announce_handoffs, announce_verdicts
from feedback.models import (
    VERDICTS,
    Handoff,
    HandoffStatus,
    Impression,
    Improvement,
    ImprovementKind,
    Moment,
    Quality,
    Question,
    Reply,
    Request,
    RequestKind,
    RequestStatus,
    RoutingPlan,
    RoutingRule,
)
from feedback.routing import preview_again
from leads.lifecycle import Stage
from leads.models import Reason

TALKED_DAYS = 120
HOLIDAYS = [
    (1, 1, "New Year's Day"), (5, 1, "Labour Day"), (12, 24, "Christmas Eve"), (12, 25, "Christmas Day"),
    (12, 26, "Boxing Day"), (12, 31, "New Year's Eve"),
]  # fmt: skip
SPECIALISMS = {"rep": ["batch production"], "rep2": ["key accounts"], "anna.huber": ["key accounts"]}
LANGUAGES = {"anna.huber": ["de", "en"], "marco.bianchi": ["it", "fr", "en"], "gustav.brandt": ["de", "en"]}
CAPACITY = 14
RANG_DAYS = 4


def route(cast: Cast, ends_at: datetime) -> None:
    """Territories, and specialists for large companies; what fits none goes to the north. One rep is away."""
    for rep in (rep for reps in cast.reps.values() for rep in reps):
        box = str(rep.email).split("@")[0]
        rep.specialisms, rep.languages, rep.capacity = SPECIALISMS.get(box, []), LANGUAGES.get(box, []), CAPACITY
        rep.weight = 2 if box == "rep2" else 1
        rep.away_until = ends_at.date() + timedelta(days=9) if box == "elif.aydin" else None
        rep.signature = f"{rep}\nPlanwell, planning software for makers"
        rep.save(update_fields=["specialisms", "languages", "capacity", "weight", "away_until", "signature"])
    rules = [
        ("Large companies in Central Europe", {"segment": ["Enterprise"], "country": [*SOUTHERN]}, cast.south,
         "key accounts"),
        ("Central Europe", {"country": [*SOUTHERN]}, cast.south, ""),
        ("Northern Europe", {"country": [*NORTHERN]}, cast.north, ""),
    ]  # fmt: skip
    for position, (name, conditions, team, tag) in enumerate(rules):
        RoutingRule.objects.create(name=name, conditions=conditions, to_team=team, specialism=tag, position=position)
    plan = RoutingPlan.get()
    plan.fallback_team = cast.north
    plan.save(update_fields=["fallback_team"])


def close_on_holidays(ends_at: datetime) -> None:
    """The days of the year on which nobody works."""
    calendar = HolidayCalendar.objects.create(name="Europe", is_sample=True)
    years = range(ends_at.year - 2, ends_at.year + 3)
    Holiday.objects.bulk_create(
        Holiday(calendar=calendar, day=date(year, month, day), name=name)
        for year in years
        for month, day, name in HOLIDAYS
    )
    Organisation.objects.filter(pk=1).update(holidays=calendar)


def explain_routes(ends_at: datetime) -> None:
    """Where the rules would have chosen the same person, they have: the reason is told as they tell it."""
    waiting = list(Handoff.objects.open().filter(to_user__isnull=False))
    chosen = preview_again(waiting, at=ends_at)
    for handoff in waiting:
        recipient = chosen.get(handoff.lead_id)
        if recipient and recipient.user and recipient.user.pk == handoff.to_user_id:
            Handoff.objects.filter(pk=handoff.pk).update(routing=recipient.why)


def put_off(cast: Cast, ends_at: datetime) -> None:
    """One that can wait lies out of sight until shortly before its answer is due."""
    rob = cast.reps[cast.north.pk][0]
    later = Handoff.objects.open().filter(to_user=rob, due_at__gt=ends_at + timedelta(hours=1)).order_by("-due_at")
    for handoff in later[:1]:
        Handoff.objects.filter(pk=handoff.pk).update(snoozed_until=handoff.due_at - timedelta(minutes=30))


def ring(ends_at: datetime) -> None:
    """What the bell said in the last days: who was asked, and what was answered. None of it is mailed any more."""
    since = ends_at - timedelta(days=RANG_DAYS)
    rows = Handoff.objects.select_related("lead", "decided_by", "reason").order_by("pk")
    for handoff in rows.filter(status=HandoffStatus.OPEN, offered_at__gte=since):
        announce_handoffs([handoff], at=handoff.offered_at)
    for handoff in rows.filter(status__in=VERDICTS, decided_at__gte=since, decided_by__isnull=False):
        assert handoff.decided_by
        assert handoff.decided_at
        announce_verdicts([handoff], by=handoff.decided_by, at=handoff.decided_at)
    Notification.objects.filter(mailed_at__isnull=True).update(mailed_at=ends_at)


def talk(lives: list[Life], cast: Cast, rng: Random) -> None:
    """What was said below the verdicts of the last months: marketing asks, sales answers."""
    for handoff in commented(lives):
        if rng.random() > 0.4:
            continue
        marketer = handoff.offered_by if handoff.offered_by and handoff.offered_by.is_marketer else cast.mia
        reason = handoff.reason
        family = reason.family if reason else "accepted"
        asked, answered = rng.choice(words.TALKS[family])
        asked_at = later(handoff.decided_at, rng, hours=20, end=lives[0].frame.ends_at)
        if asked_at is None or handoff.decided_by is None:
            continue
        name = handoff.decided_by.first_name
        question = Reply.objects.create(handoff=handoff, by=marketer, at=asked_at, text=f"@{name} {asked}")
        question.mentions.add(handoff.decided_by)
        answered_at = later(asked_at, rng, hours=16, end=lives[0].frame.ends_at)
        if answered_at is not None and rng.random() < 0.7:
            Reply.objects.create(handoff=handoff, by=handoff.decided_by, at=answered_at, text=answered)


def commented(lives: list[Life]) -> Iterator[Handoff]:
    """The verdicts of the last months that say something in words."""
    since = lives[0].frame.ends_at - timedelta(days=TALKED_DAYS)
    for life in lives:
        for handoff in life.handoffs:
            if handoff.comment and handoff.decided_at and handoff.decided_at >= since:
                yield handoff


def later(at: datetime | None, rng: Random, *, hours: float, end: datetime) -> datetime | None:
    """Some time after ``at``; None when that has not come yet."""
    then = at + timedelta(hours=rng.uniform(0.3, hours)) if at else None
    return then if then and then < end else None


def impressions(lives: list[Life], rng: Random) -> Iterator[Impression]:
    """The taps of sales: half of the leads get one when they are qualified, given back or closed."""
    for life in lives:
        for row in life.effective:
            moment = {Stage.QUALIFIED: Moment.QUALIFY, Stage.CUSTOMER: Moment.CLOSE, Stage.LOST: Moment.CLOSE}.get(
                Stage(row.to_stage)
            )
            if row.to_stage == Stage.NURTURE and row.from_stage in (Stage.ACCEPTED, Stage.QUALIFIED):
                moment = Moment.RETURN
            if moment is None or life.lead.owner is None or rng.random() > 0.5:
                continue
            yield from taps(life, moment, row.at, row.episode, good=row.to_stage in (Stage.QUALIFIED, Stage.CUSTOMER),
                            rng=rng)  # fmt: skip


def taps(life: Life, moment: Moment, at: datetime, episode: int, *, good: bool, rng: Random) -> Iterator[Impression]:
    owner = life.lead.owner
    assert owner is not None

    def tap(question: Question, **answer: object) -> Impression:
        deal = life.opportunities[-1] if life.opportunities and moment == Moment.CLOSE else None
        return Impression(
            lead=life.lead, opportunity=deal, episode=episode, moment=moment, question=question, by=owner, at=at,
            **answer,
        )  # fmt: skip

    weights = [1, 3, 6] if good else [5, 4, 1]
    yield tap(Question.QUALITY, quality=rng.choices(Quality.values, weights)[0])
    seen = [touch.asset for touch in life.touches if touch.asset_id]
    if seen and rng.random() < 0.4:
        yield tap(Question.CONTENT, asset=rng.choice(seen))
    if rng.random() < 0.45:
        yield tap(Question.THEME, theme=rng.choice(words.THEMES))


def improve(cast: Cast, plans: dict[str, Plan], ends_at: datetime) -> None:
    """What marketing changed because of what sales said."""
    today = ends_at.date()
    rows = [
        ("prize", "competitor_or_student", ImprovementKind.TARGETING, PRIZE_DRAW[1] - 12, cast.milo, "prize"),
        (None, "company_size", ImprovementKind.DEFINITION, DEFINITION_V2, cast.nora, "definition"),
        ("partner", "missing_data", ImprovementKind.FORM, PARTNER_REPAIRED, cast.mia, "partner"),
        ("search", "company_size", ImprovementKind.TARGETING, 96, cast.mia, "search"),
        (None, "no_project", ImprovementKind.PROCESS, 58, cast.nora, "letters"),
        ("paper", "researching", ImprovementKind.CONTENT, 41, cast.milo, "paper"),
        ("fair", "geography", ImprovementKind.NONE, 25, cast.milo, "fair"),
        (None, "industry", ImprovementKind.TARGETING, 17, cast.mia, "industry"),
    ]
    Improvement.objects.bulk_create(
        Improvement(
            campaign=plans[key].campaign if key else None, kind=kind, on=today - timedelta(days=days), by=by,
            reason=Reason.objects.get(use="verdict", code=code), text=words.IMPROVEMENTS[said], is_sample=True,
        )
        for key, code, kind, days, by, said in rows
    )  # fmt: skip


def ask(lives: list[Life], cast: Cast, plans: dict[str, Plan], ends_at: datetime) -> None:
    """What sales asked marketing for: waiting, promised, late, done and declined."""
    rob, rosa = cast.reps[cast.north.pk][:2]
    anna = cast.reps[cast.south.pk][0]
    case = next(asset for asset in plans["fair"].assets if asset.kind == "case_study")
    today = ends_at.date()
    worked = {rep.pk: [life.lead for life in lives if life.lead.owner_id == rep.pk and life.lead.is_open]
              for rep in (rob, rosa, anna)}  # fmt: skip

    def request(by: User, days: float, kind: RequestKind, text: str, **facts: object) -> Request:
        about = worked[by.pk][int(days) % len(worked[by.pk])] if worked[by.pk] else None
        return Request(asked_by=by, asked_at=ends_at - timedelta(days=days), kind=kind, text=text, is_sample=True,
                       **{"lead": about, **facts})  # fmt: skip

    def promised(by: User, days: float, on: int) -> dict[str, object]:
        return {"answered_by": by, "answered_at": ends_at - timedelta(days=days),
                "promised_on": today + timedelta(days=on)}  # fmt: skip

    done, accepted = RequestStatus.FULFILLED, RequestStatus.ACCEPTED
    Request.objects.bulk_create([
        request(rob, 0.3, RequestKind.CASE_STUDY, "A case with a paint shop, my buyer at the second plant asks for it.",
                needed_on=today + timedelta(days=9)),
        request(anna, 1.2, RequestKind.INVITATION, "Invite my three accounts in Styria to the next webinar."),
        request(rosa, 6, RequestKind.DATA_SHEET, "One page on the interface to Nordic ERP, for their IT.",
                status=accepted, **promised(cast.mia, 5, 6)),
        request(rob, 19, RequestKind.NURTURE, "Everybody who waits for the ERP change first: a letter a quarter.",
                lead=None, segment="Mid-market", status=accepted, **promised(cast.milo, 18, -2)),
        request(rosa, 24, RequestKind.CASE_STUDY, "Something about pumps, for a buyer who makes compressors.",
                status=done, asset=case, closed_at=ends_at - timedelta(days=12), **promised(cast.mia, 23, -11)),
        request(anna, 63, RequestKind.DATA_SHEET, "Prices for two plants on one page.", status=RequestStatus.DECLINED,
                answered_by=cast.nora, answered_at=ends_at - timedelta(days=62), closed_at=ends_at - timedelta(days=62),
                answer="Prices change every quarter; take the calculator, it is always right."),
    ])  # fmt: skip

"""What becomes of a lead: chances and delays, told chapter by chapter. The rules are those of `life`."""

from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from crm.fiscal import fiscal_quarter
from crm.models import User
from crm.periods import local_day, start_of_day
from desk.demo import words
from desk.demo.cast import LATE, PROMPT, Cast
from desk.demo.clock import spread
from desk.demo.life import Life, Today
from desk.demo.marketing import PARTNER_REPAIRED, Plan
from desk.demo.own_fields import eagerness
from desk.demo.people import FIT, NOBODY, WEAK, Person, slug
from feedback.models import HandoffStatus
from leads.lifecycle import Stage
from leads.models import ActivityKind, ActivityOutcome, DealStage, ForecastCategory, TouchKind

# Chance that sales takes such a person, and that a taken one is qualified, and then becomes an opportunity.
TAKEN = {FIT: 0.83, WEAK: 0.27, NOBODY: 0.05}
QUALIFIED = {FIT: 0.70, WEAK: 0.30, NOBODY: 0.05}
CONVERTED = 0.72
WON = 0.33
NOT_A_FIT = {
    FIT: ["geography", "no_authority"],
    WEAK: ["company_size", "company_size", "industry", "industry", "no_authority", "geography"],
    NOBODY: ["competitor_or_student", "competitor_or_student", "competitor_or_student", "no_authority"],
}
# Who has planning software is told apart by who decides and how large they are: there is no better reason yet.
SETTLED = ["no_authority", "no_authority", "company_size"]
NOT_NOW = ["no_project", "no_project", "budget_later", "researching", "other"]
LOST = {"no_decision": 40, "competitor": 20, "price": 16, "timing": 12, "product_gap": 7, "champion_left": 5}
STEPS = [
    (0.16, DealStage.SOLUTION, ForecastCategory.PIPELINE),
    (0.36, DealStage.PROOF, ForecastCategory.BEST_CASE),
    (0.60, DealStage.PROPOSAL, ForecastCategory.MOST_LIKELY),
    (0.82, DealStage.NEGOTIATION, ForecastCategory.COMMIT),
]
TYPICAL_AMOUNT = {"Small business": 3_200, "Mid-market": 9_800, "Enterprise": 31_000, "": 4_000}


class Fate:
    """One life with its campaign and the people who deal with it."""

    def __init__(self, life: Life, person: Person, plan: Plan | None, plans: dict[str, Plan], cast: Cast) -> None:
        self.life, self.person, self.plan, self.plans, self.cast = life, person, plan, plans, cast
        self.rng: Random = life.rng

    def run(self) -> None:
        """From the first response to the end of the lead's story, or of everybody's."""
        try:
            self.respond()
            self.show_interest()
            if self.becomes_ready():
                self.rounds()
            else:
                self.fades()
        except Today:
            pass

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    @property
    def marketer(self) -> User:
        owner = self.plan.campaign.owner if self.plan else None
        return owner if owner and owner.is_marketer else self.cast.mia

    # Marketing

    def respond(self) -> None:
        """The first touch, which made the lead known."""
        self.life.capture(by=None)
        if self.plan is None:
            self.life.touch(TouchKind.FORM, None, utm={"source": "website", "medium": "contact-form"})
        else:
            self.life.touch(self.plan.first_touch, self.plan.campaign, asset=self.plan.assets[0],
                            utm=self.utm(self.plan))  # fmt: skip

    def utm(self, plan: Plan) -> dict[str, str]:
        return {"source": slug(self.life.lead.source), "medium": plan.medium, "campaign": slug(plan.name)}

    def show_interest(self) -> None:
        """What the buyer meets after the first touch; those who fit come back more often."""
        times = {FIT: [1, 2, 2, 3, 4], WEAK: [0, 1, 1, 2], NOBODY: [0, 0, 1]}
        for _ in range(self.rng.choice(times[self.person.kind])):
            self.touch_again(days=spread(self.rng, 3.5))

    def touch_again(self, days: float) -> None:
        """A mailing, and what the buyer did with it."""
        plan = self.plans[self.rng.choice(["newsletter", "newsletter", "webinar", "paper", "search"])]
        self.life.later(days=days)
        if plan.key == "newsletter":
            self.life.touch(TouchKind.MAILED, plan.campaign, by="marketing")
        self.life.later(hours=spread(self.rng, 2), working=False)
        kind = {"webinar": TouchKind.ATTEND, "paper": TouchKind.DOWNLOAD, "search": TouchKind.VISIT}.get(plan.key)
        asset = self.rng.choice(plan.assets)
        self.life.touch(kind or self.rng.choice([TouchKind.OPEN, TouchKind.CLICK]), plan.campaign, asset=asset,
                        utm={"medium": plan.medium, "campaign": slug(plan.name)})  # fmt: skip

    def becomes_ready(self) -> bool:
        if self.plan is None:
            return self.person.kind == FIT or self.chance(0.2)
        return self.chance(self.plan.ripe if self.person.kind == FIT else self.plan.let_through)

    def fades(self) -> None:
        """Sorted out, or parked; some wake up when they are written to again."""
        if self.chance({FIT: 0.02, WEAK: 0.10, NOBODY: 0.38}[self.person.kind]):
            self.life.later(days=spread(self.rng, 4))
            code = "competitor" if self.person.kind == WEAK else self.rng.choice(["spam", "test", "spam"])
            self.life.discard(self.marketer, code)
            return
        self.life.later(days=12 + spread(self.rng, 9))
        self.life.park(self.marketer)
        if self.chance({FIT: 0.34, WEAK: 0.06, NOBODY: 0.01}[self.person.kind]):
            self.wakes()

    def wakes(self) -> None:
        """Back after about a quarter: a new time round, if there was one before."""
        self.life.later(days=55 + spread(self.rng, 25))
        self.touch_again(days=1)
        self.touch_again(days=2)
        self.rounds()

    # Hand-offs

    def rounds(self) -> None:
        """Marked as MQL, handed over, answered; then whatever sales makes of it."""
        self.life.later(hours=spread(self.rng, 5))
        self.life.qualify_by_marketing(self.marketer)
        self.hand_over()
        stage = self.life.lead.stage
        if stage == Stage.ACCEPTED:
            self.is_worked()
        elif stage == Stage.NURTURE and self.life.lead.episode < 3 and self.chance(0.42):
            self.wakes()

    def hand_over(self) -> None:
        """Offered until sales has taken or refused it, or marketing gives up repairing."""
        life = self.life
        while life.lead.stage == Stage.MQL:
            life.later(hours=spread(self.rng, 7))
            team = self.cast.team_for(life.lead.country)
            rep = self.rng.choice(self.cast.reps[team.pk])
            to_team = self.chance(0.22)
            life.offer(by=self.marketer, to_user=None if to_team else rep, to_team=team if to_team else None,
                       promised=self.rng.choice(words.PROMISES))  # fmt: skip
            self.is_answered()
            if life.lead.stage == Stage.MQL and not self.repaired():
                return

    def is_answered(self) -> None:
        """Until the open hand-off, or the one that follows it, has its verdict."""
        life = self.life
        while life.lead.stage == Stage.OFFERED:
            handoff = life.handoff
            rep = handoff.to_user or self.rng.choice(self.cast.reps[handoff.to_team_id or self.cast.north.pk])
            typical = self.cast.hours_to_answer.get(rep.pk, PROMPT)
            hours = spread(self.rng, typical)
            if handoff.to_user and typical == LATE and hours > 30 and self.chance(0.5):
                life.until(handoff.due_at).later(hours=spread(self.rng, 3))
                life.expire(self.colleague(rep))
            else:
                life.later(hours=hours)
                self.verdict(rep)

    def verdict(self, rep: User) -> None:
        life, kind = self.life, self.person.kind
        if self.chance(0.012):
            self.slips(rep)
        if self.chance(0.008):
            life.withdraw(self.marketer)
        elif self.chance(0.05):
            code = self.rng.choice(["wrong_rep", "wrong_rep", "wrong_specialism", "already_ours", "duplicate"])
            life.reject(rep, code, self.say(words.VERDICT_COMMENTS[code]), pass_to=self.colleague(rep))
        elif self.person.bad_data:
            code = self.rng.choice(["missing_data", "missing_data", "wrong_data", "unreachable_data"])
            life.reject(rep, code, self.say(words.VERDICT_COMMENTS[code], 0.8))
        elif self.chance(TAKEN[kind] + eagerness(life.lead) + 0.05 * (life.lead.episode - 1)):
            comment = self.say(words.ACCEPT_COMMENTS, 0.2) if kind == FIT else ""
            life.accept(rep, comment=comment, rating=self.rng.choice([3, 4, 4, 5]) if self.chance(0.3) else None)
        else:
            is_settled = eagerness(life.lead) < 0
            later = kind == FIT and not is_settled and self.chance(0.7)
            code = self.rng.choice(NOT_NOW if later else SETTLED if is_settled else NOT_A_FIT[kind])
            life.reject(rep, code, self.say(words.VERDICT_COMMENTS[code], 1 if code == "other" else 0.6))

    def slips(self, rep: User) -> None:
        """A verdict given by mistake and taken back within minutes."""
        self.life.accept(rep)
        self.life.later(minutes=self.rng.randint(1, 8), working=False)
        self.life.undo_verdict(rep)
        self.life.later(minutes=self.rng.randint(2, 40), working=False)

    def colleague(self, rep: User) -> User:
        """Somebody else of the team who has not had this lead in this time round, else its manager."""
        team, life = rep.team or self.cast.north, self.life
        rows = [row for row in life.handoffs if row.episode == life.lead.episode]
        had = {rep.pk} | {row.to_user_id for row in rows} | {row.decided_by_id for row in rows}
        free = [other for other in self.cast.reps[team.pk] if other.pk not in had]
        return self.rng.choice(free) if free else self.cast.max

    def repaired(self) -> bool:
        """Marketing corrects what sales could not use; what nobody can repair is parked."""
        life = self.life
        if life.handoff.status == HandoffStatus.WITHDRAWN or self.chance(0.8):
            life.later(hours=spread(self.rng, 26))
            self.person.bad_data = False
            if not life.lead.phone:
                life.lead.phone = f"{words.COUNTRIES[life.lead.country][3]} {self.rng.randint(2_000_000, 9_999_999)}"
            return True
        life.later(days=10 + spread(self.rng, 6))
        life.park(self.marketer)
        return False

    def say(self, sentences: list[str], share: float = 0.6) -> str:
        return self.rng.choice(sentences) if self.chance(share) else ""

    # Sales

    def is_worked(self) -> None:
        """Calls and mails, then qualified, given back, or no buyer at all."""
        life, kind = self.life, self.person.kind
        for _ in range(self.rng.randint(1, 3)):
            self.speak(days=spread(self.rng, 2))
        if not self.chance(QUALIFIED[kind]):
            self.gives_back()
        elif self.chance(0.12):
            self.deal()
        else:
            life.later(days=spread(self.rng, 3))
            life.qualify_by_sales(**{part: self.rng.choice(said) for part, said in words.QUALIFIED.items()})
            self.speak(days=spread(self.rng, 4))
            self.deal() if self.chance(CONVERTED) else self.gives_back()

    def speak(self, days: float) -> None:
        self.life.later(days=days)
        kind = self.rng.choice([ActivityKind.EMAIL, ActivityKind.EMAIL, ActivityKind.MEETING])
        self.life.log(kind, outcome=ActivityOutcome.HELD if kind == ActivityKind.MEETING else "")
        if self.person.kind == FIT and self.chance(0.45):
            self.life.later(hours=spread(self.rng, 5), working=False)
            self.life.touch(TouchKind.REPLY, None)

    def gives_back(self) -> None:
        life = self.life
        life.later(days=4 + spread(self.rng, 7))
        if self.person.kind != FIT and self.chance(0.7):
            code = self.rng.choice(list(words.DISQUALIFY_NOTES))
            life.disqualify(code, self.rng.choice(words.DISQUALIFY_NOTES[code]))
            return
        code = self.rng.choices(list(words.RETURN_NOTES), [5, 4, 1, 1])[0]
        life.return_to_marketing(code, self.rng.choice(words.RETURN_NOTES[code]))
        if life.lead.episode < 3 and self.chance(0.3):
            self.wakes()

    def deal(self) -> None:
        """An opportunity through its stages; wins gather in the last days of a quarter."""
        life = self.life
        life.later(days=spread(self.rng, 3))
        begins, days = life.now, 14 + spread(self.rng, 44, 0.5)
        wins = self.chance(WON + 0.7 * eagerness(life.lead) + (self.plan.luck if self.plan else 0.05))
        ends = begins + timedelta(days=days if wins else days * self.rng.uniform(0.35, 1.3))
        ends = self.quarter_end(ends) if wins else ends
        lead = life.lead
        amount = Decimal(round(spread(self.rng, TYPICAL_AMOUNT[lead.segment], 0.5), -2))
        life.convert(f"{lead.company_label or lead.display_name}, {lead.product_interest}", amount,
                     begins + timedelta(days=days * self.rng.uniform(0.8, 1.2)))  # fmt: skip
        for share, stage, forecast in STEPS:
            at = begins + share * timedelta(days=days)
            if at < ends:
                life.until(max(at, life.now)).later(minutes=self.rng.randint(5, 300))
                life.change_stage(stage, forecast)
        life.until(max(ends, life.now)).later(minutes=self.rng.randint(5, 200))
        life.win() if wins else self.loses()

    def quarter_end(self, at: datetime) -> datetime:
        """A third of the wins planned for a quarter come in its last two weeks, in a rush."""
        zone = self.life.frame.zone
        day = local_day(at, zone)
        last_weeks = start_of_day(fiscal_quarter(day).end, zone) - timedelta(days=14)
        if at >= last_weeks or not self.chance(0.33):
            return at
        return last_weeks + timedelta(days=self.rng.uniform(0, 13), hours=9)

    def loses(self) -> None:
        life = self.life
        code = self.rng.choices(list(LOST), list(LOST.values()))[0]
        competitor = self.rng.choice(words.COMPETITORS) if code == "competitor" else ""
        life.lose(code, self.say(words.LOSS_NOTES[code], 0.8), competitor)
        if code in {"no_decision", "timing"} and self.chance(0.4):
            life.later(days=40 + spread(self.rng, 30))
            life.recycle(self.cast.max)
            self.wakes()


def work_own_lead(fate: Fate, rep: User) -> None:
    """A lead that a rep found: claimed without a hand-off."""
    try:
        fate.life.capture(by=rep)
        fate.life.later(hours=spread(fate.rng, 3))
        fate.life.claim(rep)
        fate.is_worked()
    except Today:
        pass


def has_bad_data(plan: Plan, days_before_end: float, rng: Random) -> bool:
    """Half of what the partner sent was unusable until marketing had its form repaired."""
    if plan.key == "partner" and days_before_end > PARTNER_REPAIRED:
        return rng.random() < 0.55
    return rng.random() < 0.035

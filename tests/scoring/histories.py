"""Many leads with what became of them, written at once."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

from crm.models import User
from feedback.models import Handoff, HandoffStatus
from leads.models import Company, Lead, Touch, Transition
from tests.factories import DAY, HOUR, MONDAY, reason

COUNTRIES = ("Germany", "France", "Spain", "Italy", "Poland")


def told_histories(rob: User, *, many: int = 800, days: int = 300, seed: int = 5, signal: bool = True) -> list[Lead]:
    """Leads handed over one after another from MONDAY on, each answered a day later.

    With ``signal`` the country and the employees of the company decide mostly whether sales takes one. Of the accepted
    leads every second one is won 20 days later, those of larger companies more often.
    """
    random = Random(seed)
    companies = Company.objects.bulk_create(
        Company(name=f"Company {number}", employees=random.choice([5, 20, 80, 300, 900])) for number in range(many)
    )
    moments = [MONDAY + timedelta(days=days * number / many) for number in range(many)]
    leads, fates = [], []
    for number, (company, at) in enumerate(zip(companies, moments, strict=True)):
        country = random.choice(COUNTRIES)
        chance = (0.75 if country in COUNTRIES[:2] else 0.3) + (0.2 if company.employees >= 300 else -0.15)
        accepted = random.random() < (chance if signal else 0.5)
        won = accepted and random.random() < (0.7 if signal and company.employees >= 300 else 0.3)
        fates.append((accepted, won))
        stage = ("customer" if won else "lost") if accepted else "disqualified"
        leads.append(
            Lead(
                first_name="Lea", last_name=f"Lead {number}", country=country, company=company, stage=stage,
                stage_since=at + 20 * DAY, captured_at=at - DAY, seq=6 if accepted else 4,
                custom={"answer": "taken" if accepted else "not taken", "noise": random.random()},
            )
        )  # fmt: skip
    Lead.objects.bulk_create(leads)
    write_log(leads, fates, moments, rob)
    return leads


def write_log(
    leads: Sequence[Lead], fates: Sequence[tuple[bool, bool]], moments: Sequence[datetime], rob: User
) -> None:
    unfit, transitions, handoffs, touches = reason("industry"), [], [], []
    for lead, (accepted, won), at in zip(leads, fates, moments, strict=True):
        path = [("inquiry", at - DAY), ("mql", at - HOUR), ("offered", at)]
        if accepted:
            end = "customer" if won else "lost"
            path += [("accepted", at + DAY), ("opportunity", at + 2 * DAY), (end, at + 20 * DAY)]
        else:
            path.append(("disqualified", at + DAY))
        before = ""
        for seq, (to, moved_at) in enumerate(path, start=1):
            transitions.append(
                Transition(lead=lead, seq=seq, episode=1, from_stage=before, to_stage=to, at=moved_at)
            )  # fmt: skip
            before = to
        verdict: dict[str, Any] = {"status": HandoffStatus.ACCEPTED}
        if not accepted:
            verdict = {"status": HandoffStatus.REJECTED, "reason": unfit, "route": "disqualify"}
        handoffs.append(
            Handoff(
                lead=lead, episode=1, to_user=rob, offered_at=at, waiting_since=at, due_at=at + DAY, decided_by=rob,
                decided_at=at + DAY, **verdict,
            )
        )  # fmt: skip
        touches.append(Touch(lead=lead, kind="form", channel="search", at=at - DAY))
    Transition.objects.bulk_create(transitions)
    Handoff.objects.bulk_create(handoffs)
    Touch.objects.bulk_create(touches)

"""Fields of one's own: what the makers of planning software ask about a buyer, and what they were told."""

from datetime import timedelta
from random import Random
from typing import Any

from desk.demo import words
from leads.models import Company, CustomField, CustomKind, CustomRecord, Lead, Opportunity

PLANNING = ["Spreadsheets", "Whiteboard", "Module of the ERP", "Another planning tool"]
# How makers plan today, and how everybody else does.
MAKERS, OTHERS = [42, 20, 20, 18], [22, 12, 30, 36]
# What the score's rules do not know: who plans by hand is taken more readily, who has a tool hardly ever.
EAGER = {"Spreadsheets": 0.12, "Whiteboard": 0.1, "Module of the ERP": -0.15, "Another planning tool": -0.42}
# With so few machines a whiteboard is enough.
TOO_FEW = 12
ERPS = ["SAP", "Microsoft Dynamics", "proALPHA", "Infor", "None"]
# From so many employees on a company is worth a plan of its own.
TARGET_FROM = 450
FIELDS: list[tuple[CustomRecord, str, str, CustomKind, dict[str, Any]]] = [
    (CustomRecord.LEAD, "planning_today", "Plans today with", CustomKind.CHOICE, {"choices": PLANNING}),
    (CustomRecord.LEAD, "machines", "Machines to plan", CustomKind.NUMBER, {}),
    (CustomRecord.LEAD, "decision_by", "Wants to decide by", CustomKind.DATE, {}),
    (CustomRecord.COMPANY, "erp", "ERP system", CustomKind.CHOICE, {"choices": ERPS}),
    (CustomRecord.COMPANY, "sites", "Sites", CustomKind.NUMBER, {}),
    (CustomRecord.OPPORTUNITY, "pilot", "Pilot agreed", CustomKind.YES_NO, {}),
    (CustomRecord.OPPORTUNITY, "licence_today", "Pays today a year", CustomKind.MONEY, {"currency": "EUR"}),
]  # fmt: skip


def found_fields() -> None:
    CustomField.objects.bulk_create(
        CustomField(
            record=record, name=name, label=label, kind=kind, position=position, is_sample=True, **more,
        )
        for position, (record, name, label, kind, more) in enumerate(FIELDS)
    )  # fmt: skip


def know_company(company: Company, rng: Random) -> None:
    """What one reads on a company's site, and whether both sides agreed to go for it."""
    employees = company.employees or 0
    if rng.random() < 0.7:
        company.custom = {"erp": rng.choice(ERPS if employees > 60 else ERPS[1:]), "sites": 1 + employees // 180}
    company.is_target = is_maker(company) and employees >= TARGET_FROM and rng.random() < 0.6


def told_by_buyer(lead: Lead, rng: Random) -> dict[str, Any]:
    """What the form asked and the buyer answered; many leave it out."""
    if rng.random() < 0.3:
        return {}
    maker = is_maker(lead.company)
    told: dict[str, Any] = {"planning_today": rng.choices(PLANNING, MAKERS if maker else OTHERS)[0]}
    if maker and lead.company:
        told["machines"] = max(1, round((lead.company.employees or 20) / rng.uniform(6, 14)))
    if maker and rng.random() < 0.4:
        told["decision_by"] = (lead.captured_at.date() + timedelta(days=rng.randint(20, 240))).isoformat()
    return told


def is_maker(company: Company | None) -> bool:
    return company is not None and company.industry in words.INDUSTRIES


def eagerness(lead: Lead) -> float:
    """By how much likelier sales is to take this lead than others of its kind."""
    told = lead.custom
    return EAGER.get(told.get("planning_today", ""), 0) - (0.3 if told.get("machines", TOO_FEW) < TOO_FEW else 0)


def agreed(deal: Opportunity, rng: Random) -> dict[str, Any]:
    told: dict[str, Any] = {"pilot": True} if rng.random() < 0.35 else {}
    if deal.amount and rng.random() < 0.5:
        told["licence_today"] = round(float(deal.amount) * rng.uniform(0.2, 0.7), -2)
    return told

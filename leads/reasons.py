"""Why people decide as they do: the reasons a new installation starts with, and what is asked of one that is given."""

from itertools import count
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.text import slugify

from crm.access import require
from crm.editing import make, put
from crm.errors import BusinessError
from crm.models import User
from crm.positions import last_position, move
from leads.access import may_write_reasons
from leads.lifecycle import ReasonUse
from leads.models import Reason, ReasonFamily, Route

# (code, label) by family, in the order of the keys 1–9.
VERDICTS: dict[tuple[ReasonFamily, Route], list[tuple[str, str]]] = {
    (ReasonFamily.PROCEDURAL, Route.REROUTE): [
        ("wrong_rep", "Belongs to another rep"),
        ("wrong_territory", "Wrong territory"),
        ("wrong_specialism", "Needs another specialism"),
        ("already_ours", "Already our customer or opportunity"),
        ("duplicate", "Duplicate of another lead"),
    ],
    (ReasonFamily.CLERICAL, Route.REPAIR): [
        ("missing_data", "Important data is missing"),
        ("wrong_data", "Data is wrong"),
        ("unreachable_data", "Phone and e-mail do not work"),
    ],
    (ReasonFamily.DEFINITIONAL, Route.DISQUALIFY): [
        ("company_size", "Company too small or too large"),
        ("industry", "Wrong industry"),
        ("geography", "Outside our regions"),
        ("no_authority", "Nobody who decides"),
        ("competitor_or_student", "Competitor or student"),
    ],
    (ReasonFamily.TIMING, Route.NURTURE): [
        ("no_project", "No project at present"),
        ("budget_later", "Budget comes later"),
        ("researching", "Only researching"),
        ("other", "Other"),
    ],
}
OTHERS: dict[ReasonUse, list[tuple[str, str]]] = {
    ReasonUse.RETURN: [
        ("no_answer", "No answer"),
        ("not_now", "Not now"),
        ("project_stopped", "Project stopped"),
        ("other", "Other"),
    ],
    ReasonUse.DISQUALIFY: [
        ("not_a_fit", "Not a fit"),
        ("no_need", "No need"),
        ("do_not_contact", "Does not want to be contacted"),
        ("other", "Other"),
    ],
    ReasonUse.DISCARD: [
        ("spam", "Spam"),
        ("test", "Test entry"),
        ("competitor", "Competitor"),
        ("do_not_contact", "Does not want to be contacted"),
    ],
    ReasonUse.LOSS: [
        ("no_decision", "No decision"),
        ("competitor", "Competitor"),
        ("price", "Price or budget"),
        ("product_gap", "Product gap"),
        ("timing", "Timing"),
        ("champion_left", "Champion left"),
        ("disqualified_late", "Disqualified late"),
        ("duplicate", "Duplicate"),
        ("other", "Other"),
    ],
}
REFUSED = "Only sales managers and admins change reasons."
LABELS_OUTSIDE_VERDICTS = {"not_a_fit", "competitor"}


def first_reasons() -> list[Reason]:
    """The seeded rows, unsaved."""
    rows: list[tuple[str, str, str, str, str, bool]] = []
    for (family, route), pairs in VERDICTS.items():
        is_label = family is ReasonFamily.DEFINITIONAL
        rows += [(ReasonUse.VERDICT, code, label, family, route, is_label) for code, label in pairs]
    for use, pairs in OTHERS.items():
        labels = LABELS_OUTSIDE_VERDICTS if use in {ReasonUse.DISQUALIFY, ReasonUse.DISCARD} else set()
        rows += [(use, code, label, "", "", code in labels) for code, label in pairs]
    return [
        Reason(
            use=use, code=code, label=label, family=family, default_route=route, is_label=is_label,
            needs_comment=code == "other", position=position,
        )
        for position, (use, code, label, family, route, is_label) in enumerate(rows)
    ]  # fmt: skip


def find_reason(use: ReasonUse, code: str) -> Reason | None:
    """The reason people name by its code, None when they name none; an unknown code breaks a rule."""
    if not code:
        return None
    found = Reason.objects.filter(use=use, code=code).first()
    if found is None:
        known = list(Reason.objects.filter(use=use, retired=False).values_list("code", flat=True))
        raise BusinessError(f"There is no reason “{code}” for {use.label.lower()}.", code="unknown_reason", known=known)
    return found


def require_reason(use: ReasonUse, reason: Reason | None, words: str, *, demand: str) -> Reason:
    """``reason``, if it is one of the present ones for ``use`` and has the words it needs; else BusinessError.

    ``demand`` asks people for a reason where there is none.
    """
    if reason is None or reason.use != use or reason.retired:
        raise BusinessError(demand, code="reason_required")
    if reason.needs_comment and not words.strip():
        raise BusinessError(f"“{reason.label}” needs a few words of explanation.", code="comment_required")
    return reason


@transaction.atomic
def create_reason(*, by: User, **fields: Any) -> Reason:
    """A new reason, behind the others of its use; without a ``code`` it gets one from its label."""
    require(may_write_reasons(by), REFUSED)
    others = Reason.objects.filter(use=fields["use"])
    code = fields.get("code") or free_code(others, fields["label"])
    return make(Reason(**{"position": last_position(others), **fields, "code": code}))


def free_code(others: QuerySet[Reason], label: str) -> str:
    """A code that no other reason of the use has: "no_budget", "no_budget_2"."""
    start = slugify(label).replace("-", "_")[:50] or "reason"
    taken = set(others.filter(code__startswith=start).values_list("code", flat=True))
    return next(code for number in count(1) if (code := start if number == 1 else f"{start}_{number}") not in taken)


@transaction.atomic
def edit_reason(reason: Reason, *, by: User, **fields: Any) -> Reason:
    """Change a reason or retire it; what it is used for and its code stay, since rows name them."""
    require(may_write_reasons(by), REFUSED)
    reason = Reason.objects.select_for_update().get(pk=reason.pk)
    reason.save(update_fields=put(reason, fields))
    return reason


@transaction.atomic
def move_reason(reason: Reason, *, by: User, step: int) -> None:
    """Up (-1) or down (1) among the reasons of its use: keys 1–9 follow this order."""
    require(may_write_reasons(by), REFUSED)
    move(Reason.objects.filter(use=reason.use), reason.pk, step=step)


def seed_reasons(**_signal: Any) -> None:
    """Fill an empty table, after `migrate`; one that people have edited is left alone."""
    if not Reason.objects.exists():
        Reason.objects.bulk_create(first_reasons())

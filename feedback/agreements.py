"""From a draft to an agreement in force: drafting, proposing, signing; both sides sign, then it sets gates and clocks.

At most one version is unfinished (draft or proposed) and at most one is active: the database sees to both. Nothing that
was signed changes: whoever edits a proposal makes it a draft again and its signatures void.
"""

import json
from collections.abc import Iterable
from datetime import date, datetime
from hashlib import sha256
from importlib import import_module
from types import ModuleType
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Max

from crm.access import require
from crm.editing import present, put
from crm.errors import BusinessError, StaleState
from crm.models import NotificationKind, Side, User
from crm.notifications import notify
from crm.outbox import record_change
from crm.periods import own_day
from feedback.access import managers_of, may_propose, may_sign, sides_of
from feedback.models import Agreement, SignedDocument, SignedStatus
from feedback.terms import check_terms, read_goals
from leads.lifecycle import ReasonUse
from leads.models import Reason

PAGE = "/agreement/"
UNFINISHED = (SignedStatus.DRAFT, SignedStatus.PROPOSED)
# What people write into a draft, by the parts in which they are asked for it.
PARTS = {
    "goals": ("period_starts", "period_ends", "goals"),
    "levels": (
        "hours_to_verdict", "hours_to_remind", "hours_late_to_escalate", "hours_to_first_attempt", "min_attempts",
        "most_episodes", "exceptions",
    ),
    "definition": ("definition_version",),
    "roles": ("roles",),
    "measured": ("marketing_measured", "sales_measured"),
    "start": ("why", "effective_from"),
}  # fmt: skip
WRITTEN = tuple(name for names in PARTS.values() for name in names)
# What is signed. The day it begins is set when it comes into force, and who gave which reason for it is no promise.
SIGNED = (*(name for name in WRITTEN if name not in ("why", "effective_from")), "reasons")
# A new version begins with what the one before says, reasons and dates aside.
COPIED = tuple(name for name in WRITTEN if name not in ("why", "effective_from", "definition_version"))

NO_PROPOSAL = "Only managers of marketing or sales and admins change the agreement."


class Unfinished(StaleState):
    code = "unfinished_version"

    def __init__(self, agreement: Agreement | None) -> None:
        version = f"Version {agreement.version}" if agreement else "A version"
        super().__init__(
            f"{version} is being worked on already; there is one at a time.", agreement=getattr(agreement, "pk", None)
        )


class NotOpen(StaleState):
    """The version is not, or no longer, in a state in which this can be done."""

    code = "not_open"

    def __init__(self, document: SignedDocument, wish: str) -> None:
        status = SignedStatus(document.status)
        super().__init__(f"Version {document.version} is {status.label.lower()}; {wish}.", status=status.value)


class SignedAlready(StaleState):
    code = "signed_already"

    def __init__(self, signature: dict[str, Any]) -> None:
        side = Side(signature["side"])
        super().__init__(
            f"{signature.get('name', 'Somebody')} has signed for {side.label.lower()} already.", **signature
        )


class ChangedMeanwhile(StaleState):
    code = "changed_meanwhile"


def unfinished_agreement() -> Agreement | None:
    """The draft or proposal that is being worked on."""
    return Agreement.objects.filter(status__in=UNFINISHED).select_related("proposed_by").first()


def draft_agreement(*, by: User, at: datetime, **fields: Any) -> Agreement:
    """Begin the next version with what the active one says; ``fields`` replace some of it.

    Raises NotAllowed, Unfinished, BadTerms, ValidationError.
    """
    require(may_propose(by), NO_PROPOSAL)
    if other := unfinished_agreement():
        raise Unfinished(other)
    active = Agreement.objects.filter(status=SignedStatus.ACTIVE).first()
    copied = {name: getattr(active, name) for name in COPIED} if active else {}
    newest = Agreement.objects.aggregate(Max("version"))["version__max"] or 0
    draft = Agreement(version=newest + 1, proposed_by=by, **copied)
    put(draft, fields)
    check_terms(draft)
    try:
        with transaction.atomic():
            draft.save(force_insert=True)
    except IntegrityError as error:
        raise Unfinished(unfinished_agreement()) from error
    return draft


@transaction.atomic
def edit_agreement(agreement: Agreement, *, by: User, at: datetime, seen: str = "", **fields: Any) -> Agreement:
    """Change a draft, or a proposal, which is a draft again and loses its signatures.

    ``seen``: the `mark_of` of these fields as the person saw them. Raises NotAllowed, NotOpen, ChangedMeanwhile,
    BadTerms, ValidationError.
    """
    require(may_propose(by), NO_PROPOSAL)
    draft = present(agreement)
    if draft.status not in UNFINISHED:
        raise NotOpen(draft, "propose a new version to change it")
    if seen and seen != mark_of(draft, fields):
        raise ChangedMeanwhile(
            "Somebody changed this part since you opened it. Look at it again, then make your change."
        )
    fresh = put(draft, fields)
    check_terms(draft)
    if fresh:
        draft.status, draft.signatures, draft.proposed_by = SignedStatus.DRAFT, [], by
        draft.save()
        definitions().follow_proposal()
    return draft


@transaction.atomic
def discard_draft(agreement: Agreement, *, by: User) -> None:
    """Throw an unfinished version away; nobody has agreed to it. Raises NotAllowed, NotOpen."""
    require(may_propose(by), NO_PROPOSAL)
    draft = present(agreement)
    if draft.status != SignedStatus.DRAFT:
        raise NotOpen(draft, "only a draft is thrown away")
    draft.delete()


@transaction.atomic
def propose_agreement(agreement: Agreement, *, by: User, at: datetime) -> Agreement:
    """Ask both sides to sign a draft as it stands, with the reasons to reject as they are now.

    Raises NotAllowed, NotOpen, BadTerms, BusinessError.
    """
    require(may_propose(by), NO_PROPOSAL)
    draft = present(agreement)
    if draft.status != SignedStatus.DRAFT:
        raise NotOpen(draft, "only a draft is proposed")
    require_complete(draft)
    draft.reasons = reasons_now()
    draft.status, draft.signatures = SignedStatus.PROPOSED, []
    draft.proposed_by, draft.proposed_at = by, at
    draft.save()
    definitions().follow_proposal()
    ask_for_signatures(draft, Side, at=at)
    return draft


def require_complete(draft: Agreement) -> None:
    """Raise what keeps a draft from being proposed."""
    check_terms(draft)
    if bool(draft.period_starts) != bool(draft.period_ends):
        raise BusinessError("A period has a first and a last day.", code="incomplete")
    if read_goals(draft) and not draft.period_starts:
        raise BusinessError("Say for which period the goals hold: its first and last day.", code="incomplete")
    if draft.definition_version is not None:
        definitions().require_definition(draft.definition_version)


def definitions() -> ModuleType:
    """The room that knows the definitions an agreement may name, and keeps them in step with it."""
    return import_module(settings.DEFINITIONS)


@transaction.atomic
def withdraw_proposal(agreement: Agreement, *, by: User, at: datetime) -> Agreement:
    """Make a proposal a draft again; signatures given are void. Raises NotAllowed, NotOpen."""
    require(may_propose(by), NO_PROPOSAL)
    proposal = present(agreement)
    if proposal.status != SignedStatus.PROPOSED:
        raise NotOpen(proposal, "only a proposal is taken back")
    proposal.status, proposal.signatures = SignedStatus.DRAFT, []
    proposal.save(update_fields=["status", "signatures", "updated_at"])
    definitions().follow_proposal()
    return proposal


@transaction.atomic
def sign_agreement(agreement: Agreement, side: str = "", *, by: User, at: datetime, seen: str = "") -> Agreement:
    """Sign a proposal for a side, ``by`` a manager of it; with both signatures it comes into force on its day.

    ``side`` may be left out by who manages one side only. ``seen``: the `mark_of` the proposal that the person read.
    Raises NotAllowed, NotOpen, SignedAlready, ChangedMeanwhile.
    """
    wanted = side_to_sign(by, side)
    proposal = present(agreement)
    if proposal.status != SignedStatus.PROPOSED:
        raise NotOpen(proposal, "only a proposal is signed")
    if seen and seen != mark_of(proposal):
        raise ChangedMeanwhile("The proposal was changed since you opened it. Read it again, then sign.")
    if earlier := next((one for one in proposal.signatures if one.get("side") == wanted), None):
        raise SignedAlready(earlier)
    proposal.signatures = [*proposal.signatures, signature(proposal, wanted, by=by, at=at)]
    proposal.save(update_fields=["signatures", "updated_at"])
    definitions().follow_proposal()
    if missing := missing_sides(proposal):
        ask_for_signatures(proposal, missing, at=at)
    else:
        bring_into_force(at=at)
        proposal.refresh_from_db()
    return proposal


def side_to_sign(user: User, side: str) -> Side:
    """The side this person signs for. Raises NotAllowed."""
    own = sides_of(user)
    require(bool(own), "Only the managers of marketing and of sales sign.")
    if not side and len(own) > 1:
        raise BusinessError("Say for which side you sign.", code="which_side")
    if side and side not in Side.values:
        raise BusinessError("There are two sides: marketing and sales.", code="unknown_side")
    wanted = Side(side) if side else own[0]
    require(may_sign(user, wanted), f"Only a manager of {wanted.label.lower()} signs for {wanted.label.lower()}.")
    return wanted


def signature(proposal: Agreement, side: Side, *, by: User, at: datetime) -> dict[str, Any]:
    """Who signed what and when; `heads_both` marks one who may sign for both sides."""
    return {
        "side": side.value,
        "user": by.pk,
        "name": str(by),
        "at": at.isoformat(),
        "fingerprint": fingerprint_of(proposal),
        "heads_both": len(sides_of(by)) > 1,
    }


def missing_sides(agreement: Agreement) -> list[Side]:
    signed = {one.get("side") for one in agreement.signatures}
    return [side for side in Side if side.value not in signed]


@transaction.atomic
def bring_into_force(*, at: datetime) -> Agreement | None:
    """Put the proposal that both sides signed into force if its day has come; run twice it does nothing.

    What it says of the definition is carried out by the room `scoring`, from the outbox.
    """
    today = own_day(at)
    proposal = Agreement.objects.select_for_update().filter(status=SignedStatus.PROPOSED).first()
    if proposal is None or missing_sides(proposal) or (proposal.effective_from or today) > today:
        return None
    Agreement.objects.filter(status=SignedStatus.ACTIVE).update(status=SignedStatus.RETIRED, updated_at=at)
    proposal.status, proposal.effective_from = SignedStatus.ACTIVE, today
    proposal.save(update_fields=["status", "effective_from", "updated_at"])
    record_change("agreement", [proposal.pk])
    tell_of_it(proposal, at=at)
    return proposal


def ask_for_signatures(proposal: Agreement, sides: Iterable[Side], *, at: datetime) -> None:
    """The managers whose side has not signed find it in their bell."""
    for side in sides:
        notify(
            managers_of(side),
            kind=NotificationKind.SIGNATURE,
            key=f"agreement:{fingerprint_of(proposal)[:16]}:{proposal.pk}:{side.value}",
            title=f"Version {proposal.version} of the agreement waits for {side.label.lower()}’s signature",
            text=proposal.why,
            url=PAGE,
            at=at,
        )


def tell_of_it(agreement: Agreement, *, at: datetime) -> None:
    everybody = {person.pk: person for side in Side for person in managers_of(side)}
    notify(
        everybody.values(),
        kind=NotificationKind.SIGNATURE,
        key=f"agreement:{agreement.pk}:in-force",
        title=f"Version {agreement.version} of the agreement is in force",
        text="Both sides signed. New hand-offs get its clocks; those that wait keep theirs.",
        url=PAGE,
        at=at,
    )


def reasons_now() -> list[dict[str, str]]:
    """The reasons to reject as people choose them now."""
    rows = Reason.objects.filter(use=ReasonUse.VERDICT, retired=False).order_by("position", "id")
    return [{"code": r.code, "label": r.label, "family": r.family, "route": r.default_route} for r in rows]


def content_of(agreement: Agreement, names: Iterable[str] = SIGNED) -> dict[str, Any]:
    """What an agreement says, as plain JSON."""
    return {name: plain(getattr(agreement, name)) for name in sorted(names)}


def plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | datetime) else value


def digest(content: Any) -> str:
    return sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def fingerprint_of(agreement: Agreement) -> str:
    """The sha256 of what is signed: it tells whether a document still says what a signature stands under."""
    return digest(content_of(agreement))


def is_as_signed(agreement: Agreement) -> bool:
    """Whether every signature with a fingerprint stands under what the document says now."""
    fingerprint = fingerprint_of(agreement)
    return all(one.get("fingerprint", fingerprint) == fingerprint for one in agreement.signatures)


def mark_of(agreement: Agreement, names: Iterable[str] = (*WRITTEN, "proposed_at")) -> str:
    """Carried by a form to tell whether what it was made from has changed meanwhile."""
    return digest(content_of(agreement, names))[:16]

"""From a draft of the definition to one in force: proposed, signed and taken back with the agreement that names it.

There is one ceremony, the agreement's (feedback/agreements.py): a version of it whose only change is the definition, or
one that changes more. What is done here and what is done on the page of the agreement comes to the same.
Whoever locks both holds the agreement first, then the definition.
"""

from datetime import date, datetime
from typing import Any

from django.db import transaction

from crm.access import require
from crm.editing import present
from crm.models import User
from feedback.access import may_propose
from feedback.agreement import active_agreement
from feedback.agreements import (
    COPIED,
    UNFINISHED,
    Unfinished,
    content_of,
    discard_draft,
    draft_agreement,
    edit_agreement,
    propose_agreement,
    sign_agreement,
    unfinished_agreement,
    withdraw_proposal,
)
from feedback.models import Agreement, SignedStatus
from scoring.definitions import adopt_agreed
from scoring.drafting import NOT_YOURS, NotADraft, require_draft
from scoring.models import Definition


def agreement_about(definition: Definition) -> Agreement | None:
    """The unfinished version of the agreement that names this definition."""
    return Agreement.objects.filter(status__in=UNFINISHED, definition_version=definition.version).first()


@transaction.atomic
def propose_definition(
    definition: Definition, *, by: User, at: datetime, effective_from: date | None = None, why: str = ""
) -> Agreement:
    """Ask both sides to sign a draft, with a version of the agreement in which nothing else changes.

    Where a draft of the agreement is open that changes more, it takes the definition in and is given back as the draft
    it is: it is proposed as a whole. Raises NotAllowed, NotADraft, InvalidDefinition, Unfinished.
    """
    require(may_propose(by), NOT_YOURS)
    open_one = hold_unfinished()
    draft = present(definition)
    require_draft(draft)
    fields: dict[str, Any] = {"definition_version": draft.version}
    fields |= {"effective_from": effective_from} if effective_from else {}
    if open_one is None:
        reason = why or draft.why or f"The definition “{draft.name}”, version {draft.version}."
        taking = draft_agreement(by=by, at=at, why=reason, **fields)
    elif open_one.status == SignedStatus.DRAFT and open_one.definition_version in (None, draft.version):
        taking = edit_agreement(open_one, by=by, at=at, **fields, **({"why": why} if why else {}))
    else:
        raise Unfinished(open_one)
    return propose_agreement(taking, by=by, at=at) if changes_nothing_else(taking) else taking


@transaction.atomic
def sign_definition(definition: Definition, side: str = "", *, by: User, at: datetime, seen: str = "") -> Definition:
    """Sign the agreement that names this definition; with both signatures it is in force on its day.

    ``side``, ``seen`` and what is raised: as of `sign_agreement`. Raises NotADraft when nothing waits for signatures.
    """
    signed = sign_agreement(require_proposal(definition), side, by=by, at=at, seen=seen)
    if signed.status == SignedStatus.ACTIVE:
        adopt_agreed([signed.pk])
    definition.refresh_from_db()
    return definition


@transaction.atomic
def withdraw_definition(definition: Definition, *, by: User, at: datetime) -> Definition:
    """Make a proposed definition a draft again; signatures given are void. Raises NotAllowed, NotADraft.

    A version of the agreement that was only about it goes, too; one that changes more is a draft again and keeps it.
    """
    draft = withdraw_proposal(require_proposal(definition), by=by, at=at)
    if changes_nothing_else(draft):
        discard_draft(draft, by=by)
    definition.refresh_from_db()
    return definition


@transaction.atomic
def discard_definition(definition: Definition, *, by: User, at: datetime) -> None:
    """Throw a draft away; where a draft of the agreement names it, it does so no more.

    Raises NotAllowed, NotADraft, Gone.
    """
    require(may_propose(by), NOT_YOURS)
    open_one = hold_unfinished()
    draft = present(definition)
    require_draft(draft)
    if open_one is not None and open_one.definition_version == draft.version:
        if changes_nothing_else(open_one):
            discard_draft(open_one, by=by)
        else:
            edit_agreement(open_one, by=by, at=at, definition_version=None)
    draft.delete()


def hold_unfinished() -> Agreement | None:
    """The unfinished version of the agreement, held until the transaction ends."""
    return Agreement.objects.select_for_update().filter(status__in=UNFINISHED).first()


def require_proposal(definition: Definition) -> Agreement:
    """The proposal that names the definition. Raises NotADraft."""
    open_one = unfinished_agreement()
    if open_one and open_one.status == SignedStatus.PROPOSED and open_one.definition_version == definition.version:
        return open_one
    definition.refresh_from_db()
    raise NotADraft(definition, "no proposal of it waits for signatures")


def changes_nothing_else(agreement: Agreement) -> bool:
    """Whether the definition is all that this version would change of the agreement in force."""
    return content_of(agreement, COPIED) == content_of(active_agreement(), COPIED)

"""The versions of the agreement: what is proposed, who may do what with it, and what came before."""

from dataclasses import dataclass
from typing import Any

from crm.models import Organisation, Side, User
from desk.agreement_words import Change, differences, joined
from feedback.access import may_propose, may_sign
from feedback.agreements import is_as_signed, mark_of, missing_sides
from feedback.models import Agreement, SignedStatus
from scoring.models import Definition

MOST_VERSIONS = 100


@dataclass(frozen=True)
class Unfinished:
    """A draft or proposal beside what it would replace, for one reader; ``sides``: for which they may sign now."""

    agreement: Agreement
    changes: list[Change]
    sides: list[Side]
    may_change: bool
    mark: str

    @property
    def is_proposed(self) -> bool:
        return self.agreement.status == SignedStatus.PROPOSED

    @property
    def waits_for(self) -> str:
        """ "marketing and sales"; "" once both have signed and only its day is to come."""
        return joined(side.label.lower() for side in missing_sides(self.agreement))

    @property
    def signers(self) -> str:
        return joined(one.get("name", "") for one in self.agreement.signatures)


def unfinished_for(user: User, agreement: Agreement | None, active: Agreement) -> Unfinished | None:
    if agreement is None:
        return None
    sides = [side for side in missing_sides(agreement) if may_sign(user, side)]
    return Unfinished(
        agreement=agreement,
        changes=changes_between(active, agreement),
        sides=sides if agreement.status == SignedStatus.PROPOSED else [],
        may_change=may_propose(user),
        mark=mark_of(agreement),
    )


def changes_between(before: Agreement, after: Agreement) -> list[Change]:
    """What a reader of ``before`` finds different in ``after``. Where a definition is not named the old one stays."""
    found = differences(before, after, currency=Organisation.get().currency, definitions=definition_names())
    kept = after.definition_version is None
    # The reasons of a draft are those of the day on which it is proposed.
    undecided = after.status == SignedStatus.DRAFT
    return [
        change
        for change in found
        if not (kept and change.about == "Definition") and not (undecided and change.about.startswith("Reason"))
    ]


def definition_names() -> dict[int, str]:
    rows = Definition.objects.order_by("version").values_list("version", "name")
    return {version: f"{name}, version {version}" for version, name in rows}


def versions() -> list[Agreement]:
    """Every version that was ever signed, newest first."""
    signed = Agreement.objects.filter(status__in=[SignedStatus.ACTIVE, SignedStatus.RETIRED])
    return list(signed.order_by("-version")[:MOST_VERSIONS])


def compared(version: int, against: int | None) -> dict[str, Any] | None:
    """A version beside another (the one before, unless ``against`` names one); None when there is no such version."""
    shown = Agreement.objects.filter(version=version).first()
    if shown is None:
        return None
    others = list(Agreement.objects.exclude(pk=shown.pk).order_by("-version")[:MOST_VERSIONS])
    earlier = [one for one in others if one.version < version]
    other = next((one for one in others if one.version == against), earlier[0] if earlier else None)
    return {
        "shown": shown,
        "other": other,
        "others": others,
        "changes": changes_between(other, shown) if other else [],
        "is_as_signed": is_as_signed(shown),
    }

"""Input to the loop: who gets a lead."""

from collections.abc import Collection
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from crm.models import Role, Side, Team, User

RULES = "rules"
BY_RULES = _("By the routing rules (recommended)")


def recipient_choices(teams: Collection[int] | None = None) -> list[Any]:
    """Sales teams, then the active reps of each: [("Any rep of a team", [("team:3", "Team North"), …]), …].

    ``teams``: only these and their people; None: all.
    """
    found = Team.objects.filter(kind=Side.SALES)
    reps = User.objects.filter(role=Role.REP, is_active=True).select_related("team")
    if teams is not None:
        found, reps = found.filter(pk__in=teams), reps.filter(team__in=teams)
    by_team: dict[str, list[tuple[str, str]]] = {team.name: [] for team in found}
    for rep in reps:
        by_team.setdefault(rep.team.name if rep.team else "Without a team", []).append((f"user:{rep.pk}", str(rep)))
    return [
        ("Any rep of a team", [(f"team:{team.pk}", team.name) for team in found]),
        *[(name, people) for name, people in by_team.items() if people],
    ]


class RecipientField(forms.ChoiceField):
    """Who gets a lead; cleaned to what `offer_lead` takes: {"to_team": team}, {"to_user": user}, {} for the rules.

    ``by_rules``: the routing rules stand first and are chosen unless somebody says otherwise.
    """

    default_error_messages = {"required": _("Choose a team or a rep."), "invalid_choice": _("Choose a team or a rep.")}

    def __init__(self, *, by_rules: bool = False, **options: Any) -> None:
        first = (RULES, BY_RULES) if by_rules else ("", "Choose a team or a rep")
        if by_rules:
            options.setdefault("initial", RULES)
        super().__init__(choices=lambda: [first, *recipient_choices()], **options)

    def clean(self, value: Any) -> dict[str, Team | User]:
        kind, _colon, number = super().clean(value).partition(":")
        if kind == "team":
            return {"to_team": Team.objects.get(pk=number)}
        if kind == "user":
            return {"to_user": User.objects.get(pk=number)}
        if kind == RULES:
            return {}
        raise ValidationError(self.error_messages["required"], code="required")

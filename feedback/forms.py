"""Input to the loop: who gets a lead."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from crm.models import Role, Side, Team, User


def recipient_choices() -> list[Any]:
    """Sales teams, then the active reps of each: [("Teams", [("team:3", "Team North"), …]), ("Team North", […])]."""
    teams = list(Team.objects.filter(kind=Side.SALES))
    reps = User.objects.filter(role=Role.REP, is_active=True).select_related("team")
    by_team: dict[str, list[tuple[str, str]]] = {team.name: [] for team in teams}
    for rep in reps:
        by_team.setdefault(rep.team.name if rep.team else "Without a team", []).append((f"user:{rep.pk}", str(rep)))
    return [
        ("Any rep of a team", [(f"team:{team.pk}", team.name) for team in teams]),
        *[(name, people) for name, people in by_team.items() if people],
    ]


class RecipientField(forms.ChoiceField):
    """A sales team or a rep; cleaned to what `offer_lead` takes: {"to_team": team} or {"to_user": user}."""

    default_error_messages = {"required": _("Choose a team or a rep."), "invalid_choice": _("Choose a team or a rep.")}

    def __init__(self, **options: Any) -> None:
        super().__init__(choices=lambda: [("", "Choose a team or a rep"), *recipient_choices()], **options)

    def clean(self, value: Any) -> dict[str, Team | User]:
        kind, _colon, number = super().clean(value).partition(":")
        if kind == "team":
            return {"to_team": Team.objects.get(pk=number)}
        if kind == "user":
            return {"to_user": User.objects.get(pk=number)}
        raise ValidationError(self.error_messages["required"], code="required")

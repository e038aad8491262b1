"""Who takes over what somebody leaves behind."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from crm.models import Role, Side, Team, User
from desk.leaving import Heir, Work

WAITS = "nobody"


class HeirField(forms.ChoiceField):
    """One person, or a team's queue, or nobody, as the kind of work allows; cleaned to an Heir."""

    def __init__(self, work: Work, count: int, person: User, people: list[User], teams: list[Team]) -> None:
        able = [other for other in people if other.pk != person.pk and work.may_inherit(other)]
        self.heirs: dict[str, Heir] = {f"user:{other.pk}": other for other in able}
        groups: list[tuple[str, list[tuple[str, str]]]] = []
        if work.queue:
            self.heirs |= {f"team:{team.pk}": team for team in teams}
            groups.append(("Any rep of a team", [(f"team:{team.pk}", team.name) for team in teams]))
        if work.may_wait:
            self.heirs[WAITS] = None
        own = [other for other in able if other.team_id == person.team_id]
        others = [other for other in able if other.team_id != person.team_id]
        for name, some in (("The same team", own), ("Others", others)):
            groups.append((name, [(f"user:{other.pk}", str(other)) for other in some]))
        nobody = [(WAITS, "Nobody for now")] if work.may_wait else []
        choices = [("", "Choose who takes over"), *nobody, *[group for group in groups if group[1]]]
        super().__init__(choices=choices, label=work.counted(count).capitalize())

    def clean(self, value: Any) -> Heir:
        if value not in self.heirs:
            raise ValidationError("Choose who takes over.", code="required")
        return self.heirs[value]


class LeavingForm(forms.Form):
    """One heir for each kind of open work."""

    def __init__(self, data: Any = None, *, person: User, work: list[tuple[Work, int]]) -> None:
        super().__init__(data)
        people = list(User.objects.filter(is_active=True).exclude(role=Role.ADMIN).select_related("team"))
        teams = list(Team.objects.filter(kind=Side.SALES))
        for kind, count in work:
            self.fields[kind.key] = HeirField(kind, count, person, people, teams)

"""Which opportunities the board shows."""

from typing import Any

from django import forms
from django.db.models import QuerySet

from crm.access import is_manager_of, own_team_ids
from crm.models import Side, User
from leads.models import DealKind, Opportunity


class BoardForm(forms.Form):
    """Read from the address; what it does not know is left out."""

    WHOSE = (("mine", "Mine"), ("team", "My team"), ("all", "All"))
    whose = forms.ChoiceField(choices=WHOSE, required=False)
    kind = forms.ChoiceField(choices=[("", "Any kind"), *DealKind.choices], required=False, label="Kind")

    def __init__(self, data: Any, *, user: User) -> None:
        super().__init__(data)
        self.user = user

    def chosen(self) -> dict[str, str]:
        """``whose`` and ``kind``, by default what is the person's own to look after."""
        self.is_valid()
        return {"whose": self.cleaned_data.get("whose") or self.own(), "kind": self.cleaned_data.get("kind", "")}

    def own(self) -> str:
        if self.user.is_rep:
            return "mine"
        return "team" if is_manager_of(self.user, Side.SALES) else "all"

    def rows(self) -> QuerySet[Opportunity]:
        chosen = self.chosen()
        rows = Opportunity.objects.all()
        if chosen["whose"] == "mine":
            rows = rows.filter(owner=self.user)
        elif chosen["whose"] == "team":
            rows = rows.filter(team__in=own_team_ids(self.user))
        return rows.filter(kind=chosen["kind"]) if chosen["kind"] else rows

"""The name of a saved view, and who sees it."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.access import own_team_ids
from crm.models import Team, User


class SavedViewForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=60)
    team = forms.ModelChoiceField(
        label=_("Who sees it"), queryset=Team.objects.none(), required=False, empty_label="Only me"
    )

    def __init__(self, *args: Any, user: User, shared_with: Team | None = None, **kwargs: Any) -> None:
        """``shared_with``: the team that sees it now, which may be none of the user's."""
        super().__init__(*args, **kwargs)
        teams = own_team_ids(user) | ({shared_with.pk} if shared_with else set())
        self.fields["team"].queryset = Team.objects.filter(pk__in=teams)  # type: ignore[attr-defined]
        self.fields["name"].widget.attrs["autofocus"] = True

"""Two leads that are one: which of them stays, and whose value counts where they differ."""

from typing import Any

from django import forms

from crm.requests import id_of
from desk.queries.merging import Comparison
from leads.models import Lead


class MergeForm(forms.Form):
    """Every choice names a lead by its id, so that another one may stay without the other answers changing."""

    def __init__(self, data: Any = None, *, comparison: Comparison) -> None:
        super().__init__(data)
        self.comparison = comparison
        allowed = [comparison.stays] if comparison.is_fixed else comparison.leads
        stays = [(str(lead.pk), str(lead)) for lead in allowed]
        self.fields["stays"] = forms.ChoiceField(choices=stays, initial=str(comparison.stays.pk))
        for choice in comparison.choices:
            values = [(str(pk), said) for pk, said in choice.values]
            self.fields[f"of_{choice.name}"] = forms.ChoiceField(
                choices=values, initial=str(choice.proposed), label=choice.label, required=False
            )

    @property
    def versions(self) -> str:
        """The two leads as they are shown; the form sends it back as ``seen``."""
        return ",".join(str(lead.version) for lead in self.comparison.leads)

    def clean(self) -> dict[str, Any]:
        if self.data.get("seen") != self.versions:
            raise forms.ValidationError("Somebody changed one of these leads meanwhile. This is how they are now.")
        return super().clean() or {}

    def chosen(self, name: str) -> int:
        """The lead that stands in the form for "stays" or for a field: as it was sent, else as it is proposed."""
        field = "stays" if name == "stays" else f"of_{name}"
        return id_of(self.data.get(field)) or int(self.fields[field].initial)

    @property
    def survivor(self) -> Lead:
        chosen = self.cleaned_data["stays"]
        return next(lead for lead in self.comparison.leads if str(lead.pk) == chosen)

    @property
    def duplicate(self) -> Lead:
        return next(lead for lead in self.comparison.leads if lead != self.survivor)

    @property
    def take(self) -> list[str]:
        """The fields in which the duplicate's value was chosen."""
        chosen = self.cleaned_data
        names = [choice.name for choice in self.comparison.choices]
        return [name for name in names if chosen.get(f"of_{name}") == str(self.duplicate.pk)]

"""Input to settings: people, teams, the organisation, oneself."""

from typing import Any
from zoneinfo import available_timezones

from django import forms

from crm.models import Organisation, Role, Team, User

DATE = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


def zone_choices(blank: str = "") -> list[tuple[str, str]]:
    names = [(name, name.replace("_", " ")) for name in sorted(available_timezones()) if "/" in name or name == "UTC"]
    return [("", blank), *names] if blank else names


class PersonForm(forms.ModelForm):
    class Meta:
        model = User
        fields = ["first_name", "last_name", "email", "role", "team", "capacity", "away_until", "is_active"]
        labels = {"is_active": "May log in", "capacity": "Most open hand-offs at a time", "email": "E-mail"}
        help_texts = {"is_active": "Without it nobody can log in as this person, and no lead is routed to them."}
        widgets = {"away_until": DATE}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Imported people may have none; whoever is added here is to log in.
        self.fields["email"].required = not (self.instance.pk and not self.instance.email)
        self.fields["first_name"].required = True
        if not self.instance.pk:
            del self.fields["is_active"]

    def clean_email(self) -> str | None:
        email = (self.cleaned_data["email"] or "").strip().lower()
        if email and User.objects.filter(email__iexact=email).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError("Somebody else has this e-mail address.")
        return email or None

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        team, role = values.get("team"), values.get("role")
        sides = {Role.REP: "sales", Role.MARKETER: "marketing"}
        if team and role in sides and team.kind != sides[role]:
            self.add_error("team", f"{team} is a {team.get_kind_display().lower()} team.")
        return values


class TeamForm(forms.ModelForm):
    class Meta:
        model = Team
        fields = ["name", "kind", "manager", "region"]
        labels = {"kind": "Side"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        managers = User.objects.filter(role=Role.MANAGER, is_active=True)
        self.fields["manager"].queryset = managers  # type: ignore[attr-defined]


class OrganisationForm(forms.ModelForm):
    time_zone = forms.ChoiceField(
        choices=zone_choices, help_text="Cuts every day and month, whoever looks. A change counts all figures anew."
    )

    class Meta:
        model = Organisation
        fields = ["name", "time_zone", "currency", "fiscal_year_starts"]
        labels = {"fiscal_year_starts": "Fiscal year starts in month"}

    def clean_currency(self) -> str:
        code = str(self.cleaned_data["currency"]).upper()
        if len(code) != 3 or not code.isalpha():
            raise forms.ValidationError("Three letters, for example EUR.")
        return code


class ProfileForm(forms.ModelForm):
    time_zone = forms.ChoiceField(choices=lambda: zone_choices("As the organisation"), required=False)

    class Meta:
        model = User
        fields = ["first_name", "last_name", "time_zone", "away_until"]
        help_texts = {"away_until": "No lead is routed to you until the day after."}
        widgets = {"away_until": DATE}


class ConfirmForm(forms.Form):
    """A deed that cannot be undone is confirmed by typing its name."""

    word = forms.CharField(label="Type “remove” to confirm", widget=forms.TextInput(attrs={"autocomplete": "off"}))

    def clean_word(self) -> str:
        word = str(self.cleaned_data["word"]).strip().strip("“”").lower()
        if word != "remove":
            raise forms.ValidationError("Type the word “remove”, or leave the page.")
        return word

"""Input to settings: people, teams, the organisation, oneself; and what forms of every room share."""

from collections.abc import Callable
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.db.models import Model

from crm.editing import StaleEdit, trace
from crm.errors import BusinessError
from crm.models import Organisation, Role, Team, User


class DateInput(forms.DateInput):
    """The browser's own calendar."""

    input_type = "date"

    def __init__(self, **options: Any) -> None:
        super().__init__(format="%Y-%m-%d", **options)


class CurrencyField(forms.RegexField):
    """Three letters in any case; cleaned to capitals."""

    def __init__(self, **options: Any) -> None:
        messages = {"invalid": "Three letters, for example EUR."}
        super().__init__(r"^[A-Za-z]{3}\Z", max_length=3, error_messages=messages, **options)

    def clean(self, value: Any) -> str:
        return str(super().clean(value)).upper()


def saved(form: forms.BaseForm, deed: Callable[[dict[str, Any]], object]) -> bool:
    """Whether the form was right and ``deed`` took its values; what it refuses stands in the form."""
    if not form.is_valid():
        return False
    try:
        deed(form.cleaned_data)
    except BusinessError as error:
        show_refusal(form, error)
    except forms.ValidationError as error:
        form.add_error(None, error)
    return not form.errors


def show_refusal(form: forms.BaseForm, error: BusinessError) -> None:
    """Put a broken rule into the form, at the field that its ``field_of`` names for the rule; raise any other error."""
    if error.status != 422:
        raise error
    form.add_error(getattr(form, "field_of", {}).get(error.code), str(error))


class SeenForm(forms.ModelForm):
    """A form that carries what its reader saw of each field, so that only what they changed is written.

    ``seen`` and ``changed`` are what crm/editing.py takes.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.named = list(self.fields)
        for name in self.named if self.instance.pk else []:
            kept = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)
            kept.initial = trace(getattr(self.instance, name))
            self.fields[f"seen_{name}"] = kept

    @property
    def seen(self) -> dict[str, str]:
        return {name: self.cleaned_data.get(f"seen_{name}", "") for name in self.named}

    @property
    def changed(self) -> dict[str, Any]:
        return {
            name: self.cleaned_data[name] for name in self.named if trace(self.cleaned_data[name]) != self.seen[name]
        }

    def show_stale(self, error: StaleEdit, present: Model) -> None:
        """Say at each field what somebody else made of it; sent again, this form's values are meant."""
        who = error.write.name if error.write else "Somebody"
        self.data = self.data.copy()
        for name in error.extra["fields"]:
            self.add_error(name, f"{who} wrote “{getattr(present, name)}” meanwhile. Save again to keep yours.")
        for name in self.named:
            self.data[f"seen_{name}"] = trace(getattr(present, name))


def zone_choices(blank: str = "") -> list[tuple[str, str]]:
    names = [(name, name.replace("_", " ")) for name in sorted(available_timezones()) if "/" in name or name == "UTC"]
    return [("", blank), *names] if blank else names


class PersonForm(forms.ModelForm):
    class Meta:
        model = User
        fields = ["first_name", "last_name", "email", "role", "team", "capacity", "away_until", "is_active"]
        labels = {"is_active": "May log in", "capacity": "Most open hand-offs at a time", "email": "E-mail"}
        help_texts = {"is_active": "Without it nobody can log in as this person, and no lead is routed to them."}
        widgets = {"away_until": DateInput()}

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
    currency = CurrencyField()

    class Meta:
        model = Organisation
        fields = ["name", "time_zone", "currency", "fiscal_year_starts"]
        labels = {"fiscal_year_starts": "Fiscal year starts in month"}


class ProfileForm(forms.ModelForm):
    time_zone = forms.ChoiceField(choices=lambda: zone_choices("As the organisation"), required=False)

    class Meta:
        model = User
        fields = ["first_name", "last_name", "time_zone", "away_until"]
        help_texts = {"away_until": "No lead is routed to you until the day after."}
        widgets = {"away_until": DateInput()}


class ConfirmForm(forms.Form):
    """A deed that cannot be undone is confirmed by typing its name."""

    word = forms.CharField(label="Type “remove” to confirm", widget=forms.TextInput(attrs={"autocomplete": "off"}))

    def clean_word(self) -> str:
        word = str(self.cleaned_data["word"]).strip().strip("“”").lower()
        if word != "remove":
            raise forms.ValidationError("Type the word “remove”, or leave the page.")
        return word

"""Input to the settings of people and teams."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.template.loader import render_to_string

from crm.forms import DateInput, zone_choices
from crm.models import Role, Team, User
from crm.working_hours import DAYS, NAMES, Hours, is_span


class WeekInput(forms.Widget):
    """A week of seven lines, each from one time to another."""

    use_fieldset = True

    def format_value(self, value: Any) -> Any:
        return value or {}

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> Any:
        hours = self.format_value(value)
        days = [
            {"key": day, "name": NAMES[day], "start": span[0], "end": span[1]}
            for day in DAYS
            for span in [hours.get(day) or ("", "")]
        ]
        return render_to_string("crm/week.html", {"name": name, "days": days, "id": (attrs or {}).get("id", name)})

    def value_from_datadict(self, data: Any, files: Any, name: str) -> dict[str, list[str]]:
        """The days with anything typed in them."""
        typed = {day: [data.get(f"{name}_{day}_{part}", "").strip() for part in ("from", "to")] for day in DAYS}
        return {day: span for day, span in typed.items() if any(span)}

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return not any(key.startswith(f"{name}_") for key in data)


class WorkingHoursField(forms.Field):
    """Cleaned to Hours; names the day whose times make no sense."""

    widget = WeekInput

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, **options)

    def clean(self, value: Any) -> Hours:
        wrong = [str(NAMES[day]) for day, span in (value or {}).items() if not is_span(span)]
        if wrong:
            raise forms.ValidationError(f"{', '.join(wrong)}: give a beginning and a later end, or leave both empty.")
        return {day: [text[:5] for text in span] for day, span in (value or {}).items()}

    def has_changed(self, initial: Any, data: Any) -> bool:
        return (initial or {}) != (data or {})


def language_codes(values: Iterable[str]) -> list[str]:
    """ISO 639-1 codes in small letters, each once. Raises ValidationError for anything else."""
    codes = [code.strip().lower() for code in values if code.strip()]
    if odd := next((code for code in codes if not (len(code) == 2 and code.isascii() and code.isalpha())), ""):
        raise forms.ValidationError(f"“{odd}” is not a code of two letters such as de.")
    return list(dict.fromkeys(codes))


class PersonForm(forms.ModelForm):
    working_hours = WorkingHoursField(help_text="Leave a day empty where they are free; all empty: as the team.")

    class Meta:
        model = User
        fields = [
            "first_name", "last_name", "email", "role", "team", "specialisms", "languages", "weight", "capacity",
            "started_on", "away_until", "working_hours",
        ]  # fmt: skip
        labels = {
            "capacity": "Most open hand-offs", "email": "E-mail", "weight": "Share of hand-offs",
            "started_on": "Started on", "away_until": "Away until",
        }  # fmt: skip
        help_texts = {
            "specialisms": "Parted by commas: logistics, public sector",
            "languages": "Codes of two letters, parted by commas: de, en. Empty: any.",
            "weight": "The share of the team’s turns: 2 gets twice as many as 1, 0 none.",
            "capacity": "Empty: no limit.",
            "away_until": "No lead is routed to them until the day after.",
        }
        widgets = {"away_until": DateInput(), "started_on": DateInput()}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Imported people may have none; whoever is invited here is to log in.
        self.fields["email"].required = not (self.instance.pk and not self.instance.email)
        self.fields["first_name"].required = True

    def clean_email(self) -> str | None:
        email = (self.cleaned_data["email"] or "").strip().lower()
        if email and User.objects.filter(email__iexact=email).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError("Somebody else has this e-mail address.")
        return email or None

    def clean_specialisms(self) -> list[str]:
        return list(dict.fromkeys(filter(None, self.cleaned_data["specialisms"])))

    def clean_languages(self) -> list[str]:
        return language_codes(self.cleaned_data["languages"])

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        team, role = values.get("team"), values.get("role")
        sides = {Role.REP: "sales", Role.MARKETER: "marketing"}
        if team and role in sides and team.kind != sides[role]:
            self.add_error("team", f"{team} is a {team.get_kind_display().lower()} team.")
        return values


class TeamForm(forms.ModelForm):
    working_hours = WorkingHoursField(help_text="Leave a day empty where the team is free; all empty: round the clock.")
    time_zone = forms.ChoiceField(
        choices=lambda: zone_choices("As the organisation"), required=False, help_text="Where these hours are."
    )

    class Meta:
        model = Team
        fields = ["name", "kind", "manager", "region", "time_zone", "holidays", "working_hours"]
        labels = {"kind": "Side"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        managers = User.objects.filter(role=Role.MANAGER, is_active=True)
        self.fields["manager"].queryset = managers  # type: ignore[attr-defined]
        self.fields["holidays"].empty_label = "As the organisation"  # type: ignore[attr-defined]


class ProfileForm(forms.ModelForm):
    time_zone = forms.ChoiceField(choices=lambda: zone_choices("As the organisation"), required=False)

    class Meta:
        model = User
        fields = ["first_name", "last_name", "time_zone", "away_until", "signature"]
        help_texts = {
            "away_until": "No lead is routed to you until the day after.",
            "signature": "Stands below the e-mails that you write to buyers from here.",
        }
        widgets = {"away_until": DateInput(), "signature": forms.Textarea(attrs={"rows": 4})}


class AbsenceForm(forms.Form):
    """Until when somebody is away."""

    field_of = {"absence_over": "until"}
    until = forms.DateField(label="Away until", widget=DateInput())

    def __init__(self, *args: Any, on: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["until"].help_text = "The last day away. Until it has passed no lead is routed to you."
        self.fields["until"].widget.attrs["min"] = on.isoformat()

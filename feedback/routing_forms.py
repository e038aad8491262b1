"""Input to the settings of routing: a rule, the plan, what a rep takes, one lead to try."""

from collections.abc import Iterable
from typing import Any

from django import forms

from campaigns.models import Channel
from crm.forms import DateInput
from crm.models import Team, User
from crm.people_forms import language_codes
from crm.picking import PickField
from crm.requests import id_of
from feedback.forms import RecipientField, recipient_choices
from feedback.models import RoutingPlan, RoutingRule
from feedback.routing.conditions import FIELDS, BadConditions, clean_values, normal
from feedback.routing.words import language_name
from leads.list_queries import recent_values
from leads.models import Lead
from leads.pick_values import FIELD_OF, offered_values
from leads.picking import LEADS

MOST_OFFERED = 16
LISTS = {name: list_ for list_, name in FIELD_OF.items()}
LABELS = {
    "country": "Country", "segment": "Segment", "product_interest": "Product", "language": "Language",
    "source": "Source", "channel": "Channel",
}  # fmt: skip


def value_label(name: str, value: str) -> str:
    if name == "channel":
        return str(Channel(value).label)
    return language_name(value) if name == "language" else value


def offered_for(name: str, present: Iterable[str] = ()) -> list[str]:
    """What to tick: the channels, the values of the list people keep, else those of the newest leads."""
    if name == "channel":
        return list(Channel.values)
    kept = offered_values(LISTS[name]) if name in LISTS else []
    distinct: dict[str, str] = {}
    for value in [*present, *(kept or recent_values(Lead, name))]:
        if value and value.strip():
            distinct.setdefault(normal(name, value), value)
    return list(distinct.values())[:MOST_OFFERED]


class RuleForm(forms.ModelForm):
    """Name, one field for each condition, and where the leads go."""

    field_of = {"no_recipient": "to", "bad_conditions": ""}
    to = forms.ChoiceField(label="They go to", choices=lambda: [("", "Choose a team or a rep"), *recipient_choices()])

    class Meta:
        model = RoutingRule
        fields = ["name", "specialism"]
        help_texts = {
            "name": "Whoever gets a lead by this rule reads it.",
            "specialism": "A tag on reps, such as packaging: only they take turns.",
        }
        labels = {"specialism": "Only reps with"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rule = self.instance
        for name, label in LABELS.items():
            self.add_condition(name, label, rule.conditions.get(name, []))
        self.fields["to"].initial = f"team:{rule.to_team_id}" if rule.to_team_id else f"user:{rule.to_user_id or ''}"

    def add_condition(self, name: str, label: str, values: list[str]) -> None:
        """Known values to tick, and except for channels, of which there are no others, a line for more."""
        offered = offered_for(name, values)
        self.fields[name] = forms.MultipleChoiceField(
            choices=[(value, value_label(name, value)) for value in offered],
            required=False, label=label, initial=values, widget=forms.CheckboxSelectMultiple,
        )  # fmt: skip
        if name != "channel":
            others = ", ".join(value for value in values if value not in offered)
            hint = "Codes of two letters: de, fr" if name == "language" else "Others, parted by commas"
            line = forms.TextInput(attrs={"placeholder": hint, "aria-label": f"{label}: others"})
            self.fields[f"{name}_more"] = forms.CharField(
                required=False, max_length=8_000, initial=others, widget=line, label=f"{label}: others"
            )

    @property
    def conditions(self) -> list[dict[str, Any]]:
        """Each condition with its two fields, for the template."""
        more = {name: self[f"{name}_more"] for name in LABELS if f"{name}_more" in self.fields}
        return [{"ticks": self[name], "more": more.get(name)} for name in LABELS]

    def clean_condition(self, name: str, values: dict[str, Any]) -> list[str]:
        typed = values.get(f"{name}_more", "").split(",")
        try:
            return clean_values(name, [*values.get(name, []), *typed])
        except BadConditions as error:
            self.add_error(f"{name}_more" if f"{name}_more" in self.fields else name, str(error))
            return []

    def clean_to(self) -> dict[str, Any]:
        kind, _colon, number = str(self.cleaned_data["to"]).partition(":")
        if kind == "team":
            return {"to_team": Team.objects.get(pk=number), "to_user": None}
        return {"to_team": None, "to_user": User.objects.select_related("team").get(pk=number)}

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        values["conditions"] = {name: found for name in FIELDS if (found := self.clean_condition(name, values))}
        if values.get("specialism") and values.get("to", {}).get("to_user"):
            self.add_error("specialism", "It chooses among the reps of a team: choose a team or leave it empty.")
        return values

    def _post_clean(self) -> None:
        """The write checks the rule itself, with its target and conditions."""

    @property
    def wanted(self) -> dict[str, Any]:
        """What `create_rule` and `edit_rule` take."""
        values = self.cleaned_data
        return {name: values[name] for name in ("name", "specialism", "conditions")} | values["to"]


class PlanForm(forms.Form):
    """What holds for every lead."""

    offers_automatically = forms.BooleanField(
        label="Hand over by itself what becomes an MQL", required=False,
        help_text="From the moment it is switched on; what was an MQL before stays with marketing.",
    )  # fmt: skip
    account_owner_first = forms.BooleanField(
        label="Account owner first", required=False,
        help_text="Who has an open opportunity at the lead’s company, or won one.",
    )  # fmt: skip
    earlier_owner_first = forms.BooleanField(
        label="Who had it before first", required=False,
        help_text="Who accepted the lead, or another one of the same person, unless their last word was no.",
    )  # fmt: skip
    fallback = forms.ChoiceField(
        label="Otherwise", required=False,
        choices=lambda: [("", "The first sales team, then its manager"), *recipient_choices()],
        help_text="Who gets what no rule places, and what nobody of a rule can take now.",
    )  # fmt: skip

    def __init__(self, *args: Any, plan: RoutingPlan, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = ("offers_automatically", "account_owner_first", "earlier_owner_first")
        for name in names:
            self.fields[name].initial = getattr(plan, name)
        team, user = plan.fallback_team_id, plan.fallback_user_id
        self.fields["fallback"].initial = f"team:{team}" if team else f"user:{user}" if user else ""

    def clean_fallback(self) -> dict[str, Any]:
        kind, _colon, number = str(self.cleaned_data["fallback"]).partition(":")
        return {
            "fallback_team": Team.objects.get(pk=number) if kind == "team" else None,
            "fallback_user": User.objects.get(pk=number) if kind == "user" else None,
        }

    @property
    def wanted(self) -> dict[str, Any]:
        values = dict(self.cleaned_data)
        return {**values.pop("fallback"), **values}


class RepForm(forms.ModelForm):
    """What a rep takes."""

    class Meta:
        model = User
        fields = ["weight", "capacity", "specialisms", "languages", "away_until"]
        labels = {"weight": "Weight", "capacity": "Most open hand-offs", "away_until": "Away until"}
        help_texts = {
            "weight": "The share of the team’s turns: 2 gets twice as many as 1, 0 none.",
            "capacity": "Empty: no limit.",
            "specialisms": "Parted by commas: packaging, public sector",
            "languages": "Codes of two letters, parted by commas: de, en. Empty: any.",
            "away_until": "The last day away: until then nothing is routed to them.",
        }
        widgets = {"away_until": DateInput()}

    def clean_specialisms(self) -> list[str]:
        return list(dict.fromkeys(tag.strip() for tag in self.cleaned_data["specialisms"] if tag.strip()))

    def clean_languages(self) -> list[str]:
        return language_codes(self.cleaned_data["languages"])


class LeadField(PickField):
    """A lead picked, or named by its number."""

    def clean(self, value: Any) -> Any:
        picked, text = value or ("", None)
        number = 0 if picked else id_of((text or "").strip().removeprefix("#"))
        found = self.source.rows().filter(pk=number).first() if number else None
        return found or super().clean(value)


class TryForm(forms.Form):
    """One lead to see what the rules make of it."""

    lead = LeadField(LEADS, placeholder="Name or number of a lead", label="Lead", required=False)


class ReroutingForm(forms.Form):
    """Where all that waits for one rep goes."""

    field_of = {"no_recipient": "recipient"}
    recipient = RecipientField(by_rules=True, label="They go")

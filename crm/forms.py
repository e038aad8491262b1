"""Input to the settings of the organisation, and what forms of every room share."""

from collections.abc import Callable
from typing import Any, ClassVar
from zoneinfo import available_timezones

from django import forms
from django.db.models import Model
from django.utils import timezone
from django.utils.dates import MONTHS
from phonenumbers import SUPPORTED_REGIONS, country_code_for_region

from crm.editing import StaleEdit, trace
from crm.errors import BusinessError
from crm.fiscal import fiscal_quarter
from crm.models import FiscalCalendar, Organisation


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
        """What the form said it showed; a program that sends nothing of the kind does not mind."""
        sent = [name for name in self.named if f"seen_{name}" in self.data]
        return {name: self.cleaned_data.get(f"seen_{name}", "") for name in sent}

    @property
    def changed(self) -> dict[str, Any]:
        return {
            name: self.cleaned_data[name]
            for name in self.named
            if trace(self.cleaned_data[name]) != self.seen.get(name)
        }

    def show_stale(self, error: StaleEdit, present: Model) -> None:
        """Say at each field what somebody else made of it; sent again, this form's values are meant."""
        who = error.write.name if error.write else "Somebody"
        for name in error.extra["fields"]:
            self.add_error(name, f"{who} wrote “{getattr(present, name)}” meanwhile. Save again to keep yours.")
        self.data = {**self.data.dict(), **{f"seen_{name}": trace(getattr(present, name)) for name in self.named}}  # type: ignore[attr-defined]


def zone_choices(blank: str = "") -> list[tuple[str, str]]:
    names = [(name, name.replace("_", " ")) for name in sorted(available_timezones()) if "/" in name or name == "UTC"]
    return [("", blank), *names] if blank else names


def region_choices() -> list[tuple[str, str]]:
    """Countries by the code that telephone numbers begin with: ("DE", "Germany (+49)")."""
    # Half a second and some megabytes, for this page alone.
    from phonenumbers.geodata.locale import LOCALE_DATA

    def name(region: str) -> str:
        names = LOCALE_DATA.get(region, {})
        english = names.get("en", region)
        # "*aa" says: as in the language aa.
        return names[english[1:]] if english.startswith("*") else english

    named = {region: name(region) for region in SUPPORTED_REGIONS}
    ordered = sorted(named, key=lambda region: named[region])
    words = [(region, f"{named[region]} (+{country_code_for_region(region)})") for region in ordered]
    return [("", "None: it stays as it was written"), *words]


class OrganisationForm(forms.ModelForm):
    field_of: ClassVar = {"rates_there": "currency"}
    time_zone = forms.ChoiceField(
        choices=zone_choices, help_text="Cuts every day and month, whoever looks. A change counts all figures anew."
    )
    currency = CurrencyField()
    fiscal_year_starts = forms.TypedChoiceField(
        label="Fiscal year starts in",
        coerce=int,
        choices=list(MONTHS.items()),
        help_text="Cuts the quarters of every report. A change counts all figures anew.",
    )
    fiscal_calendar = forms.ChoiceField(label="Quarters and months", choices=FiscalCalendar.choices)
    phone_region = forms.ChoiceField(
        label="Telephone numbers without a country",
        choices=region_choices,
        required=False,
        help_text="Where such a number is taken to be, so that the same number is found however it is written.",
    )

    class Meta:
        model = Organisation
        fields = ["name", "time_zone", "holidays", "currency", "fiscal_year_starts", "fiscal_calendar", "phone_region"]
        help_texts = {"holidays": "The days on which nobody works, unless a team has a calendar of its own."}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        now = fiscal_quarter(timezone.localdate())
        self.fields["fiscal_calendar"].help_text = (
            "By weeks, every quarter has thirteen and the year begins on the Monday nearest to the first of its month. "
            f"At present {now.label} has the days {now.start:%-d %b %Y} to {now.last_day:%-d %b %Y}."
        )


class ConfirmForm(forms.Form):
    """A deed that cannot be undone is confirmed by typing its name."""

    word = forms.CharField(label="Type “remove” to confirm", widget=forms.TextInput(attrs={"autocomplete": "off"}))

    def clean_word(self) -> str:
        word = str(self.cleaned_data["word"]).strip().strip("“”").lower()
        if word != "remove":
            raise forms.ValidationError("Type the word “remove”, or leave the page.")
        return word

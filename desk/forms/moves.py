"""Input to what is done with a lead: moves, hand-off, conversion, touches."""

from datetime import date
from functools import partial
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.picking import CAMPAIGNS, CONTENT
from crm.forms import CurrencyField, DateInput
from crm.moments import require_the_past
from crm.picking import PickField
from desk.queries.conversion import ConversionFacts
from feedback.forms import RecipientField
from leads.lifecycle import PARK, QUALIFY, RETURN, Move, ReasonUse
from leads.models import Company, Contact, Lead, Opportunity, Reason, Touch
from leads.picking import COMPANIES, CONTACTS

TEXT = forms.Textarea(attrs={"rows": 3})


class MoveForm(forms.Form):
    """What a move asks for: a reason, a date to look again, or what a qualified buyer needs, as the move demands."""

    field_of = {"comment_required": "note", "reason_required": "reason"}
    note = forms.CharField(required=False, max_length=2000, widget=TEXT)

    def __init__(self, *args: Any, move: Move, lead: Lead, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        first: dict[str, forms.Field] = {"reason": reason_field(move.reason)} if move.reason else {}
        if move in (PARK, RETURN):
            first["revisit_on"] = forms.DateField(
                required=False,
                widget=DateInput(),
                label=_("Look again on"),
                help_text=_("In 90 days unless you say otherwise."),
            )
        if move == QUALIFY:
            first |= need_fields(lead)
        self.fields = {**first, **self.fields}

    def clean_revisit_on(self) -> date | None:
        """A day that has come would bring the lead back at once."""
        day: date | None = self.cleaned_data["revisit_on"]
        if day and day <= timezone.localdate():
            raise forms.ValidationError(_("Choose a day that lies ahead."))
        return day


def reason_field(use: ReasonUse) -> forms.ModelChoiceField:
    return forms.ModelChoiceField(
        Reason.objects.filter(use=use, retired=False),
        to_field_name="code", empty_label=None, widget=forms.RadioSelect, label=_("Why?"),
        error_messages={"required": _("Choose a reason.")},
    )  # fmt: skip


def need_fields(lead: Lead) -> dict[str, forms.Field]:
    """What makes a lead qualified; only the need is demanded."""
    words = {"required": _("Say what they need, as they said it.")}
    short = partial(forms.CharField, required=False, max_length=200)
    return {
        "need": forms.CharField(
            max_length=20_000, widget=TEXT, initial=lead.need, label=_("What do they need?"), error_messages=words,
            help_text=_("In the buyer's words."),
        ),
        "authority": short(initial=lead.authority, help_text=_("Who decides?")),
        "timing": short(initial=lead.timing, help_text=_("By when, and why then?")),
        "budget": short(initial=lead.budget, help_text=_("What is set aside for it?")),
    }  # fmt: skip


class HandoffForm(forms.Form):
    """Who shall answer, and what the buyer expects."""

    field_of = {"no_recipient": "recipient"}
    recipient = RecipientField(by_rules=True, label=_("To"))
    promised = forms.CharField(
        required=False, max_length=1000, widget=TEXT, label=_("Promised to the buyer"),
        help_text=_("The rep reads this first: a call before Friday, a price list, nothing."),
    )  # fmt: skip


class ConversionForm(forms.Form):
    """What the lead becomes: which company, which contact, a new opportunity or a part in one that is there."""

    FOUND, ANOTHER, NEW = "found", "another", "new"

    opportunity = forms.ChoiceField(widget=forms.RadioSelect, label=_("Opportunity"), initial=NEW)
    name = forms.CharField(required=False, max_length=200)
    amount = forms.DecimalField(required=False, min_value=0, max_digits=14, decimal_places=2)
    currency = CurrencyField()
    expected_close = forms.DateField(required=False, widget=DateInput(), label=_("Expected close"))
    company = forms.ChoiceField(widget=forms.RadioSelect, required=False)
    another_company = PickField(COMPANIES, required=False, label=_("Which company?"))
    contact = forms.ChoiceField(widget=forms.RadioSelect)
    another_contact = PickField(CONTACTS, required=False, label=_("Which contact?"))

    def __init__(self, *args: Any, lead: Lead, facts: ConversionFacts, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.facts = facts
        joinable = [(str(deal.pk), deal) for deal in facts.joinable]
        choices = {
            "company": self.choices_of(facts.company, lead.company_name),
            "contact": self.choices_of(facts.contact, str(lead)),
            "opportunity": [(self.NEW, _("A new one")), *joinable],
        }
        for name, found in choices.items():
            self.fields[name].choices = found  # type: ignore[attr-defined]
            self.fields[name].initial = found[0][0]

    def choices_of(self, known: Company | Contact | None, new: str) -> list[tuple[str, Any]]:
        found = [(self.FOUND, known)] if known else []
        made = [(self.NEW, new)] if new else []
        return [*found, *made, (self.ANOTHER, _("Another one"))]

    def clean(self) -> dict[str, Any]:
        for name in ("company", "contact"):
            if self.cleaned_data.get(name) == self.ANOTHER and not self.cleaned_data.get(f"another_{name}"):
                self.add_error(f"another_{name}", _("Choose one from the list."))
        return self.cleaned_data

    @property
    def joined(self) -> Opportunity | None:
        """The opportunity to add the lead to; None for a new one."""
        return next((deal for deal in self.facts.joinable if str(deal.pk) == self.cleaned_data["opportunity"]), None)

    @property
    def parties(self) -> dict[str, Any]:
        """Company and contact as `convert_lead` takes them."""
        chosen: dict[str, Any] = {"make_new": set()}
        for name in ("company", "contact"):
            answer = self.cleaned_data.get(name)
            if answer == self.NEW:
                chosen["make_new"].add(name)
            else:
                chosen[name] = self.cleaned_data[f"another_{name}"] or getattr(self.facts, name)
        return chosen

    @property
    def deal(self) -> dict[str, Any]:
        """What a new opportunity is worth, as `convert_lead` takes it."""
        return {name: self.cleaned_data[name] for name in ("name", "amount", "currency", "expected_close")}


class TouchForm(forms.ModelForm):
    """One contact between the buyer and us, written down by hand."""

    at = forms.SplitDateTimeField(
        widget=forms.SplitDateTimeWidget(date_attrs={"type": "date"}, time_attrs={"type": "time"}, time_format="%H:%M"),
        label=_("When"),
        validators=[require_the_past],
    )
    campaign = PickField(CAMPAIGNS, required=False)
    asset = PickField(CONTENT, required=False, label=_("Content"))

    class Meta:
        model = Touch
        fields = ["kind", "by", "at", "campaign", "asset"]
        labels = {"kind": _("What happened"), "by": _("Who acted")}

"""The filters of the list of leads: what an address asks for, and the chips that say so."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.db.models import Q
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign, Channel
from crm.models import Role, Team, User
from crm.requests import id_of
from crm.search import every_word
from leads.lifecycle import Stage
from leads.list_queries import leads_of, needing_repair, nurture_due, present_leads, recent_values
from leads.models import Company, Contact
from leads.models.lead import LeadQuerySet

MOST_CAMPAIGNS = 300
SEARCHED = (
    "first_name__icontains", "last_name__icontains", "email__icontains", "company_name__icontains",
    "external_id__istartswith",
)  # fmt: skip


@dataclass(frozen=True)
class Tab:
    """A list that somebody works through. ``leads``: its rows for a person, on a day."""

    key: str
    label: str
    leads: Callable[[User, date], LeadQuerySet]
    empty_title: str
    empty_text: str


TABS = (
    Tab(
        "mine", "My open", lambda user, on: leads_of(user).open(),
        "No open lead is yours", "New leads of your campaigns and leads you accept stand here.",
    ),
    Tab(
        "waiting", "Waiting for sales", lambda user, on: present_leads().filter(stage=Stage.OFFERED),
        "Nothing waits for sales", "Every lead handed over has its answer. That is what good looks like.",
    ),
    Tab(
        "repair", "Needs repair", lambda user, on: needing_repair(present_leads()),
        "Nothing to repair", "No lead came back for missing or wrong data. That is what good looks like.",
    ),
    Tab(
        "nurture", "Nurture due", lambda user, on: nurture_due(present_leads(), on=on),
        "Nobody is due today", "Leads in nurture stand here on the day you meant to look at them again.",
    ),
    Tab(
        "all", "All", lambda user, on: present_leads(),
        "No leads yet", "Import a list, or write down the first one.",
    ),
)  # fmt: skip
TAB_OF = {tab.key: tab for tab in TABS}


def owner_choices() -> list[Any]:
    teams = Team.objects.all()
    people = User.objects.filter(is_active=True).exclude(role=Role.ADMIN)
    return [
        ("", "Anyone"), ("me", "Me"), ("team", "My team"), ("nobody", "Nobody"),
        ("Teams", [(f"team:{team.pk}", team.name) for team in teams]),
        ("People", [(f"user:{person.pk}", str(person)) for person in people]),
    ]  # fmt: skip


def campaign_choices() -> list[tuple[str, str]]:
    newest = Campaign.objects.order_by("-starts_on", "-id").values_list("pk", "name")[:MOST_CAMPAIGNS]
    return [("", "All campaigns"), *[(str(pk), name) for pk, name in newest]]


def value_choices(field: str, blank: str) -> Callable[[], list[tuple[str, str]]]:
    return lambda: [("", blank), *[(value, value.replace("_", " ")) for value in recent_values(field)]]


class AnyOf(forms.ChoiceField):
    """A choice that also takes a value no longer offered: an old address goes on working."""

    def valid_value(self, value: str) -> bool:
        return True


class LeadFilterForm(forms.Form):
    q = forms.CharField(label=_("Search"), required=False, max_length=120)
    stage = forms.ChoiceField(label=_("Stage"), required=False, choices=[("", "All stages"), *Stage.choices])
    owner = forms.ChoiceField(label=_("Owner"), required=False, choices=owner_choices)
    campaign = AnyOf(label=_("Campaign"), required=False, choices=campaign_choices)
    channel = forms.ChoiceField(label=_("Channel"), required=False, choices=[("", "All channels"), *Channel.choices])
    source = AnyOf(label=_("Source"), required=False, choices=value_choices("source", "All sources"))
    segment = AnyOf(label=_("Segment"), required=False, choices=value_choices("segment", "All segments"))
    company = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)
    contact = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)

    def __init__(self, query: QueryDict) -> None:
        super().__init__(query, auto_id="filter_%s")
        self.fields["q"].widget.attrs |= {
            "type": "search",
            "placeholder": "Name, company, e-mail",
            "data-key": "f",
            "data-key-label": "Search the list",
        }

    def chosen(self) -> dict[str, Any]:
        """The filters in force; one with a value that makes no sense is left out."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value not in ("", None)}


def filter_leads(leads: LeadQuerySet, chosen: dict[str, Any], *, by: User) -> LeadQuerySet:
    for name, value in chosen.items():
        leads = leads.filter(condition(name, value, by=by))
    return leads


def condition(name: str, value: Any, *, by: User) -> Q:
    if name == "q":
        return every_word(value, *SEARCHED)
    if name == "owner":
        return owned(value, by=by)
    if name == "campaign":
        return Q(campaign=id_of(value))
    return Q(**{name: value})


def owned(value: str, *, by: User) -> Q:
    kind, _colon, number = value.partition(":")
    if kind == "me":
        return Q(owner=by)
    if kind == "nobody":
        return Q(owner__isnull=True)
    if kind == "user":
        return Q(owner=number)
    return Q(team=number or by.team_id)


def chips(form: LeadFilterForm, query: QueryDict) -> list[dict[str, str]]:
    """One chip for each filter in force, with the address without it."""
    return [
        {"label": said(form, name, value), "address": without(query, name)} for name, value in form.chosen().items()
    ]


def said(form: LeadFilterForm, name: str, value: Any) -> str:
    """ "Stage: MQL"."""
    if name == "q":
        return f"“{value}”"
    if name in ("company", "contact"):
        rows = {"company": Company.objects.all(), "contact": Contact.objects.all()}[name]
        return f"{name.title()}: {rows.filter(pk=value).first() or 'unknown'}"
    words = dict(flatten(form.fields[name].choices))  # type: ignore[attr-defined]
    return f"{form.fields[name].label}: {words.get(value) or str(value).replace('_', ' ')}"


def flatten(choices: Any) -> list[tuple[str, str]]:
    flat: list[tuple[str, str]] = []
    for value, label in choices:
        flat += flatten(label) if isinstance(label, list) else [(value, label)]
    return flat


def without(query: QueryDict, *names: str) -> str:
    fresh = query.copy()
    for name in (*names, "after", "before"):
        fresh.pop(name, None)
    return f"?{fresh.urlencode()}"


def default_tab(user: User) -> str:
    """Admins have no leads of their own."""
    return "all" if user.is_admin else "mine"

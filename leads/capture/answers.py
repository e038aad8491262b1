"""Reading what was sent: who it is, what they wrote, where they came from."""

from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.db.models import F, Func, Value
from django.db.models.functions import Lower, Trim

from campaigns.models import Campaign, Channel
from leads.activities import LONGEST_NOTE
from leads.capture.receiving import UTM
from leads.models import CaptureForm, Lead

PERSON = ("first_name", "last_name", "email", "phone", "company_name", "title", "country")
NOT_TICKED = ("", "0", "false", "no", "off")
# What `utm_medium` usually says, as our channels.
MEDIA = {
    "email": Channel.EMAIL,
    "newsletter": Channel.EMAIL,
    "cpc": Channel.SEARCH,
    "ppc": Channel.SEARCH,
    "paid-search": Channel.SEARCH,
    "organic": Channel.SEARCH,
    "social": Channel.SOCIAL,
    "paid-social": Channel.SOCIAL,
    "display": Channel.DISPLAY,
    "banner": Channel.DISPLAY,
    "referral": Channel.REFERRAL,
    "affiliate": Channel.PARTNER,
    "partner": Channel.PARTNER,
    "event": Channel.EVENT,
    "webinar": Channel.WEBINAR,
    "content": Channel.CONTENT,
    "qr": Channel.OTHER,
}


class Refused(Exception):
    """Nothing can be made of the answer; the text says why, for a marketer."""


def text(name: str, *, label: str, autocomplete: str = "", **options: Any) -> forms.CharField:
    limit = Lead._meta.get_field(name).max_length  # type: ignore[union-attr]
    widget = forms.TextInput(attrs={"autocomplete": autocomplete})
    return forms.CharField(label=label, max_length=limit, required=False, widget=widget, **options)


class AnswerForm(forms.Form):
    """The fixed fields of every form. A person must be reachable: by e-mail or by telephone."""

    first_name = text("first_name", label="First name", autocomplete="given-name")
    last_name = text("last_name", label="Last name", autocomplete="family-name")
    email = forms.EmailField(
        label="E-mail", max_length=254, required=False, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )
    phone = forms.CharField(
        label="Phone", max_length=60, required=False,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )  # fmt: skip
    company_name = text("company_name", label="Company", autocomplete="organization")
    title = text("title", label="Job title", autocomplete="organization-title")
    country = text("country", label="Country", autocomplete="country-name")
    message = forms.CharField(
        label="Your message", max_length=LONGEST_NOTE, required=False, widget=forms.Textarea(attrs={"rows": 4})
    )
    # A box on the page; programs send what they like.
    contact_me = forms.CharField(label="Please contact me", required=False, max_length=200)

    def clean_contact_me(self) -> bool:
        return self.cleaned_data["contact_me"].lower() not in NOT_TICKED

    def clean(self) -> dict[str, Any]:
        sent = super().clean() or {}
        if not self.errors and not (sent.get("email") or sent.get("phone")):
            self.add_error("email", "Please give an e-mail address or a phone number, so that we can answer.")
        return sent


@dataclass(frozen=True)
class Answer:
    """One answer, cleaned. ``person``: fields of the lead, empty ones left out."""

    person: dict[str, str]
    message: str = ""
    raised_hand: bool = False
    utm: dict[str, str] = field(default_factory=dict)


def read_answer(payload: dict[str, str]) -> Answer:
    """Raises Refused with what is wrong with it."""
    form = AnswerForm(payload)
    if not form.is_valid():
        raise Refused(complaint(form))
    sent = form.cleaned_data
    return Answer(
        person={name: sent[name] for name in PERSON if sent[name]},
        message=sent["message"],
        raised_hand=sent["contact_me"],
        utm={name: payload[f"utm_{name}"][:200] for name in UTM if payload.get(f"utm_{name}")},
    )


def complaint(form: forms.Form) -> str:
    """ "E-mail: Enter a valid email address."; the first of the errors."""
    name, texts = next(iter(form.errors.items()))
    return f"{form.fields[name].label}: {texts[0]}" if name in form.fields else str(texts[0])


@dataclass(frozen=True)
class Origin:
    """Where an answer came from, as the lead and its touch keep it."""

    campaign: Campaign | None
    channel: str
    source: str


def origin_of(answer: Answer, form: CaptureForm) -> Origin:
    """What the address said, else what the form says."""
    campaign = campaign_named(answer.utm.get("campaign", "")) or form.campaign
    channel = campaign.channel if campaign else MEDIA.get(answer.utm.get("medium", "").lower(), "")
    return Origin(campaign, channel, answer.utm.get("source", "")[:120] or form.source)


def campaign_named(name: str) -> Campaign | None:
    """The newest campaign of this name; "spring-webinar" is "Spring webinar"."""
    words = " ".join("".join(letter if letter.isalnum() else " " for letter in name.lower()).split())
    if not words:
        return None
    plain = Trim(Func(Lower(F("name")), Value("[^[:alnum:]]+"), Value(" "), Value("g"), function="regexp_replace"))
    return Campaign.objects.filter(archived_at=None).alias(plain=plain).filter(plain=words).order_by("-id").first()

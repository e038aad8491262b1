"""Input to leads."""

from typing import Any

from django import forms

from campaigns.models import Channel
from campaigns.picking import CAMPAIGNS
from crm.errors import BusinessError
from crm.picking import PickField
from leads.custom_forms import OwnFieldsMixin
from leads.models import Company, Contact, CustomRecord, Lead, PickList
from leads.pick_values import choices
from leads.picking import COMPANIES, CONTACTS
from leads.tagging import tags_in


class TagsField(forms.CharField):
    """Tags parted by commas; cleaned to a list, as leads/tagging.py takes them."""

    def prepare_value(self, value: Any) -> str:
        return ", ".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        try:
            return tags_in(super().clean(value))
        except BusinessError as error:
            raise forms.ValidationError(str(error), code=error.code) from error


def offer_values(form: forms.BaseForm, **lists: PickList) -> None:
    """Let these fields choose from the lists that are kept; where none is, they stay free text."""
    for name, list_ in lists.items():
        if offered := choices(list_, present=form.initial.get(name, "")):
            old = form.fields[name]
            form.fields[name] = forms.ChoiceField(
                choices=offered, required=False, label=old.label, help_text=old.help_text
            )


class NewRecordForm(forms.ModelForm):
    """A form for something nobody has written down yet; it begins in its first field."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            # A browser that cuts what is pasted says nothing; the form says what is too long, and keeps it.
            field.widget.attrs.pop("maxlength", None)
        next(iter(self.fields.values())).widget.attrs["autofocus"] = True


class NewLeadForm(OwnFieldsMixin, NewRecordForm):
    """What is known of somebody who may buy. Something must be: a name, an e-mail, a phone or a company."""

    campaign = PickField(CAMPAIGNS, required=False)
    contact = PickField(CONTACTS, required=False, label="Known contact", placeholder="Name, e-mail or phone")
    company = PickField(COMPANIES, required=False, label="Known company")
    tags = TagsField(required=False, help_text="Parted by commas.")

    class Meta:
        model = Lead
        fields = [
            "first_name", "last_name", "email", "phone", "title", "company_name", "country", "contact", "company",
            "campaign", "channel", "source", "segment", "product_interest", "tags",
        ]  # fmt: skip
        labels = {
            "email": "E-mail",
            "title": "Job title",
            "company_name": "Company",
            "product_interest": "Interested in",
        }
        help_texts = {"source": "Where exactly, for example organic search or the name of a list."}

    own_record = CustomRecord.LEAD
    # What most leads are written down without; folded until it is asked for.
    REST = ("title", "country", "company", "channel", "source", "segment", "product_interest", "tags")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["channel"].choices = [("", "As the campaign, or unknown"), *Channel.choices]  # type: ignore[attr-defined]
        offer_values(self, source=PickList.SOURCE, segment=PickList.SEGMENT, product_interest=PickList.PRODUCT)
        self.ask_for_own()

    @property
    def rest_is_asked_for(self) -> bool:
        """Whether something folded away is filled in or wrong."""
        folded = [*(self[name] for name in self.REST), *self.own_fields]
        return any(field.errors or field.value() not in (None, "", ("", ""), ("", None)) for field in folded)

    def clean(self) -> dict[str, Any]:
        known = super().clean() or {}
        if contact := known.get("contact"):
            known |= of_contact(contact, known)
        if not any(
            known.get(name) for name in ("first_name", "last_name", "email", "phone", "company_name", "company")
        ):
            raise forms.ValidationError("Give at least a name, an e-mail, a phone number or a company.")
        return self.with_own(known)


def of_contact(contact: Contact, given: dict[str, Any]) -> dict[str, Any]:
    """What a lead of a known contact has from it, where nothing else was given."""
    own = {name: getattr(contact, name) for name in ("first_name", "last_name", "email", "phone", "title", "company")}
    return {name: value for name, value in own.items() if value and not given.get(name)}


class NewContactForm(NewRecordForm):
    """A person known by name, who is no lead yet."""

    company = PickField(COMPANIES, required=False)

    class Meta:
        model = Contact
        fields = ["first_name", "last_name", "email", "phone", "company", "title"]
        labels = {"email": "E-mail", "title": "Job title"}

    def clean(self) -> dict[str, Any]:
        known = super().clean() or {}
        if not any(known.get(name) for name in ("first_name", "last_name", "email")):
            raise forms.ValidationError("Give at least a name or an e-mail.")
        return known


class NewCompanyForm(OwnFieldsMixin, NewRecordForm):
    """An organisation that may buy."""

    own_record = CustomRecord.COMPANY

    class Meta:
        model = Company
        fields = ["name", "domain", "industry", "country", "region", "employees", "is_target"]
        labels = {"is_target": "Target account: marketing and sales agreed to go for it"}
        help_texts = {"domain": "For example acme.com."}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ask_for_own()

    def clean(self) -> dict[str, Any]:
        return self.with_own(super().clean() or {})

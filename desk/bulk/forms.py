"""What a deed on many records asks for."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from campaigns.access import may_create_campaigns
from crm.models import Role, User
from desk.models import ListKey
from feedback.forms import RecipientField
from leads.access import works_for_sales
from leads.forms import TagsField


class PersonChoice(forms.ModelChoiceField):
    """Active people, by their teams; only those who can work what the list holds."""

    def __init__(self, *, list_key: str, **options: Any) -> None:
        super().__init__(User.objects.none(), **options)
        people = User.objects.filter(is_active=True).exclude(role=Role.ADMIN).select_related("team")
        able = {ListKey.OPPORTUNITIES: works_for_sales, ListKey.CAMPAIGNS: may_create_campaigns}.get(
            ListKey(list_key), lambda person: True
        )
        self.people = {str(person.pk): person for person in people if able(person)}
        by_team: dict[str, list[tuple[str, str]]] = {}
        for number, person in self.people.items():
            by_team.setdefault(person.team.name if person.team else "Without a team", []).append((number, str(person)))
        self.choices = [("", "Choose a person"), *sorted(by_team.items())]

    def to_python(self, value: Any) -> User | None:
        if value in self.empty_values:
            return None
        if value not in self.people:
            raise ValidationError("Choose one of these people.", code="invalid_choice")
        return self.people[value]


class DeedForm(forms.Form):
    """Made for the list that the deed is done on; by itself it asks for nothing."""

    def __init__(self, data: Any = None, *, list_key: str) -> None:
        super().__init__(data)


class AssignForm(DeedForm):
    field_of = {"no_recipient": "to"}

    def __init__(self, data: Any = None, *, list_key: str) -> None:
        super().__init__(data, list_key=list_key)
        self.fields["to"] = PersonChoice(
            list_key=list_key, label="To", help_text="" if list_key == ListKey.TASKS else "Their team comes along."
        )


class HandOverForm(DeedForm):
    field_of = {"no_recipient": "recipient"}
    recipient = RecipientField(by_rules=True, label="To")
    promised = forms.CharField(
        label="Promised to the buyer",
        required=False,
        max_length=1_000,
        widget=forms.Textarea(attrs={"rows": 2, "placeholder": "For example: a call this week about prices"}),
    )


class TagForm(DeedForm):
    add = TagsField(label="Add", required=False, help_text="Parted by commas: webinar, hot")
    remove = TagsField(label="Remove", required=False)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if not self.errors and not values.get("add") and not values.get("remove"):
            raise ValidationError("Write at least one tag to add or to remove.")
        return values


class TargetForm(DeedForm):
    wanted = forms.TypedChoiceField(
        label="They are",
        choices=[("yes", "Target accounts"), ("no", "No target accounts")],
        coerce=lambda word: word == "yes",
        initial="yes",
        widget=forms.RadioSelect,
    )


# The form of each verb of desk/bulk/verbs.py.
FORMS: dict[str, type[DeedForm]] = {
    "assign": AssignForm,
    "hand-over": HandOverForm,
    "tag": TagForm,
    "target": TargetForm,
    "archive": DeedForm,
}

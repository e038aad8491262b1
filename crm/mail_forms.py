"""Input to what somebody gets by e-mail."""

from typing import Any

from django import forms

from crm.models import MailPace, User
from crm.notice_kinds import groups_for

PACE_WORDS = [
    (MailPace.AT_ONCE, "At once", "a minute after it rang, unless you have read it"),
    (MailPace.HOURLY, "Once an hour", "at the full hour, if there is anything new"),
    (MailPace.DAILY, "Once a day", "at 8:00 where you are, on your working days"),
    (MailPace.NEVER, "Never", "the bell still rings here"),
]


class ChoicesForm(forms.Form):
    """How often, and of what; a kind that is not ticked never comes by e-mail."""

    pace = forms.ChoiceField(choices=[(pace, label) for pace, label, _words in PACE_WORDS])
    kinds = forms.MultipleChoiceField(required=False)

    def __init__(self, data: Any = None, *, person: User) -> None:
        super().__init__(data)
        self.person, self.groups = person, groups_for(person)
        self.offered = [kind.value for group in self.groups for kind in group.kinds]
        self.fields["kinds"].choices = [(kind, kind) for kind in self.offered]  # type: ignore[attr-defined]

    @property
    def paces(self) -> list[dict[str, Any]]:
        chosen = self.data.get("pace") or self.person.mail_pace
        return [{"value": pace.value, "label": label, "words": words, "is_chosen": pace == chosen}
                for pace, label, words in PACE_WORDS]  # fmt: skip

    @property
    def switches(self) -> list[dict[str, Any]]:
        """The kinds by group, each with its sign, its words and whether it comes by e-mail."""
        muted = set(self.person.mail_muted)
        return [
            {"title": group.title, "rows": [
                {"kind": kind.value, "icon": words.icon, "words": words.words, "is_on": kind.value not in muted}
                for kind, words in group.kinds.items()
            ]}
            for group in self.groups
        ]  # fmt: skip

    @property
    def chosen(self) -> dict[str, Any]:
        """What `edit_profile` takes; kinds that are not offered stay as they are."""
        wanted = set(self.cleaned_data["kinds"])
        unseen = [kind for kind in self.person.mail_muted if kind not in self.offered]
        muted = [kind for kind in self.offered if kind not in wanted]
        return {"mail_pace": self.cleaned_data["pace"], "mail_muted": [*unseen, *muted]}

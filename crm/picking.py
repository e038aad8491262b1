"""One record out of many, chosen by typing: no page ever lists them all."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.template.loader import render_to_string

from crm.models import User
from crm.requests import id_of
from crm.search import every_word, words_of

MOST = 20
# Fewer letters begin too many names for a useful list.
FEWEST_LETTERS = 2


@dataclass(frozen=True)
class Source:
    """What can be picked. ``rows``: all that may be; ``found``: the condition for a text; ``note``: a second line."""

    key: str
    rows: Callable[[], QuerySet[Any]]
    found: Callable[[str], Q]
    note: Callable[[Any], str] = lambda _record: ""
    # A short list can be looked at before anything is typed.
    is_short: bool = False

    def suggest(self, text: str) -> list[Any]:
        """At most MOST records that ``text`` may mean, by name; none for a text too short to tell."""
        text = " ".join(text.split())
        if not self.is_short and (len(text) < FEWEST_LETTERS or not words_of(text)):
            return []
        # Ordered among themselves only: ordering before the limit would read every match of a common word.
        return sorted(self.rows().filter(self.found(text)).order_by()[:MOST], key=lambda record: str(record).lower())

    def named(self, text: str) -> Any:
        """The one record that a typed text means. Raises ValidationError when there is none, or more than one."""
        suggestions = self.suggest(text)
        exact = [record for record in suggestions if same_name(record, text)]
        if len(exact or suggestions) == 1:
            return (exact or suggestions)[0]
        if not suggestions:
            raise ValidationError("Nothing here has this name. Choose from the list.")
        some = ", ".join(str(record) for record in suggestions[:5])
        raise ValidationError(f"Which one? {some}{' …' if len(suggestions) > 5 else ''}")


def people_called(text: str) -> Q:
    return every_word(text, "first_name__icontains", "last_name__icontains", "email__icontains")


PEOPLE = Source(
    "people",
    lambda: User.objects.filter(is_active=True).select_related("team"),
    people_called,
    lambda user: ", ".join(filter(None, [user.get_role_display(), str(user.team or "")])),
    is_short=True,
)


def same_name(record: Any, text: str) -> bool:
    return " ".join(str(record).split()).casefold() == " ".join(text.split()).casefold()


class PickWidget(forms.Widget):
    """A field to type into, and the id of what was chosen from the suggestions (static/js/pick.js)."""

    def __init__(self, source: Source, placeholder: str = "", **options: Any) -> None:
        super().__init__(**options)
        self.source, self.placeholder = source, placeholder

    def value_from_datadict(self, data: Any, files: Any, name: str) -> tuple[str, str | None]:
        """(id, text); no text when an address or a program sends the id alone."""
        return data.get(name) or "", data.get(f"{name}_text")

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return name not in data and f"{name}_text" not in data

    def id_for_label(self, id_: str | None, index: str | None = None) -> str:
        return id_ or ""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> Any:
        number, text = self.parts(value)
        context = {
            "name": name,
            "number": number,
            "text": text,
            "source": self.source.key,
            "placeholder": self.placeholder,
            "attrs": self.build_attrs(self.attrs, attrs),
        }
        return render_to_string("partials/pick.html", context)

    def parts(self, value: Any) -> tuple[Any, str]:
        """(id, text) of what was sent, of a record, or of an id."""
        if isinstance(value, tuple):
            number, text = value
            if text is not None:
                return number, text
            value = number
        if value and not hasattr(value, "pk"):
            value = self.source.rows().filter(pk=id_of(str(value))).first()
        return (value.pk, str(value)) if value else ("", "")


class PickField(forms.Field):
    """Cleaned to the record picked, or None. Without JavaScript the text typed must mean one record."""

    def __init__(self, source: Source, *, placeholder: str = "", **options: Any) -> None:
        super().__init__(widget=PickWidget(source, placeholder), **options)
        self.source = source

    def clean(self, value: Any) -> Any:
        number, text = value or ("", None)
        if not (number if text is None else text.strip()):
            if self.required:
                raise ValidationError(self.error_messages["required"], code="required")
            return None
        chosen = self.chosen(number)
        return chosen if chosen and (text is None or same_name(chosen, text)) else self.source.named(text or "")

    def chosen(self, number: str) -> Any:
        """The record of this id; what the field holds already may stay, though it can no longer be picked."""
        if hasattr(self.initial, "pk") and str(self.initial.pk) == number:
            return self.initial
        return self.source.rows().filter(pk=id_of(number)).first()

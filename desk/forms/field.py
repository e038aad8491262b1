"""Input to one field that is edited where it stands."""

from typing import Any

from django import forms

from crm.editing import trace
from desk.fields.definition import Field


class FieldForm(forms.Form):
    """One field of a record under the name ``value``, and what the person saw in it."""

    seen = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, record: Any, field: Field) -> None:
        self.name, self.field = field.name, field
        super().__init__(data, initial={"seen": trace(field.value(record))}, auto_id=f"field-{field.name}-%s")
        self.fields = {"value": field.asked(record), **self.fields}

    def now_seen(self, record: Any) -> None:
        """From here on the person has seen the present value."""
        self.data = {**self.data.dict(), "seen": trace(self.field.value(record))}  # type: ignore[attr-defined]

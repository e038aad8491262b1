"""Input to calendars of free days."""

from datetime import date
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from crm.forms import DateInput
from crm.ics import MOST_BYTES
from crm.models import Holiday, HolidayCalendar

FIRST, LAST = date(2000, 1, 1), date(2100, 1, 1)


class CalendarFileForm(forms.Form):
    """A calendar file; ``was_cut``: more was sent than is read."""

    file = forms.FileField(label="Calendar file", help_text="An .ics file, as calendars export it. At most 1 MB.")
    field_of = {"bad_calendar": "file", "too_many_days": "file"}

    def __init__(self, *args: Any, was_cut: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.was_cut = was_cut
        self.fields["file"].widget.attrs["accept"] = ".ics,text/calendar"

    def clean(self) -> dict[str, Any]:
        if self.was_cut:
            self.errors.pop("file", None)
            self.add_error("file", f"The file is larger than {MOST_BYTES // 1_000_000} MB.")
        return self.cleaned_data

    def content(self) -> bytes | None:
        """What the file holds; None without one."""
        file: UploadedFile | None = self.cleaned_data.get("file")
        return file.read(MOST_BYTES + 1) if file else None


class NewCalendarForm(CalendarFileForm):
    """A name, and perhaps the file to begin with."""

    name = forms.CharField(max_length=120, help_text="Such as Bavaria or France.")
    field_order = ["name", "file"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].required = False

    def clean_name(self) -> str:
        name = " ".join(self.cleaned_data["name"].split())
        if HolidayCalendar.objects.filter(name__iexact=name).exists():
            raise forms.ValidationError("There is a calendar of this name.")
        return name


class CalendarNameForm(forms.ModelForm):
    class Meta:
        model = HolidayCalendar
        fields = ["name"]


class DayForm(forms.ModelForm):
    """One free day."""

    field_of = {"day_there": "day", "too_many_days": "day"}

    class Meta:
        model = Holiday
        fields = ["day", "name"]
        labels = {"day": "Day", "name": "What is celebrated"}
        widgets = {"day": DateInput()}

    def clean_day(self) -> date:
        day: date = self.cleaned_data["day"]
        if not FIRST <= day < LAST:
            raise forms.ValidationError("Look at the year once more.")
        return day

"""Input to a draft of the agreement, part by part; what it may say is checked by feedback/terms.py."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, cast

from django import forms

from crm.forms import DateInput
from desk.agreement_words import SIDE_NAMES
from feedback.agreements import PARTS
from feedback.models import Agreement, SignedStatus
from feedback.terms import (
    BY_WORTH,
    LONGEST_NAME,
    LONGEST_PROMISE,
    MEASURES,
    MOST_ATTEMPTS,
    MOST_HOURS,
    MOST_ROWS,
    MOST_SCORE,
    BadTerms,
    Unit,
)
from leads.lifecycle import SUCCESS, Stage
from scoring.models import Definition

TEXT = {"rows": 4}
# In the order of the life cycle, with where leads come back to.
STAGES = (*SUCCESS, Stage.NURTURE)


def whole(label: str, least: int, most: int, *, needed: bool = False, help_text: str = "") -> forms.IntegerField:
    return forms.IntegerField(
        label=label, min_value=least, max_value=most, required=needed, help_text=help_text,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )  # fmt: skip


class LevelsForm(forms.Form):
    """Service levels for all leads."""

    hours_to_verdict = whole("Hours to a verdict", 1, MOST_HOURS, needed=True)
    hours_to_first_attempt = whole("Hours to the first attempt", 1, MOST_HOURS, needed=True)
    min_attempts = whole("Attempts before giving up", 0, MOST_ATTEMPTS, needed=True)
    hours_to_remind = whole("Reminder, hours before", 1, MOST_HOURS, help_text="Empty: no reminder.")
    hours_late_to_escalate = whole("Passed on, hours late", 0, MOST_HOURS, help_text="Empty: never by itself.")
    most_episodes = whole("Times round at most", 1, 50, help_text="Empty: any number.")


class ExceptionForm(forms.Form):
    """Service levels of their own for some leads; what is left empty is as for all leads."""

    name = forms.CharField(label="Name", max_length=LONGEST_NAME, required=False)
    segments = forms.CharField(
        label="Segments", max_length=400, required=False, widget=forms.TextInput(attrs={"placeholder": "A, B"})
    )
    score_from = whole("Score from", 0, MOST_SCORE)
    score_to = whole("to", 0, MOST_SCORE)
    hours_to_verdict = whole("Verdict, h", 1, MOST_HOURS)
    hours_to_first_attempt = whole("Attempt, h", 1, MOST_HOURS)
    min_attempts = whole("Attempts", 0, MOST_ATTEMPTS)

    def entry(self) -> dict[str, Any]:
        """As the agreement keeps it: what is empty is left out."""
        said = {name: self.cleaned_data.get(name) for name in self.fields if name not in ("segments", "DELETE")}
        segments = [part.strip() for part in (self.cleaned_data.get("segments") or "").split(",") if part.strip()]
        entry = {name: value for name, value in said.items() if value not in (None, "")}
        return {**entry, "segments": segments} if segments else entry

    @staticmethod
    def initial_of(entry: Mapping[str, Any]) -> dict[str, Any]:
        return {**entry, "segments": ", ".join(entry.get("segments") or [])}


class GoalsForm(forms.Form):
    """The period of the goals; both days count."""

    period_starts = forms.DateField(label="First day", required=False, widget=DateInput())
    period_ends = forms.DateField(label="Last day", required=False, widget=DateInput())

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        start, end = values.get("period_starts"), values.get("period_ends")
        if start and end and end <= start:
            self.add_error("period_ends", "The last day comes after the first.")
        return values


class GoalForm(forms.Form):
    """A shared goal. Rates are typed in percent and kept as ratios."""

    measure = forms.ChoiceField(
        label="Measure",
        required=False,
        choices=[("", "Choose a measure"), *((m.key, m.label) for m in MEASURES.values())],
    )
    target = forms.DecimalField(
        label="Target", required=False, max_digits=14, decimal_places=4, help_text="Rates in percent.",
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )  # fmt: skip

    def entry(self) -> dict[str, Any]:
        key, target = self.cleaned_data.get("measure", ""), self.cleaned_data.get("target")
        if target is not None and key in MEASURES and MEASURES[key].unit == Unit.RATIO:
            target = target / 100
        return {"measure": key, "target": None if target is None else f"{target.normalize():f}"}

    @staticmethod
    def initial_of(entry: Mapping[str, Any]) -> dict[str, Any]:
        target = Decimal(str(entry["target"]))
        is_rate = MEASURES[entry["measure"]].unit == Unit.RATIO
        return {"measure": entry["measure"], "target": f"{(target * 100 if is_rate else target).normalize():f}"}


class WorthForm(forms.Form):
    """What an MQL of this score and more is worth."""

    score_from = whole("From score", 0, MOST_SCORE)
    worth = forms.DecimalField(
        label="An MQL is worth", required=False, min_value=Decimal(0), max_digits=12, decimal_places=2,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )  # fmt: skip

    def entry(self) -> dict[str, Any]:
        worth = self.cleaned_data.get("worth")
        return {"score_from": self.cleaned_data.get("score_from"), "worth": None if worth is None else str(worth)}

    @staticmethod
    def initial_of(entry: Mapping[str, Any]) -> dict[str, Any]:
        return dict(entry)


class DefinitionForm(forms.Form):
    definition_version = forms.TypedChoiceField(
        label="Definition of a qualified lead", required=False, coerce=int, empty_value=None,
        help_text="Another version comes into force with the agreement, signed by the same two signatures.",
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        present = Definition.objects.exclude(status=SignedStatus.RETIRED)
        rows = present.order_by("-version").values_list("version", "name", "status")
        field = cast(forms.ChoiceField, self.fields["definition_version"])
        field.choices = [
            ("", "The one in force stays"),
            *((version, f"{name}, version {version} ({status})") for version, name, status in rows),
        ]


class RoleForm(forms.Form):
    """Who owns a stage. Without a side nothing is said of it."""

    stage = forms.ChoiceField(choices=[(stage.value, stage.label) for stage in STAGES], widget=forms.HiddenInput)
    side = forms.ChoiceField(label="Side", required=False, choices=[("", "–"), *SIDE_NAMES.items()])
    owner = forms.CharField(label="Who", max_length=120, required=False)
    promise = forms.CharField(label="Promise", max_length=LONGEST_PROMISE, required=False)

    def entry(self) -> dict[str, Any]:
        return {name: self.cleaned_data.get(name, "") for name in ("stage", "side", "owner", "promise")}


class MeasuredForm(forms.Form):
    marketing_measured = forms.CharField(
        label="How marketing is measured and paid", required=False, max_length=4_000, widget=forms.Textarea(attrs=TEXT)
    )
    sales_measured = forms.CharField(
        label="How sales is measured and paid", required=False, max_length=4_000, widget=forms.Textarea(attrs=TEXT)
    )


class StartForm(forms.Form):
    why = forms.CharField(
        label="Why it is changed", required=False, max_length=2_000, widget=forms.Textarea(attrs=TEXT)
    )
    effective_from = forms.DateField(
        label="In force from", required=False, widget=DateInput(), help_text="Empty: as soon as both have signed."
    )


def rows_of(form: type[forms.Form]) -> "type[forms.BaseFormSet[Any]]":
    """A table of ``form`` with an empty row at its end and a tick that takes a row away."""
    return forms.formset_factory(form, extra=1, max_num=MOST_ROWS, can_delete=True)


class Rows:
    """A list of an agreement as rows of a form. ``block``: its name in the terms."""

    def __init__(
        self, kind: type[forms.Form], prefix: str, entries: list[dict[str, Any]], data: Any = None, *, block: str = ""
    ) -> None:
        initial_of: Callable[[Mapping[str, Any]], dict[str, Any]] = kind.initial_of  # type: ignore[attr-defined]
        self.block, self.prefix = block, prefix
        self.formset = rows_of(kind)(data, prefix=prefix, initial=[initial_of(entry) for entry in entries])

    def is_valid(self) -> bool:
        return bool(self.formset.is_valid())

    @property
    def filled(self) -> list[Any]:
        """The rows that say something and are not taken away, in order: as the terms count them."""
        deleted = self.formset.deleted_forms if self.formset.is_bound else []
        return [form for form in self.formset.forms if form not in deleted and says_something(form)]

    def entries(self) -> list[dict[str, Any]]:
        return [form.entry() for form in self.filled]


def says_something(form: forms.Form) -> bool:
    return any(value not in (None, "", False) for name, value in form.cleaned_data.items() if name != "DELETE")


class Part:
    """One part of a draft: a form, maybe with rows, filled with what the draft says or with what was sent."""

    form_class: type[forms.Form]

    def __init__(self, draft: Agreement, data: Any = None) -> None:
        self.draft, self.data = draft, data
        self.form = self.form_class(data, initial={name: getattr(draft, name) for name in PARTS[self.key]})
        self.rows: list[Rows] = []

    key = ""
    title = ""
    text = ""

    def is_valid(self) -> bool:
        return all([self.form.is_valid(), *(rows.is_valid() for rows in self.rows)])

    def fields(self) -> dict[str, Any]:
        return dict(self.form.cleaned_data)

    def show(self, error: BadTerms) -> None:
        """Each problem beside the field that it is about."""
        for problem in error.problems:
            place = next((rows for rows in self.rows if rows.block == problem.block), None)
            if place is None or problem.row > len(place.filled):
                self.form.add_error(None, str(problem))
                continue
            form = place.filled[problem.row - 1]
            text = problem.text[:1].upper() + problem.text[1:]
            form.add_error(problem.field if problem.field in form.fields else None, readable(text, form))

    def with_another_row(self, prefix: str) -> "Part":
        """The same, unsaved, with one more empty row in one of its lists."""
        more = self.data.copy()
        name = f"{prefix}-TOTAL_FORMS"
        count = more.get(name, "1")
        more[name] = str(min(int(count) if count.isdigit() else 1, MOST_ROWS) + 1)
        return type(self)(self.draft, more)


def readable(text: str, form: forms.Form) -> str:
    """The text with fields called as the page calls them."""
    for name, field in form.fields.items():
        text = text.replace(name.capitalize(), str(field.label)).replace(name, f"“{field.label}”")
    return text


class LevelsPart(Part):
    key, title, form_class = "levels", "Service levels", LevelsForm
    text = "One line for all leads. Hours count in the working hours of who was asked."

    def __init__(self, draft: Agreement, data: Any = None) -> None:
        super().__init__(draft, data)
        self.exceptions = Rows(ExceptionForm, "exceptions", draft.exceptions, data, block="exceptions")
        self.rows = [self.exceptions]

    def fields(self) -> dict[str, Any]:
        return {**super().fields(), "exceptions": self.exceptions.entries()}


class GoalsPart(Part):
    key, title, form_class = "goals", "Shared goals", GoalsForm
    text = "What both sides want to have reached by the end of the period, in value rather than in counts."

    def __init__(self, draft: Agreement, data: Any = None) -> None:
        super().__init__(draft, data)
        bands = next((goal.get("worth") or [] for goal in draft.goals if goal.get("measure") == BY_WORTH), [])
        self.goals = Rows(GoalForm, "goals", draft.goals, data, block="goals")
        self.worth = Rows(WorthForm, "worth", bands, data)
        self.rows = [self.goals, self.worth]

    def fields(self) -> dict[str, Any]:
        bands = self.worth.entries()
        goals = [{**one, "worth": bands} if one["measure"] == BY_WORTH else one for one in self.goals.entries()]
        return {**super().fields(), "goals": goals}


class RolesPart(Part):
    key, title, form_class = "roles", "Who owns which stage", forms.Form
    text = "One side owns each stage, and somebody in it answers for it."

    def __init__(self, draft: Agreement, data: Any = None) -> None:
        super().__init__(draft, data)
        said = {role["stage"]: role for role in draft.roles}
        initial = [{"stage": stage.value, **said.get(stage.value, {})} for stage in STAGES]
        kind = forms.formset_factory(RoleForm, extra=0, max_num=len(STAGES))
        self.formset = kind(data, prefix="roles", initial=initial)

    def is_valid(self) -> bool:
        return super().is_valid() and self.formset.is_valid()

    def fields(self) -> dict[str, Any]:
        return {"roles": [form.entry() for form in self.formset.forms if form.cleaned_data.get("side")]}


class DefinitionPart(Part):
    key, title, form_class = "definition", "What counts as qualified", DefinitionForm
    text = "Changing the definition is an amendment of the agreement."


class MeasuredPart(Part):
    key, title, form_class = "measured", "How each side is measured and paid", MeasuredForm
    text = "Whoever is paid for leads makes leads; whoever is paid for revenue answers the good ones."


class StartPart(Part):
    key, title, form_class = "start", "Why, and from when", StartForm


KINDS: dict[str, type[Part]] = {
    part.key: part for part in (StartPart, GoalsPart, LevelsPart, DefinitionPart, RolesPart, MeasuredPart)
}

"""Forms of the import pages."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.text import slugify

from crm.access import manages
from crm.models import User
from leads.access import may_import, may_make_fields
from leads.importing.errors import BadMapping
from leads.importing.fields import FIELDS, Type, field_named
from leads.importing.mapping import known_names, load_spec, read_mapping
from leads.importing.matching import OWN_DEAL_FIELD, OWN_FIELD, choices, guess_fields, own_field
from leads.importing.starting import check_name
from leads.importing.storing import too_large
from leads.importing.surveying import Look
from leads.lifecycle import Stage
from leads.models import Import
from leads.models.imports import ImportKind
from leads.models.opportunity import DealStage

# Whom an import of this kind can make where a row names somebody nobody knows.
MAKES: dict[str, str] = {
    ImportKind.LEADS: "Make sales reps of owners nobody knows yet",
    ImportKind.OPPORTUNITIES: "Make sales reps of owners nobody knows yet",
    ImportKind.ACTIVITIES: "Make sales reps of people nobody knows yet",
    ImportKind.USERS: "Make managers of those nobody knows yet",
}
ENTRIES = {"inquiry": [Stage.INQUIRY], "mql": [Stage.INQUIRY, Stage.MQL]}


class UploadForm(forms.Form):
    """A file, what is in it, and the mapping to read it with."""

    file = forms.FileField(
        help_text="CSV or Excel (.xlsx), at most 200 MB. The first row names the columns.",
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,.xlsx"}),
    )
    kind = forms.ChoiceField(label="What is in it?")
    mapping = forms.ChoiceField(label="Columns", required=False)

    def __init__(self, *args: Any, by: User, was_cut: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = [(value, label) for value, label in ImportKind.choices if may_import(by, value)]
        groups = [(label, [(name, name) for name in known_names(kind)]) for kind, label in kinds]
        self.fields["kind"].choices = kinds  # type: ignore[attr-defined]
        self.fields["mapping"].choices = [  # type: ignore[attr-defined]
            ("", "Match the columns in the next step"),
            *((label, names) for label, names in groups if names),
        ]
        if was_cut:
            self.fields["file"].error_messages["required"] = str(too_large(settings.IMPORT_MAX_BYTES))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        name, kind = cleaned.get("mapping"), cleaned.get("kind")
        cleaned["spec"] = {}
        if name and kind:
            try:
                cleaned["spec"] = load_spec(name, kind=kind)
            except BadMapping as error:
                self.add_error("mapping", str(error))
        return cleaned


class ColumnsForm(forms.Form):
    """Which field each column of the file fills, and what holds for all its rows."""

    source_system = forms.CharField(
        max_length=60, required=False, label="Where is the file from?",
        help_text="A short name such as hubspot. With it, external ids find the same records again.",
    )  # fmt: skip
    stages = forms.ChoiceField(
        label="New leads enter as", choices=[("inquiry", "Inquiry"), ("mql", "Inquiry, then MQL, when captured")]
    )
    all_are = forms.ChoiceField(
        label="Opportunities without a stage are",
        choices=[(stage.value, stage.label) for stage in (DealStage.DISCOVERY, DealStage.WON, DealStage.LOST)],
    )
    make_people = forms.BooleanField(required=False)
    save_as = forms.CharField(max_length=80, required=False, label="Save these columns as")

    def __init__(self, *args: Any, found: Import, look: Look, **kwargs: Any) -> None:
        self.found, self.look, self.kind = found, look, found.kind
        self.spec: dict[str, Any] = found.spec or {}
        kwargs.setdefault("initial", {}).update(self.present())
        super().__init__(*args, **kwargs)
        makes = MAKES.get(self.kind)
        if makes and found.by and manages(found.by):
            self.fields["make_people"].label = makes
        else:
            del self.fields["make_people"]
        if self.kind != ImportKind.LEADS:
            del self.fields["stages"]
        if self.kind != ImportKind.OPPORTUNITIES:
            del self.fields["all_are"]
        known = self.mapped_columns()
        guesses = [] if known else guess_fields(self.kind, look.header)
        for position, name in enumerate(look.header):
            start = known.get(name.lower(), [""])[0] if known else guesses[position]
            self.fields[f"column_{position}"] = forms.ChoiceField(
                choices=self.choices_with(start), required=False, initial=start, label=name or f"Column {position + 1}"
            )

    def present(self) -> dict[str, Any]:
        stages = self.spec.get("stages") or [Stage.INQUIRY]
        fields = self.spec.get("fields", {})
        outcome = fields.get("outcome")
        return {
            "source_system": self.spec.get("source_system", ""),
            "stages": "mql" if Stage.MQL in stages else "inquiry",
            "make_people": any(isinstance(field, dict) and field.get("create") for field in fields.values()),
            "all_are": outcome.get("constant", "") if isinstance(outcome, dict) else DealStage.DISCOVERY,
        }

    def mapped_columns(self) -> dict[str, list[str]]:
        """Fields by column, as the mapping has them."""
        columns: dict[str, list[str]] = {}
        for field, source in self.spec.get("fields", {}).items():
            column = source if isinstance(source, str) else source.get("column", "")
            if column:
                columns.setdefault(column.lower(), []).append(field)
        return columns

    def choices_with(self, start: str) -> list[tuple[str, str]]:
        offered = choices(self.kind, makes_fields=may_make_fields(self.found.by))
        known = {value for value, _label in offered}
        return offered if start in known else [*offered, (start, start.rpartition("custom.")[2])]

    @property
    def column_rows(self) -> list[dict[str, Any]]:
        """For the page: each column with its choice, its sample values and the other fields it fills."""
        known = self.mapped_columns()
        return [
            {
                "name": name,
                "field": self[f"column_{position}"],
                "samples": self.look.samples[position],
                "also": known.get(name.lower(), [])[1:],
            }
            for position, name in enumerate(self.look.header)
        ]

    def clean_save_as(self) -> str:
        name = slugify(self.cleaned_data["save_as"])
        if name:
            try:
                check_name(name, by=self.found.by)
            except BadMapping as error:
                raise forms.ValidationError(str(error)) from error
        return name

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        cleaned["spec"] = self.built_spec(cleaned)
        try:
            read_mapping(cleaned["spec"])
        except BadMapping as error:
            self.add_error(None, str(error))
        return cleaned

    def built_spec(self, cleaned: dict[str, Any]) -> dict[str, Any]:
        spec = {
            **self.spec,
            "kind": self.kind,
            "source_system": cleaned["source_system"],
            "fields": self.built_fields(cleaned),
        }
        if "stages" in cleaned:
            spec["stages"] = ENTRIES[cleaned["stages"]]
        return spec

    def built_fields(self, cleaned: dict[str, Any]) -> dict[str, Any]:
        """The options a mapping has for a field stay while the field stays with its column."""
        before = self.spec.get("fields", {})
        fields: dict[str, Any] = {
            name: source for name, source in before.items() if isinstance(source, dict) and source.get("constant")
        }
        for position, column in enumerate(self.look.header):
            chosen = cleaned.get(f"column_{position}") or ""
            extra = self.mapped_columns().get(column.lower(), [])[1:]
            for name in filter(None, [chosen, *(extra if chosen else [])]):
                is_new = name in (OWN_FIELD, OWN_DEAL_FIELD)
                target = own_field(self.kind, column, name) if is_new else name
                if target in fields and target in FIELDS[self.kind] and not fields[target].get("constant"):
                    self.add_error(f"column_{position}", "Another column fills this field already.")
                old = before.get(target, {})
                old = old if isinstance(old, dict) else {"column": old}
                same = old.get("column", "").lower() == column.lower()
                fields[target] = {**(old if same else {}), "column": column}
        if "make_people" in cleaned:
            self.choose_makers(fields, make=cleaned["make_people"])
        if self.kind == ImportKind.OPPORTUNITIES and not fields.get("outcome", {}).get("column"):
            fields["outcome"] = {"constant": cleaned["all_are"]}
        return fields

    def choose_makers(self, fields: dict[str, Any], *, make: bool) -> None:
        """Whether owners whom nobody knows become people; a role that the mapping names already stays."""
        for name, source in fields.items():
            described = field_named(self.kind, name)
            if described and described.holds == Type.PERSON and source.get("column"):
                role = source.pop("create", described.made_as.value)
                if make:
                    source["create"] = role

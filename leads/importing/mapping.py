"""Mappings: how a file's columns become fields. The JSON format is described in docs/import.md."""

import json
from collections.abc import Iterable
from collections.abc import Mapping as Mapped
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from campaigns.models import AssetKind
from crm import periods
from crm.models import Role
from leads.importing.errors import BadMapping
from leads.importing.fields import FIELDS, Field, Type, field_named, is_custom
from leads.importing.notations import DateOrder, DecimalMark
from leads.importing.own_fields import LONGEST_LABEL, described
from leads.lifecycle import RANK, Stage
from leads.models import CustomField, CustomKind, ImportMapping, TouchBy, TouchKind
from leads.models.imports import ImportKind

SHIPPED = Path(__file__).parent / "mappings"
KEYS = {
    "name",
    "about",
    "kind",
    "source_system",
    "timezone",
    "encoding",
    "delimiter",
    "stages",
    "fields",
    "touch",
    "asset",
    "known",
}
SOURCE_KEYS = {"column", "constant", "default", "required", "values", "format", "create", "kind", "choices", "label"}
# Hand-offs and deals are records of their own: a lead cannot be imported straight into their stages.
ENTRY_STAGES = (Stage.INQUIRY, Stage.MQL, Stage.ACCEPTED, Stage.QUALIFIED)
ANY_OTHER = "*"
# One of these finds the record again when its file comes a second time.
IDENTITIES = {
    ImportKind.LEADS: {"external_id", "email"},
    ImportKind.OPPORTUNITIES: {"external_id"},
    ImportKind.COMPANIES: {"name"},
    ImportKind.CONTACTS: {"external_id", "email"},
    ImportKind.TOUCHES: {"lead", "lead_email"},
    ImportKind.SPENDS: {"campaign"},
    ImportKind.ACTIVITIES: {"lead", "lead_email", "opportunity", "contact"},
    ImportKind.USERS: {"external_id", "email"},
}
# What becomes of a row that is new by its identity, about somebody who is known already (leads/importing/known.py).
CREATE, UPDATE, SKIP = "create", "update", "skip"


@dataclass(frozen=True)
class Source:
    """Where a field's value comes from. ``values`` translates what stands in the file, in small letters."""

    column: str = ""
    constant: str = ""
    default: str = ""
    required: bool = False
    values: Mapped[str, str] = field(default_factory=dict)
    format: str = ""
    # Make people that are not known yet, with this role.
    create: str = ""
    # The field of one's own to make where there is none of that name.
    new: CustomField | None = None


@dataclass(frozen=True)
class FileMapping:
    kind: str
    source_system: str
    sources: Mapped[str, Source]
    zone: ZoneInfo
    encoding: str = ""
    delimiter: str = ""
    stages: tuple[Stage, ...] = (Stage.INQUIRY,)
    touch_kind: str = TouchKind.FORM
    touch_by: str = TouchBy.BUYER
    asset_kind: str = AssetKind.LANDING_PAGE
    known: str = CREATE

    def field(self, name: str) -> Field | None:
        """What a field of this mapping holds."""
        return field_named(self.kind, name, new=self.sources[name].new)

    @property
    def columns(self) -> set[str]:
        return {source.column for source in self.sources.values() if source.column}

    def with_constants(self, values: dict[str, str]) -> "FileMapping":
        """The same with these fields set for every row, whatever the file says."""
        fixed = {name: Source(constant=value) for name, value in values.items()}
        return replace(self, sources={**self.sources, **fixed})


def load_spec(name: str, *, kind: str) -> dict[str, Any]:
    """A mapping by its file name (NAME.json), its saved name, or the name of one that ships with the product."""
    spec = spec_from_file(Path(name)) if name.endswith(".json") else named_spec(name)
    if spec.get("kind") != kind:
        raise BadMapping(f"The mapping “{name}” is for {spec.get('kind')}, not for {kind}.")
    return spec


def named_spec(name: str) -> dict[str, Any]:
    saved = ImportMapping.objects.filter(name=name).first()
    if saved:
        return {"kind": saved.kind, **saved.spec}
    if name in shipped_names():
        return spec_from_file(SHIPPED / f"{name}.json")
    known = sorted({*shipped_names(), *ImportMapping.objects.values_list("name", flat=True)})
    raise BadMapping(f"There is no mapping “{name}”. Known are: {', '.join(known)}.")


def shipped_names() -> list[str]:
    return sorted(path.stem for path in SHIPPED.glob("*.json"))


def known_names(kind: str) -> list[str]:
    """Saved and shipped mappings of a kind."""
    shipped = [name for name in shipped_names() if spec_from_file(SHIPPED / f"{name}.json")["kind"] == kind]
    return sorted({*shipped, *ImportMapping.objects.filter(kind=kind).values_list("name", flat=True)})


def spec_from_file(path: Path) -> dict[str, Any]:
    try:
        spec = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadMapping(f"The mapping {path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise BadMapping(f"The mapping {path} is not valid JSON: {error}.") from error
    if not isinstance(spec, dict):
        raise BadMapping(f"The mapping {path} must be a JSON object.")
    return spec


def read_mapping(spec: dict[str, Any]) -> FileMapping:
    """The mapping a JSON object describes; raises BadMapping with what is wrong in it."""
    demand_known("a mapping", spec, KEYS)
    kind = one_of("kind", spec.get("kind"), ImportKind.values)
    sources = read_sources(kind, spec.get("fields"))
    touch, asset = spec.get("touch", {}), spec.get("asset", {})
    demand_known("“touch”", touch, {"kind", "by"})
    demand_known("“asset”", asset, {"kind"})
    mapping = FileMapping(
        kind=kind,
        source_system=text("source_system", spec.get("source_system", ""), limit=60),
        sources=sources,
        zone=read_zone(spec.get("timezone", "")),
        encoding=text("encoding", spec.get("encoding", "")),
        delimiter=one_of("delimiter", spec.get("delimiter", ""), ["", ",", ";", "\t"]),
        stages=read_stages(spec.get("stages", [Stage.INQUIRY])),
        touch_kind=one_of("touch.kind", touch.get("kind", TouchKind.FORM), TouchKind.values),
        touch_by=one_of("touch.by", touch.get("by", TouchBy.BUYER), TouchBy.values),
        asset_kind=one_of("asset.kind", asset.get("kind", AssetKind.LANDING_PAGE), AssetKind.values),
        known=one_of("known", spec.get("known", CREATE), [CREATE, UPDATE, SKIP]),
    )
    demand_identity(mapping)
    return mapping


def demand_identity(mapping: FileMapping) -> None:
    """A row must be found again when its file comes a second time."""
    if "external_id" in mapping.sources and not mapping.source_system:
        raise BadMapping("A mapping with external ids must name their “source_system”.")
    needed = IDENTITIES[ImportKind(mapping.kind)]
    if not needed & set(mapping.sources):
        words = " or ".join(f"“{name}”" for name in sorted(needed, reverse=True))
        raise BadMapping(f"Map a column to {words}: without it the rows could not be found again.")


def read_sources(kind: str, fields: Any) -> dict[str, Source]:
    if not isinstance(fields, dict) or not fields:
        raise BadMapping("A mapping needs “fields”: an object of field names.")
    unknown = [name for name in fields if field_named(kind, name) is None]
    if unknown:
        raise BadMapping(f"{kind} have no field {quoted(unknown)}. Known are: {', '.join(FIELDS[kind])}.")
    return {name: read_source(kind, name, options) for name, options in fields.items()}


def read_source(kind: str, name: str, options: Any) -> Source:
    options = {"column": options} if isinstance(options, str) else options
    demand_known(f"“{name}”", options, SOURCE_KEYS)
    column, constant = text(name, options.get("column", "")), text(name, options.get("constant", ""))
    if bool(column) == bool(constant):
        raise BadMapping(f"“{name}” needs either a column or a constant.")
    new = read_new_field(kind, name, options)
    values = options.get("values", {})
    if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
        raise BadMapping(f"“values” of “{name}” must be an object of texts.")
    return Source(
        column=column,
        constant=constant,
        default=text(name, options.get("default", "")),
        required=bool(options.get("required", False)),
        values={key.strip().lower(): value for key, value in values.items()},
        format=read_format(field_named(kind, name, new=new), options.get("format", "")),
        create=read_create(kind, name, options.get("create", "")),
        new=new,
    )


def read_new_field(kind: str, name: str, options: dict[str, Any]) -> CustomField | None:
    """What "kind" and "choices" say of a field of one's own; they count only until there is one of that name."""
    if not options.get("kind"):
        return None
    if not is_custom(kind, name):
        raise BadMapping(f"“kind” is only for fields of your own (custom.NAME), not for “{name}”.")
    one_of(f"kind of {name}", options["kind"], CustomKind.values)
    choices = options.get("choices", [])
    if not isinstance(choices, list) or not all(isinstance(choice, str) for choice in choices):
        raise BadMapping(f"“choices” of “{name}” must be a list of texts.")
    text(f"label of {name}", options.get("label", ""), limit=LONGEST_LABEL)
    return described(kind, name, options)


def read_format(described: Field | None, value: Any) -> str:
    if not value or described is None:
        return ""
    name = described.name
    if described.is_date:
        return one_of(f"format of {name}", value, list(DateOrder))
    if described.has_mark:
        return one_of(f"format of {name}", value, list(DecimalMark))
    if described.holds == Type.UNKNOWN:
        return one_of(f"format of {name}", value, [*DateOrder, *DecimalMark])
    raise BadMapping(f"“{name}” has no format to choose: only dates and amounts have.")


def read_create(kind: str, name: str, role: Any) -> str:
    described = field_named(kind, name)
    if not role or described is None:
        return ""
    if described.holds != Type.PERSON:
        raise BadMapping(f"“create” is only for people, not for “{name}”.")
    return one_of(f"create of {name}", role, sorted({Role.MARKETER, Role.REP, described.made_as}))


def read_zone(name: Any) -> ZoneInfo:
    """The organisation's zone unless the mapping names one."""
    if not name:
        return periods.zone()
    if name not in available_timezones():
        raise BadMapping(f"“{name}” is not a time zone such as Europe/Berlin.")
    return ZoneInfo(name)


def read_stages(names: Any) -> tuple[Stage, ...]:
    """The stages a new lead enters, one after the other, when it was captured."""
    allowed = [stage.value for stage in ENTRY_STAGES]
    if not isinstance(names, list) or not names or any(name not in allowed for name in names):
        raise BadMapping(f"“stages” must be a list of {', '.join(allowed)}.")
    stages = tuple(Stage(name) for name in names)
    if stages[0] != Stage.INQUIRY or list(stages) != sorted(set(stages), key=RANK.__getitem__):
        raise BadMapping("“stages” must begin with inquiry and go forward.")
    return stages


def demand_known(what: str, given: Any, known: set[str]) -> None:
    if not isinstance(given, dict):
        raise BadMapping(f"{what} must be an object.")
    unknown = sorted(set(given) - known)
    if unknown:
        raise BadMapping(f"{what} has no {quoted(unknown)}. Known are: {', '.join(sorted(known))}.")


def one_of(what: str, value: Any, allowed: Iterable[str]) -> str:
    allowed = [str(choice) for choice in allowed]
    if value not in allowed:
        raise BadMapping(f"{what} is “{value}”; it must be one of {', '.join(filter(None, allowed))}.")
    return str(value)


def text(what: str, value: Any, *, limit: int = 200) -> str:
    if not isinstance(value, str) or len(value) > limit:
        raise BadMapping(f"“{what}” must be a text of at most {limit} characters.")
    return value.strip()


def quoted(names: Iterable[str]) -> str:
    return ", ".join(f"“{name}”" for name in names)

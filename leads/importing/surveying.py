"""A first look at a whole file: what its columns hold, how they write dates and amounts, how many rows there are."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from leads.importing.cleaning import positions_of
from leads.importing.errors import Undecided, UnreadableFile
from leads.importing.fields import Type
from leads.importing.mapping import FileMapping, Source
from leads.importing.notations import EXAMPLES, AmountEvidence, DateEvidence, DateOrder, DecimalMark
from leads.importing.own_fields import OwnEvidence
from leads.importing.reading import Dialect, Row, detect_dialect, read_rows
from leads.models import CustomKind

MOST_COLUMNS = 500
# A constant stands in no column.
NOWHERE = -1
SAMPLES = 3
SAMPLE_LENGTH = 80


@dataclass
class Look:
    """The header, the dialect, and three values of each column, for a person who maps the columns."""

    dialect: Dialect
    header: list[str]
    samples: list[list[str]]


@dataclass
class Notation:
    """How one mapped column writes its values. ``chosen`` is empty while nobody has said and nothing settles it."""

    field: str
    column: str
    chosen: str
    found: str
    is_mixed: bool
    examples: list[str]
    options: list[tuple[str, str]]

    @property
    def is_open(self) -> bool:
        return not self.chosen


@dataclass
class Survey:
    """What the first pass found out. ``last_row`` as a spreadsheet numbers it."""

    dialect: Dialect
    header: list[str]
    last_row: int
    notations: list[Notation]
    # What columns without a field hold: {"custom.size": {"kind": "choice", "choices": […]}}.
    kinds: dict[str, dict[str, Any]]

    def demand_decided(self) -> None:
        """Raise Undecided when a column could be read in two ways."""
        open_ones = [notation for notation in self.notations if notation.is_open]
        if open_ones:
            raise Undecided(" ".join(question(notation) for notation in open_ones))

    def decide(self, spec: dict[str, Any]) -> dict[str, Any]:
        """``spec`` with the dialect, and the kind and notation of each column, written down."""
        fields = {
            name: {**({"column": source} if isinstance(source, str) else source), **self.kinds.get(name, {})}
            for name, source in spec["fields"].items()
        }
        for notation in self.notations:
            if notation.chosen:
                fields[notation.field]["format"] = str(notation.chosen)
        return {**spec, "encoding": self.dialect.encoding, "delimiter": self.dialect.delimiter, "fields": fields}


def question(notation: Notation) -> str:
    examples = ", ".join(f"“{example}”" for example in notation.examples)
    ways = " or ".join(f"“{key}” ({words})" for key, words in notation.options)
    why = "is written in two ways" if notation.is_mixed else "can be read in two ways"
    return f'The column “{notation.column}” {why} (for example {examples}). Say which: "format": {ways}.'


def look_into(path: Path, *, encoding: str = "", delimiter: str = "") -> Look:
    """The header and a few values of each column; reads no more than the beginning."""
    dialect = detect_dialect(path, encoding=encoding, delimiter=delimiter)
    rows = read_rows(path, dialect)
    header = header_of(rows)
    samples: list[list[str]] = [[] for _name in header]
    for row, _number in zip(rows, range(200), strict=False):
        for values, cell in zip(samples, row.cells, strict=False):
            text = cell.strip()[:SAMPLE_LENGTH]
            if text and text not in values and len(values) < SAMPLES:
                values.append(text)
    return Look(dialect, header, samples)


def header_of(rows: Iterator[Row]) -> list[str]:
    row = next(rows, None)
    if row is None:
        raise UnreadableFile("The file is empty.")
    if len(row.cells) > MOST_COLUMNS:
        raise UnreadableFile(f"The file has {len(row.cells):,} columns; at most {MOST_COLUMNS} can be matched.")
    return [cell.strip() for cell in row.cells]


def survey_file(path: Path, mapping: FileMapping) -> Survey:
    """Read the whole file once. Raises UnreadableFile or BadMapping when it does not fit the mapping."""
    dialect = detect_dialect(path, encoding=mapping.encoding, delimiter=mapping.delimiter)
    rows = read_rows(path, dialect)
    header = header_of(rows)
    positions = positions_of(mapping, header)
    watched = [
        (name, source, positions.get(source.column, NOWHERE), evidence)
        for name, source in mapping.sources.items()
        if (evidence := evidence_for(mapping, name))
    ]
    for _name, source, _position, evidence in watched:
        if given := source.constant or source.default:
            evidence.see(given)
    last_row = 1
    for row in rows:
        last_row = row.number
        for _name, source, position, evidence in watched:
            text = row.cells[position].strip() if NOWHERE < position < len(row.cells) else ""
            if meant := source.values.get(text.lower(), text):
                evidence.see(meant)
    if last_row == 1:
        raise UnreadableFile("The file has a header and no rows.")
    kinds = {name: kind_of(evidence) for name, _source, _at, evidence in watched if isinstance(evidence, OwnEvidence)}
    written = ((name, source, written_as(evidence)) for name, source, _at, evidence in watched if source.column)
    notations = [notation_of(name, source, evidence) for name, source, evidence in written if evidence]
    return Survey(dialect, header, last_row, notations, kinds)


def evidence_for(mapping: FileMapping, name: str) -> DateEvidence | AmountEvidence | OwnEvidence | None:
    described = mapping.field(name)
    if described is None:
        return None
    if described.holds == Type.UNKNOWN:
        return OwnEvidence()
    if described.is_date:
        return DateEvidence()
    return AmountEvidence() if described.has_mark else None


def kind_of(evidence: OwnEvidence) -> dict[str, Any]:
    choices = {"choices": evidence.choices} if evidence.kind == CustomKind.CHOICE else {}
    return {"kind": evidence.kind.value, **choices}


def written_as(evidence: DateEvidence | AmountEvidence | OwnEvidence) -> DateEvidence | AmountEvidence | None:
    return evidence.notation if isinstance(evidence, OwnEvidence) else evidence


def notation_of(name: str, source: Source, evidence: DateEvidence | AmountEvidence) -> Notation:
    ways: list[DateOrder] | list[DecimalMark] = list(DecimalMark)
    if isinstance(evidence, DateEvidence):
        ways = [DateOrder.DAY_FIRST, DateOrder.MONTH_FIRST]
    found = evidence.decide() or ""
    return Notation(
        field=name,
        column=source.column,
        chosen=source.format or found,
        found=found,
        is_mixed=evidence.is_mixed,
        examples=evidence.examples,
        options=[(way.value, EXAMPLES[way]) for way in ways],
    )

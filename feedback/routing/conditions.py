"""What a rule asks of a lead: {"country": ["DE", "AT"], "segment": ["Enterprise"]}.

Every field named must fit, each by one of its values, in any letter case; no field: every lead. A country fits however
it is written: Germany is DE.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from crm.errors import BusinessError
from leads.identity import region_of

MOST_VALUES = 200
LONGEST_VALUE = 120
# The fields of a lead that rules may ask, in the order in which a sentence names them.
FIELDS = {
    "country": "country",
    "segment": "segment",
    "product_interest": "product",
    "language": "language",
    "source": "source",
    "channel": "channel",
}

# As rules and leads are compared: {"country": frozenset({"de", "at"})}.
Asked = Mapping[str, frozenset[str]]


class BadConditions(BusinessError):
    code = "bad_conditions"


def normal(name: str, value: str) -> str:
    """The value of this field as it is compared."""
    words = " ".join(value.split())
    return (region_of(words) or words).casefold() if name == "country" else words.casefold()


def asked_by(conditions: Mapping[str, Sequence[str]]) -> Asked:
    return {name: frozenset(normal(name, value) for value in values) for name, values in conditions.items() if values}


def fits(asked: Asked, values: Mapping[str, str]) -> bool:
    """``values``: those of a lead, as `normal` gives them."""
    return all(values.get(name, "") in allowed for name, allowed in asked.items())


def clean_conditions(conditions: Any) -> dict[str, list[str]]:
    """The same without blanks and repetitions, fields in their order. Raises BadConditions, saying what is wrong."""
    if not isinstance(conditions, Mapping):
        raise BadConditions('Conditions are fields with lists of values: {"country": ["DE"]}.')
    if unknown := sorted(set(map(str, conditions)) - set(FIELDS)):
        raise BadConditions(f"Rules cannot ask for {', '.join(unknown)}; they know {', '.join(FIELDS)}.")
    clean = {name: clean_values(name, conditions[name]) for name in FIELDS if name in conditions}
    return {name: values for name, values in clean.items() if values}


def clean_values(name: str, values: Any) -> list[str]:
    if not isinstance(values, list | tuple) or not all(isinstance(value, str) for value in values):
        raise BadConditions(f"{FIELDS[name].capitalize()}: give a list of texts.", field=name)
    distinct: dict[str, str] = {}
    for value in (" ".join(value.split()) for value in values):
        if value:
            distinct.setdefault(normal(name, value), value)
    if len(distinct) > MOST_VALUES:
        raise BadConditions(f"{FIELDS[name].capitalize()}: at most {MOST_VALUES} values.", field=name)
    if longest := next((value for value in distinct.values() if len(value) > LONGEST_VALUE), ""):
        raise BadConditions(f"{FIELDS[name].capitalize()}: “{longest[:40]}…” is too long.", field=name)
    if name == "language" and (odd := next((value for value in distinct.values() if len(value) != 2), "")):
        raise BadConditions(f"“{odd}” is not a language code of two letters such as de.", field=name)
    return list(distinct.values())

"""What a list says about itself: how things stand, and which filter empties it."""

from dataclasses import dataclass

from django.http import QueryDict

from crm.keyset import count_up_to, count_words
from desk.lists.asking import Asked


@dataclass(frozen=True)
class Told:
    """A count with the address of the rows behind it."""

    count: str
    words: str
    address: str


def truth(asked: Asked) -> list[Told]:
    """How things stand: each part is the list that it leads to, counted."""
    told = []
    for fact in asked.definition.facts:
        rows = Asked(asked.definition, QueryDict(fact.query), asked.asker).rows
        told.append(Told(count_words(count_up_to(rows)), fact.words, f"?{fact.query}"))
    return told


def ways_out(asked: Asked) -> list[Told]:
    """For an empty list: what there is without each of its filters, the most first."""
    ways = [(each.filter.key, each.words, each.filter.names) for each in asked.in_force]
    if asked.search:
        ways.insert(0, ("q", f"“{asked.search}”", ("q",)))
    counted = [(count_up_to(asked.rows_without(key)), words, names) for key, words, names in ways]
    counted.sort(key=lambda way: -way[0])
    return [Told(count_words(count), words, asked.address(*names)) for count, words, names in counted]

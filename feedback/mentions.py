"""“@Rob” in a text: who is meant. Pure but for one read of the people whose name could be there."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from operator import or_

from django.db.models import Q

from crm.errors import BusinessError
from crm.models import User

# No address: what stands before the sign belongs to no word.
SIGN = re.compile(r"(?<![\w.@])@(?=\w)")
FIRST_WORD = re.compile(r"\w+")
END = r"(?!\w|[.\-@]\w)"
MOST = 20


class AmbiguousMention(BusinessError):
    """Several people answer to this name; ``extra["people"]``: their ids."""

    code = "ambiguous_mention"

    def __init__(self, typed: str, people: list[User]) -> None:
        handles = " or ".join(f"@{handle(person, people)}" for person in people)
        super().__init__(f"Who is {typed}? Write {handles}.", people=[person.pk for person in people])


@dataclass(frozen=True)
class Mention:
    """A name behind an @ and all who answer to it; ``start`` and ``end`` enclose it with its @."""

    start: int
    end: int
    people: list[User]


def mentioned_in(text: str) -> list[User]:
    """Whom a text mentions, each once, in order. A name that nobody has stays text. Raises AmbiguousMention."""
    people: list[User] = []
    for mention in mentions_in(text, people_named_in(text)):
        if len(mention.people) > 1:
            raise AmbiguousMention(text[mention.start : mention.end], mention.people)
        people += [person for person in mention.people if person not in people]
    return people


def plainly_mentioned_in(text: str) -> list[User]:
    """Whom a text mentions beyond doubt: for the words of a verdict, which a name never holds up."""
    meant = mentions_in(text, people_named_in(text))
    return list(dict.fromkeys(mention.people[0] for mention in meant if len(mention.people) == 1))


def people_named_in(text: str) -> list[User]:
    """Everybody here whose first name or mailbox begins with a word behind an @; a superset of who is meant."""
    words = {FIRST_WORD.match(text, sign.end()).group() for sign in signs_in(text)}  # type: ignore[union-attr]
    begun = [Q(first_name__istartswith=word) | Q(email__istartswith=word) for word in sorted(words)]
    return list(User.objects.filter(reduce(or_, begun), is_active=True)) if begun else []


def signs_in(text: str) -> list[re.Match[str]]:
    """The first signs that may begin a name: beyond so many nobody is addressed any more."""
    return [sign for sign, _number in zip(SIGN.finditer(text), range(MOST), strict=False)]


def mentions_in(text: str, people: Iterable[User]) -> list[Mention]:
    """Where ``text`` names some of ``people``: the longest name counts, a full name or mailbox before a first name."""
    people = list(people)
    found = []
    for sign in signs_in(text):
        matches = [(*reach, person) for person in people if (reach := best_reach(text, sign.end(), person))]
        if matches:
            end, rank = max((end, rank) for end, rank, _person in matches)
            meant = [person for *reach, person in matches if reach == [end, rank]]
            found.append(Mention(sign.start(), end, meant))
    return found


def best_reach(text: str, start: int, person: User) -> tuple[int, int] | None:
    """How far the name of this person reaches from ``start``, and whether it is more than a first name (1) or not."""
    mailbox = (person.email or "").partition("@")[0]
    names = [(person.get_full_name(), 1), (mailbox, 1), (person.first_name, 0)]
    reaches = [(end, rank) for name, rank in names if name and (end := reach(text, start, name))]
    return max(reaches, default=None)


def reach(text: str, start: int, name: str) -> int:
    """Where ``name`` ends if it stands at ``start``, in whatever case; 0 if it does not."""
    words = r"\s+".join(re.escape(word) for word in name.split())
    found = re.compile(words + END, re.IGNORECASE).match(text, start)
    return found.end() if found else 0


def handle(person: User, among: list[User]) -> str:
    """The name that tells this person from the others."""
    name = person.get_full_name()
    is_unique = sum(other.get_full_name().casefold() == name.casefold() for other in among) == 1
    return name if is_unique or not person.email else person.email.partition("@")[0]

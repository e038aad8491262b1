"""Archive and bring back, as verbs of a record."""

from dataclasses import replace
from typing import Any

from django.urls import reverse

from crm.models import User
from desk.fields.kinds import kind_of
from desk.verbs import Verb, Verbs

ARCHIVE = Verb("Archive", "Lists and searches leave it out; figures and links keep it.", "archive", how="post")
RESTORE = Verb("Bring back", "It stands in lists and searches again.", "archive-off", how="post")


def with_archive(verbs: Verbs, record: Any, user: User) -> Verbs:
    """The verbs of this record, and putting it away last; of an archived one bringing it back is the next step."""
    kind = kind_of(record)
    if not kind.may_edit(user, record):
        return verbs
    if record.is_archived:
        others = [verbs.next, *verbs.others] if verbs.next else verbs.others
        return replace(verbs, next=at(RESTORE, f"desk:{kind.key}-restore", record), others=others)
    return replace(verbs, others=[*verbs.others, at(ARCHIVE, f"desk:{kind.key}-archive", record)])


def at(verb: Verb, name: str, record: Any) -> Verb:
    return Verb(verb.label, verb.text, verb.icon, reverse(name, args=[record.pk]), verb.how)

"""What a search field means: every word is found somewhere."""

from functools import reduce
from operator import or_

from django.db.models import Q


def every_word(text: str, *lookups: str) -> Q:
    """Each word of ``text`` is found by one of ``lookups``, such as "name__icontains"; no words find every row."""
    found = Q()
    for word in text.split():
        found &= reduce(or_, (Q(**{lookup: word}) for lookup in lookups))
    return found

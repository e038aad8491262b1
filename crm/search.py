"""What a search field means: every word begins a word of the record, in any order."""

import re
from functools import reduce
from operator import or_

from django.contrib.postgres.search import SearchQuery
from django.db.models import BooleanField, F, Func, Q

from crm.records import PhoneTail, SearchText

LONGEST = 200
MOST_WORDS = 8
BEGINS = ":*"
LETTER = len("'a':*")
# Fewer digits are words like any other: a year, the number of a house.
PHONE_DIGITS = 5
PHONE = re.compile(r"\+?[\d\s()/.\-]+")
CUT = str.maketrans(dict.fromkeys(SearchText.MARKS + "\\\0", " "))


class OnRow(Func):
    """A search made on rows that something else has found: the index takes no part in it."""

    template = "((%(expressions)s) IS TRUE)"
    arg_joiner = " @@ "
    output_field = BooleanField()


def matches(text: str, column: str = "search") -> Q:
    """Rows whose ``column`` (crm.records.search_column) has all words of ``text``; no words find every row."""
    if not words_of(text):
        return Q()
    whole, rare = tsquery(text), rare_terms(text)
    found = Q(**{column: raw_query(rare)})
    return found if rare == whole else found & Q(OnRow(F(column), raw_query(whole)))


def raw_query(terms: str) -> SearchQuery:
    return SearchQuery(terms, search_type="raw", config="simple")


def tsquery(text: str) -> str:
    """``text`` for to_tsquery('simple', …), whatever somebody typed; "" where it has no word.

    "ada love" -> 'ada':* & 'love':*    "ada@acme.c" -> 'ada' & 'acme' & 'c':*
    A telephone number is found by how it begins and how it ends, however it is written.
    """
    if digits := phone_digits(text):
        return f"({whole_words(text)}) | {phone_words(digits)}"
    return " & ".join(terms_of(text)[:MOST_WORDS])


def whole_words(text: str) -> str:
    """As `tsquery`, each word from its beginning to its end: hundreds of times as quick where a word is common."""
    return " & ".join(map(quoted, words_of(text)))


def terms_of(text: str) -> list[str]:
    """What stands before a mark was typed to its end, so it is looked up as it is, which costs less."""
    terms: list[str] = []
    for token in shortened(text).split():
        *typed, last = token.translate(CUT).split() or [""]
        terms += [*map(quoted, typed), *([f"{quoted(last)}{BEGINS}"] if last else [])]
    return terms


def rare_terms(text: str) -> str:
    """The part of `tsquery` that tells few rows from many: what an index is asked for, the rest is tested on its rows.

    Nearly every e-mail ends in the same few parts, and every row has words that begin with one letter: beside other
    words they would cost the index more than all of those. A single letter then counts as a whole word.
    """
    if phone_digits(text):
        return tsquery(text)
    terms = terms_of(text)[:MOST_WORDS]
    if "@" in text and len(whole := [term for term in terms if not term.endswith(BEGINS)]) > 1:
        return " & ".join(whole)
    if len(terms) > 1:
        terms = [term.removesuffix(BEGINS) if len(term) == LETTER else term for term in terms]
    return " & ".join(terms)


def words_of(text: str) -> list[str]:
    """The words as `search_column` cuts them, in small letters: "Ada@Acme.test" -> ada, acme, test."""
    return shortened(text).translate(CUT).lower().split()[:MOST_WORDS]


def phone_digits(text: str) -> str:
    """The digits of what looks like a telephone number, without 00 or 0 in front; "" of anything else."""
    if not PHONE.fullmatch(text.strip()) or not text.isascii():
        return ""
    digits = re.sub(r"\D", "", text.replace("(0)", "")).lstrip("0")
    return digits if PHONE_DIGITS <= len(digits) <= LONGEST else ""


def phone_words(digits: str) -> str:
    return f"'{digits}':* | '0{digits}':* | '{PhoneTail.MARK}{digits[::-1]}':*"


def shortened(text: str) -> str:
    return text[:LONGEST]


def quoted(word: str) -> str:
    """A word in which nothing is an operator; marks of to_tsquery are cut out already."""
    return f"'{word}'"


def every_word(text: str, *lookups: str) -> Q:
    """Each word of ``text`` is found by one of ``lookups``, such as "name__icontains"; no words find every row."""
    found = Q()
    for word in text.split():
        found &= reduce(or_, (Q(**{lookup: word}) for lookup in lookups))
    return found

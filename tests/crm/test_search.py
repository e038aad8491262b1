import pytest

from crm.models import User
from crm.search import every_word, phone_digits, rare_terms, tsquery, whole_words, words_of
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("text", "found"),
    [("ada", ["ada"]), ("  demo ADA ", ["ada"]), ("ada bob", []), ("demo", ["ada", "bob"]), ("", ["ada", "bob"])],
)
def test_every_word_is_found_somewhere(text, found):
    for name in ("ada", "bob"):
        make_user(name)
    rows = User.objects.filter(every_word(text, "first_name__icontains", "email__icontains")).order_by("pk")
    assert [row.get_short_name().lower() for row in rows] == found


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("ada love", "'ada':* & 'love':*"),
        ("ada@acme.c", "'ada' & 'acme' & 'c':*"),
        ("ada@", "'ada':*"),
        ("O'Brien, Jo", "'O' & 'Brien':* & 'Jo':*"),
        ("a & | ! <->:*'", "'a':* & '|':* & '!':* & '<' & '>' & '*':*"),
        (" ,;@ ", ""),
        ("2026", "'2026':*"),
        ("030/12345", "('030' & '12345') | '3012345':* | '03012345':* | 'tail5432103':*"),
    ],
)
def test_words_become_a_query_of_beginnings(text, query):
    assert tsquery(text) == query


@pytest.mark.parametrize("text", ["x" * 5_000, "ada " * 500, "a.b@c.d " * 90])
def test_query_of_a_long_text_stays_short(text):
    assert len(tsquery(text)) < 300
    assert len(words_of(text)) <= 8


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("+49 (0)30 123-45", "493012345"), ("0049 30 12345", "493012345"), ("030 12345", "3012345"), ("12345", "12345"),
        ("1234", ""), ("ada 12345", ""), ("٠٣٠١٢٣٤٥", ""), ("", ""), ("9" * 300, ""),
    ],
)  # fmt: skip
def test_telephone_number_is_told_from_other_texts(text, digits):
    assert phone_digits(text) == digits


def test_index_is_asked_for_what_is_rare():
    assert rare_terms("ada@acme.test") == "'ada' & 'acme'"
    assert rare_terms("ada@ac") == "'ada' & 'ac':*"
    assert rare_terms("ada l") == "'ada':* & 'l'"
    assert rare_terms("l") == "'l':*"
    assert whole_words("Ada@Acme.c") == "'ada' & 'acme' & 'c'"
